"""`confirma ler` and `confirma leitura`: files in, files out, nothing else opened."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

RODA = "from app.cli import main; main()"


def confirma(*argumentos: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RODA, *map(str, argumentos)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120, check=False)


def lines_of(arquivo: Path) -> list[dict[str, Any]]:
    return [json.loads(linha) for linha in arquivo.read_text(encoding="utf-8").splitlines()]


def test_replies_are_read_from_a_file_and_written_to_another(tmp_path: Path) -> None:
    textos = [
        "1",
        "não vou poder ir",
        "estou com dor no peito",
        "pode passar minha vaga adiante, não consigo comparecer",
        "",
    ]
    entrada, saida = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    entrada.write_text("".join(json.dumps({"id": f"r{i}", "text": t}) + "\n" for i, t in enumerate(textos)))
    done = confirma("ler", entrada, "--saida", saida, "--json", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["lidas"]) == (0, 5)
    lidas = lines_of(saida)
    assert [(lida["id"], lida["label"], lida["acts"]) for lida in lidas] == [
        ("r0", "confirm", True),
        ("r1", "cancel", True),
        ("r2", "urgent", True),
        ("r3", "cancel", False),
        ("r4", "unclear", False),
    ]
    assert {"secondary", "confidence", "stage"} < set(lidas[0])
    assert not (tmp_path / "dados").exists(), "no database was opened"


def test_lines_that_are_no_replies_are_counted_and_the_others_read(tmp_path: Path) -> None:
    entrada = tmp_path / "in.jsonl"
    entrada.write_text('{"id": 1, "text": "sim"}\nnada\n{"id": 2}\n{"id": 3, "text": 7}\n[1]\n')
    done = confirma("ler", entrada, "--saida", tmp_path / "out.jsonl", "--json", cwd=tmp_path)
    assert done.returncode == 3
    assert json.loads(done.stdout) == {"lidas": 1, "rejeitadas": 4, "arquivo": str(tmp_path / "out.jsonl")}
    assert "linha 2, 3, 4, 5" in done.stderr


@pytest.mark.parametrize(
    ("conteudo", "options"),
    [
        pytest.param(b"\xff\xfe\x00", (), id="another encoding"),
        pytest.param(b'{"id": 1, "text": "sim"}\n', ("--modelo", "in.jsonl"), id="a model that is none"),
        pytest.param(b'{"id": 1, "text": "sim"}\n', ("--saida", "falta/out.jsonl"), id="a folder that is not there"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(tmp_path: Path, conteudo: bytes, options: tuple[str, ...]) -> None:
    (tmp_path / "in.jsonl").write_bytes(conteudo)
    done = confirma("ler", "in.jsonl", "--saida", "out.jsonl", *options, cwd=tmp_path)
    assert done.returncode in {1, 2}
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_a_model_is_trained_from_a_file_of_examples(tmp_path: Path) -> None:
    rotulos = ("confirm", "cancel", "reschedule", "question")
    exemplos = tmp_path / "nossas.jsonl"
    frases = {
        "confirm": "vou sim {}",
        "cancel": "não vou {}",
        "reschedule": "quero outro dia {}",
        "question": "onde fica {}?",
    }
    nomes = ("Ana", "Beto", "Caio", "Duda", "Enzo", "Fábio", "Gil", "Hugo")
    exemplos.write_text(
        "".join(json.dumps({"text": frases[r].format(n), "label": r}) + "\n" for r in rotulos for n in nomes)
    )
    done = confirma("leitura", "treinar", "--exemplos", exemplos, "--saida", "nosso.npz", "--json", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["exemplos"]) == (0, 32), done.stderr
    ficha = confirma("leitura", "ficha", "--modelo", "nosso.npz", "--json", cwd=tmp_path)
    assert json.loads(ficha.stdout)["exemplos"] == 32


def test_examples_that_cannot_teach_are_refused(tmp_path: Path) -> None:
    (tmp_path / "uma.jsonl").write_text('{"text": "sim", "label": "confirm"}\n')
    done = confirma("leitura", "treinar", "--exemplos", "uma.jsonl", "--saida", "m.npz", cwd=tmp_path)
    assert done.returncode == 2
    assert not (tmp_path / "m.npz").exists()
