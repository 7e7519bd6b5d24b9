"""`confirma paciente …`: what a patient may ask of the hospital about their data."""

import os
from pathlib import Path
from typing import Annotated

import typer

from app.api.routes.privacidade import to_out
from app.cli.erros import UsoErrado
from app.cli.saida import facts
from app.cli.sessao import Terminal, comando
from app.schemas.api.privacidade import PacienteOut
from app.services.privacidade_service import PrivacidadeService
from app.wiring import Programa

grupo = typer.Typer(help="Direitos do paciente sobre os seus dados.", no_args_is_help=True)

Numero = Annotated[int, typer.Argument(metavar="ATENDIMENTO", help="Número de um atendimento do paciente.")]


@comando(grupo, "exportar")
def exportar(
    tela: Terminal,
    numero: Numero,
    *,
    saida: Annotated[Path, typer.Option("--saida", metavar="F", help="Arquivo JSON a criar, legível só por você.")],
) -> None:
    """Grava num arquivo tudo o que está guardado do paciente, para entregar a ele."""

    async def read(programa: Programa) -> PacienteOut:
        async with programa.database.session_scope(programa.tenant_id) as session:
            return to_out(await PrivacidadeService(session, programa.tenant_id).everything(numero))

    tudo = tela.run(read)
    try:
        aberto = os.open(saida, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsoErrado("saida_recusada", f"Não consegui criar {saida}: escolha um nome que não exista.") from error
    with os.fdopen(aberto, "w", encoding="utf-8") as arquivo:
        arquivo.write(tudo.model_dump_json(indent=2) + "\n")
    resumo = {"arquivo": str(saida), "atendimentos": len(tudo.atendimentos), "mensagens": len(tudo.mensagens)}
    tela.show(resumo, facts("Dados exportados", {"Arquivo": saida, "Atendimentos": len(tudo.atendimentos)}))


@comando(grupo, "anonimizar")
def anonimizar(
    tela: Terminal,
    numero: Numero,
    *,
    sem_volta: Annotated[bool, typer.Option("--sem-volta", help="Confirma: nada disto pode ser desfeito.")] = False,
) -> None:
    """Remove nome, telefones e textos do paciente; os atendimentos ficam, sem dono, para as estatísticas."""
    if not sem_volta:
        raise UsoErrado("falta_confirmar", "A remoção não pode ser desfeita: repita com --sem-volta para fazê-la.")

    async def erase(programa: Programa) -> int:
        async with programa.database.session_scope(programa.tenant_id) as session:
            return await PrivacidadeService(session, programa.tenant_id).erase(numero, now=programa.clock())

    quantos = tela.run(erase)
    tela.show({"atendimentos": quantos}, facts("Paciente removido", {"Atendimentos sem dono": quantos}))
