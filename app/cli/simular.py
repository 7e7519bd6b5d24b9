"""`confirma simular`: whole days of a schedule in virtual time, judged."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.config import LogSettings
from app.connectors.base import ArquivoRecusado
from app.connectors.csv_file import read_agenda
from app.main import create_app
from app.observability import configure_logging
from app.simulator.simulacao import (
    ZONA,
    Andamento,
    Opcoes,
    Resultado,
    Roteiro,
    RoteiroInvalido,
    simulate,
    write_roteiro,
)

_FALHOU: Final = 1
_MAU_USO: Final = 2
_DIA: Final = "%Y-%m-%d"
_SECOES: Final = (
    ("Mensagens", "mensagens"),
    ("Enviadas por passo", "por_passo"),
    ("Respostas lidas", "respostas"),
    ("Situação da confirmação", "status"),
)

Agenda = Annotated[
    Path, typer.Option("--agenda", help="Arquivo CSV ou XLSX com a agenda.", exists=True, dir_okay=False)
]
Semente = Annotated[int, typer.Option("--semente", help="Número que decide tudo o que é sorteado.")]
De = Annotated[datetime | None, typer.Option("--de", formats=[_DIA], help="Primeiro dia dos atendimentos.")]
Ate = Annotated[datetime | None, typer.Option("--ate", formats=[_DIA], help="Último dia dos atendimentos.")]
ComFalhas = Annotated[bool, typer.Option("--falhas", help="Sorteia falhas do gateway, do processo e do banco.")]
Limite = Annotated[int | None, typer.Option("--limite", min=1, help="Simula cerca de N atendimentos.")]
EmJson = Annotated[bool, typer.Option("--json", help="Imprime um único objeto JSON.")]


def simular(
    *,
    agenda: Agenda,
    semente: Semente = 1,
    de: De = None,
    ate: Ate = None,
    falhas: ComFalhas = False,
    limite: Limite = None,
    em_json: EmJson = False,
) -> None:
    """Simula dias inteiros de uma agenda em tempo virtual e julga o que foi enviado."""
    configure_logging(LogSettings(level="ERROR" if falhas else "WARNING"), stream=sys.stderr)
    roteiro = _read(agenda, semente=semente, de=de and de.date(), ate=ate and ate.date(), limite=limite)
    opcoes = Opcoes(semente=semente, falhas=falhas)
    with _progress(quiet=em_json) as progress:
        resultado = asyncio.run(simulate(roteiro, opcoes, make_app=create_app, progress=progress))
    if em_json:
        print(json.dumps(resultado.as_dict(), ensure_ascii=False))
    else:
        _show(resultado)
    raise typer.Exit(0 if resultado.ok else _FALHOU)


def _read(agenda: Path, *, semente: int, de: date | None, ate: date | None, limite: int | None) -> Roteiro:
    try:
        with read_agenda(agenda, nome=agenda.name, zona=ZONA) as itens:
            return write_roteiro(itens, semente=semente, zona=ZONA, de=de, ate=ate, limite=limite)
    except (ArquivoRecusado, RoteiroInvalido) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(_MAU_USO) from None


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[Andamento], None]]:
    colunas = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[pedidos]}"), TimeElapsedColumn())
    with Progress(*colunas, console=Console(stderr=True), disable=quiet) as barra:
        tarefa = barra.add_task("preparando", total=1.0, pedidos="")

        def heard(andamento: Andamento) -> None:
            local = andamento.agora.astimezone(ZONA)
            barra.update(
                tarefa,
                completed=andamento.parte,
                description=f"{local:%d/%m %H:%M}",
                pedidos=f"{andamento.pedidos} pedidos ao gateway",
            )

        yield heard


def _show(resultado: Resultado) -> None:
    console, numeros = Console(), resultado.as_dict()
    console.print(
        f"{numeros['atendimentos']} atendimentos, {numeros['contatos']} contatos, {numeros['segundos']} s de tempo real"
    )
    for titulo, chave in _SECOES:
        table = Table(title=titulo, title_justify="left", show_header=False)
        for nome, quantos in numeros[chave].items():
            table.add_row(nome, str(quantos))
        console.print(table)
    oraculo = dict(numeros["oraculo"])
    exemplos = oraculo.pop("exemplos")
    console.print("[green]Oráculo: tudo certo[/]" if oraculo.pop("ok") else "[red]Oráculo: há erros[/]")
    console.print(", ".join(f"{nome} {quantos}" for nome, quantos in oraculo.items()))
    for exemplo in exemplos:
        console.print(f"  {exemplo}")
