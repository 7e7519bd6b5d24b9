"""The installed command itself: its help, and a wrong use of it."""

import sys
from pathlib import Path

import pytest

from tests.integration.cli.apoio import Confirma

COMANDOS = (
    "demo", "serve", "worker", "importar", "status", "explicar", "simular", "workflow", "atendimento", "resposta",
    "mensagem", "fluxo", "campanha", "etiqueta", "campo", "canal", "modelo", "db", "testar",
)  # fmt: skip


async def test_help_names_every_command(confirma: Confirma) -> None:
    done = await confirma("--help")
    assert done.rc == 0
    assert [name for name in COMANDOS if f" {name} " not in done.out] == []


@pytest.mark.parametrize(
    ("argv", "frase"),
    [
        pytest.param(("adivinhar",), "O comando adivinhar não existe.", id="no such command"),
        pytest.param(("status", "--tudo"), "A opção --tudo não existe.", id="no such option"),
        pytest.param(("explicar",), "Falta informar", id="an argument missing"),
        pytest.param(("explicar", "quinze"), "Use um número.", id="not a number"),
        pytest.param(("canal", "pausar", "a", "--minutos", "0"), "Use no mínimo 1.", id="too little"),
        pytest.param(("canal", "criar", "a", "--modo", "x"), "Use um destes: 'nao_oficial'", id="not a choice"),
        pytest.param(("importar", "a.csv", "--completo", "ontem"), "Use uma data como", id="not a date"),
        pytest.param(("--dados", "x", "serve"), "informe DATA_DIR", id="a folder for a command without one"),
        pytest.param((), "", id="nothing at all"),
    ],
)
async def test_wrong_use_is_told_in_portuguese(confirma: Confirma, argv: tuple[str, ...], frase: str) -> None:
    done = await confirma(*argv)
    assert done.rc == 2
    assert frase in done.err


async def test_the_installed_script_is_this_command(confirma: Confirma) -> None:
    script = Path(sys.executable).with_name("confirma")
    assert "app.cli" in script.read_text("utf-8")
    assert (await confirma("canal", "--help")).rc == 0
