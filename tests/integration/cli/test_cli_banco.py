"""`confirma db …`, and what a command says when it cannot even begin."""

import asyncio
import json
import shutil
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from app.embedded import ServerAddress
from tests.conftest import PASSWORD
from tests.integration.cli.apoio import Confirma
from tests.integration.cli.test_cli_atendimento import create


async def test_migrated_while_somebody_else_runs_the_server(confirma: Confirma) -> None:
    done = await confirma("db", "migrate", "--json")
    asked = await confirma("testar", "banco", "--json")
    assert done.rc == 0
    assert asked.json["revisao"] == done.json["revisao"]
    assert asked.json["usuario"] == "confirma_app"


async def test_a_backup_comes_back_whole(confirma: Confirma, pasta: Path) -> None:
    created = await create(confirma, "bk-1", "--nome", "Jacira Torres")
    arquivo, nova = pasta / "copia.dump", pasta / "nova"
    saved = await confirma("db", "backup", str(arquivo), "--json")
    nova.mkdir(mode=0o711)
    shutil.copy(pasta / "dados" / "segredos.json", nova)
    back = await confirma("--dados", str(nova), "db", "restore", str(arquivo), "--json")
    assert saved.rc == 0, saved.err
    assert "segredos.json" in saved.err
    assert arquivo.stat().st_mode & 0o077 == 0
    assert back.rc == 0, back.err
    assert back.json["linhas"] == saved.json["linhas"]
    assert back.json["linhas"]["atendimentos"] >= 1
    again = await confirma("explicar", str(created["id"]), "--dados", str(nova), "--json")
    assert again.json["nome_paciente"] == "Jacira Torres"
    twice = await confirma("db", "restore", str(arquivo), "--dados", str(nova), "--json")
    assert (twice.rc, twice.json["erro"]["codigo"]) == (1, "banco_ocupado")


async def test_without_its_keys_a_backup_is_closed(confirma: Confirma, pasta: Path) -> None:
    await create(confirma, "bk-2")
    arquivo, outra = pasta / "fechada.dump", pasta / "outra"
    await confirma("db", "backup", str(arquivo))
    outra.mkdir(mode=0o711)
    done = await confirma("db", "restore", str(arquivo), "--dados", str(outra), "--json")
    assert (done.rc, done.json["chaves_conferem"]) == (3, False)
    assert "segredos.json" in done.err


async def test_nothing_is_overwritten_unasked(confirma: Confirma, tmp_path: Path) -> None:
    arquivo = tmp_path / "ja.dump"
    arquivo.write_text("precioso")
    done = await confirma("db", "backup", str(arquivo), "--json")
    assert (done.rc, done.json["erro"]["codigo"]) == (2, "arquivo_existe")
    assert arquivo.read_text() == "precioso"


async def test_what_is_no_backup_is_refused(confirma: Confirma, pasta: Path) -> None:
    arquivo, vazia = pasta / "qualquer.txt", pasta / "vazia"
    arquivo.write_text("nada disso")
    vazia.mkdir(mode=0o711)
    done = await confirma("db", "restore", str(arquivo), "--dados", str(vazia), "--json")
    missing = await confirma("db", "restore", str(pasta / "nada.dump"), "--json")
    assert (done.rc, done.json["erro"]["codigo"]) == (1, "pg_restore_falhou")
    assert (missing.rc, missing.json["erro"]["codigo"]) == (2, "arquivo_inexistente")


@pytest.mark.usefixtures("migrated")
async def test_a_role_that_sees_no_rows_makes_no_backup(
    confirma: Confirma, address: ServerAddress, tmp_path: Path
) -> None:
    """An owner under forced row level security would write an empty file and call it done."""
    env = {
        "DATABASE_URL": address.dsn("confirma_app", PASSWORD, "confirma"),
        "DATABASE_MIGRATION_URL": address.dsn("confirma_owner", PASSWORD, "confirma"),
    }
    done = await confirma("db", "backup", str(tmp_path / "x.dump"), "--json", env=env)
    assert (done.rc, done.json["erro"]["codigo"]) == (1, "dono_limitado")
    env["DATABASE_MIGRATION_URL"] = address.dsn("postgres", PASSWORD, "confirma")
    whole = await confirma("db", "backup", str(tmp_path / "y.dump"), "--json", env=env)
    assert whole.rc == 0, whole.err


@pytest.mark.parametrize(
    ("env", "rc", "palavra"),
    [
        pytest.param({"PORT": "muitas"}, 2, "PORT", id="a setting of the wrong kind"),
        pytest.param({"DATABASE_URL": "mysql://a@b/c"}, 2, "MySQL", id="the hospital's database"),
        pytest.param({"ENVIRONMENT": "prod"}, 2, "DATABASE_URL", id="production without anything"),
        pytest.param({"DATABASE_URL": "postgresql://a:b@127.0.0.1:1/c"}, 1, "banco de dados", id="nobody answers"),
    ],
)
async def test_a_wrong_setting_is_a_sentence(confirma: Confirma, *, env: dict[str, str], rc: int, palavra: str) -> None:
    done = await confirma("status", "--json", env=env)
    assert done.rc == rc, done.err
    assert palavra in done.err
    assert "Traceback" not in done.err
    assert done.json["erro"]["mensagem"] in done.err


async def test_a_folder_that_is_none_is_a_sentence(confirma: Confirma, tmp_path: Path) -> None:
    (tmp_path / "arquivo").write_text("não sou pasta")
    done = await confirma("status", "--dados", str(tmp_path / "arquivo"))
    assert done.rc == 1
    assert str(tmp_path / "arquivo") in done.err
    assert "Traceback" not in done.err


@pytest.mark.usefixtures("migrated")
async def test_a_wrong_password_is_a_sentence(confirma: Confirma, address: ServerAddress) -> None:
    env = {"DATABASE_URL": address.dsn("confirma_app", "errada", "confirma")}
    done = await confirma("testar", "banco", "--json", env=env)
    assert (done.rc, done.json["erro"]["codigo"]) == (1, "banco_recusou_senha")


@pytest.mark.usefixtures("migrated")
async def test_a_database_without_tables_is_a_sentence(confirma: Confirma, address: ServerAddress) -> None:
    env = {"DATABASE_URL": address.dsn("confirma_app", PASSWORD, "postgres")}
    done = await confirma("testar", "banco", "--json", env=env)
    assert (done.rc, done.json["erro"]["codigo"]) == (1, "banco_sem_migracao")


async def test_commands_take_turns_where_nobody_serves(confirma: Confirma, pasta: Path) -> None:
    """Each would start the server, and the first to end would stop it under the others."""
    sozinha = pasta / "sozinha"
    sozinha.mkdir(mode=0o711)
    script = str(Path(sys.executable).with_name("confirma"))
    argv = (script, "testar", "banco", "--dados", str(sozinha), "--json")
    started = [
        await asyncio.create_subprocess_exec(*argv, env=confirma.env, cwd=pasta, stdout=PIPE, stderr=PIPE)
        for _ in range(3)
    ]
    ended = [await process.communicate() for process in started]
    assert [json.loads(out)["ok"] for out, _ in ended] == [True, True, True], ended


async def test_damaged_keys_are_a_sentence(confirma: Confirma, tmp_path: Path) -> None:
    (tmp_path / "segredos.json").write_text("{")
    done = await confirma("status", "--dados", str(tmp_path))
    assert done.rc == 1
    assert "danificado" in done.err
    assert "Traceback" not in done.err
