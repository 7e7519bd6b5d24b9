"""Production: who serves has an administrator first, and nobody comes in by a default."""

import json
import os
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Final

import pytest

from app.database import migrate
from app.embedded import ServerAddress, create_roles
from tests.conftest import PASSWORD, app_url, owner_url
from tests.e2e.comando import ROOT, Comando, get_json, post, strange

BANCO: Final = "producao"
SENHA: Final = "uma frase bem minha"
HERE: Final = "Confirma em "


@pytest.fixture
async def env(address: ServerAddress, tmp_path: Path) -> dict[str, str]:
    await create_roles(address, PASSWORD, owner=PASSWORD, app=PASSWORD, database=BANCO)
    await migrate(owner_url(address, BANCO), app_role="confirma_app")
    return {
        "ENVIRONMENT": "prod",
        "DATA_DIR": str(tmp_path / "dados"),
        "DATABASE_URL": app_url(address, BANCO),
        "SECRET_KEY": "kJ8w2mQz7Lr4Vt9XbN3cYp6HsDf1Gu5A",
        "ENCRYPTION_KEYS": "k1:q83vEjRWeJq83vEjRWeJqrvM3e7/ABEiM0RVZneImao=",
        "BOTCONVERSA_WEBHOOK_SECRET": "Zr5Tn8Wq2Mx6Jv9Bc4Kd7Hs1Lp3Gf0Ya",
    }


def confirma(*words: str, env: dict[str, str], cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", *words],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **env},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_sec_13_the_first_administrator_comes_from_the_command_line(env: dict[str, str], tmp_path: Path) -> None:
    with Comando("serve", "--porta", "0", cwd=tmp_path, env=env) as served:
        assert served.finish() == 2
    assert "confirma usuario criar" in served.err[-1]

    words = ("usuario", "criar", "ana@hospital.exemplo", "--papel", "administrador", "--senha-da-entrada", "--json")
    weak = confirma(*words, env=env, cwd=tmp_path, stdin="senha1234567\n")
    assert (weak.returncode, json.loads(weak.stdout)["erro"]["codigo"]) == (2, "senha_recusada")
    made = confirma(*words, env=env, cwd=tmp_path, stdin=f"{SENHA}\n")
    assert (made.returncode, json.loads(made.stdout)["papel"]) == (0, "administrador"), made.stderr

    with Comando("serve", "--porta", "0", cwd=tmp_path, env=env) as served:
        url = served.wait_for(HERE)
        assert get_json(f"{url}/health")["status"] in {"ok", "degraded"}
        for path in ("/api/v1/atendimentos", "/docs", "/metrics", "/scheduler/status", "/test/campanhas"):
            assert strange(f"{url}{path}") == HTTPStatus.UNAUTHORIZED, path
        assert strange(f"{url}/painel") == HTTPStatus.SEE_OTHER
        body = json.dumps({"usuario": "ana@hospital.exemplo", "senha": SENHA}).encode()
        assert post(f"{url}/api/v1/auth/token", body, "application/json") == HTTPStatus.FORBIDDEN, "no second factor"
        assert served.end() == 0
