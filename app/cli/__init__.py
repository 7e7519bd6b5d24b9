"""The `confirma` command."""

import sys
from typing import Final

import typer

from app.cli import (
    atendimento,
    auditoria,
    banco,
    canal,
    chave,
    conhecimento,
    cripto,
    envio,
    leitura,
    modelo,
    paciente,
    resposta,
    testar,
    usuario,
)
from app.cli.demo import demo
from app.cli.erros import Saida
from app.cli.explicar import explicar
from app.cli.importar import importar
from app.cli.portugues import run_in_portuguese
from app.cli.servir import refuse, serve, worker
from app.cli.sessao import Dados, comando
from app.cli.simular import simular
from app.cli.status import status
from app.config import Environment, LogSettings
from app.observability import configure_logging

_BEFORE_SETTINGS: Final = LogSettings(level="WARNING", format="texto")

app = typer.Typer(
    name="confirma",
    help="Confirma atendimentos médicos pelo WhatsApp.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they may show a patient's name
)
app.command("demo")(demo)
app.command("serve")(serve)
app.command("worker")(worker)
app.command("simular")(simular)
comando(app, "importar")(importar)
comando(app, "status")(status)
comando(app, "explicar")(explicar)
comando(app, "ler")(leitura.ler)
comando(app, "workflow")(envio.workflow)
app.add_typer(atendimento.grupo, name="atendimento")
app.add_typer(resposta.grupo, name="resposta")
app.add_typer(envio.mensagem, name="mensagem")
app.add_typer(envio.fluxo, name="fluxo")
app.add_typer(envio.campanha, name="campanha")
app.add_typer(envio.etiqueta, name="etiqueta")
app.add_typer(envio.campo, name="campo")
app.add_typer(canal.grupo, name="canal")
app.add_typer(modelo.grupo, name="modelo")
app.add_typer(conhecimento.grupo, name="conhecimento")
app.add_typer(usuario.grupo, name="usuario")
app.add_typer(chave.grupo, name="chave")
app.add_typer(cripto.grupo, name="cripto")
app.add_typer(paciente.grupo, name="paciente")
app.add_typer(auditoria.grupo, name="auditoria")
app.add_typer(leitura.grupo, name="leitura")
app.add_typer(banco.grupo, name="db")
app.add_typer(testar.grupo, name="testar")


@app.callback()
def options(contexto: typer.Context, *, dados: Dados = None) -> None:
    """Confirma atendimentos médicos pelo WhatsApp."""
    if dados is None:
        return
    below = getattr(contexto.command, "commands", {}).get(contexto.invoked_subcommand)
    if below is not None and not hasattr(below, "commands") and all(p.name != "dados" for p in below.params):
        sentence = f"{contexto.invoked_subcommand} não tem --dados: informe DATA_DIR no ambiente."
        refuse(sentence, code=Saida.USO_ERRADO)
    contexto.default_map = _for_each(contexto.command, {"dados": str(dados)})


def _for_each(command: object, values: dict[str, object]) -> dict[str, object]:
    inside = getattr(command, "commands", {})
    return {**values, **{name: _for_each(below, values) for name, below in inside.items()}}


def main() -> None:
    """Run the command line."""
    # Until the settings are read, as in production: a traceback must not show the values of variables.
    configure_logging(_BEFORE_SETTINGS, environment=Environment.PROD, stream=sys.stderr)
    run_in_portuguese(app)
