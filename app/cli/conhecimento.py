"""`confirma conhecimento …`: what the program may answer in the hospital's own words, tested on typical questions."""

import re
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.text import Text

from app.cli.erros import Saida, UsoErrado
from app.cli.saida import facts, table
from app.cli.sessao import Terminal, comando
from app.schemas.api.conhecimento import CHAVE, ConhecimentoOut, EntradaIn, TesteOut
from app.services.conhecimento_service import ConhecimentoService
from app.wiring import Programa

grupo = typer.Typer(help="Conhecimento: o que o programa pode responder.", no_args_is_help=True)

Chave = Annotated[str, typer.Argument(metavar="ENTRADA", help="Como em `conhecimento listar`, ou um nome novo.")]
T = TypeVar("T")


def _run(tela: Terminal, work: Callable[[ConhecimentoService, Programa], Awaitable[T]]) -> T:
    async def inside(programa: Programa) -> T:
        async with programa.database.session_scope(programa.tenant_id) as sessao:
            return await work(ConhecimentoService(sessao, programa.tenant_id), programa)

    return tela.run(inside)


@comando(grupo, "listar")
def listar(tela: Terminal) -> None:
    """Lista as entradas: os assuntos de sempre, escritos ou não, e os do hospital."""
    lido = _run(tela, _read)
    rows = [
        (item.chave, item.texto or "— (vai para uma pessoa)", str(len(item.perguntas)), "; ".join(item.perdidas))
        for item in lido.items
    ]
    tela.show(lido, table(None, ("Entrada", "O que diz", "Perguntas típicas", "Perguntas perdidas"), rows))


@comando(grupo, "editar")
def editar(
    tela: Terminal,
    chave: Chave,
    *,
    texto: Annotated[str | None, typer.Option("--texto", help="O que dizer; sem isto, a entrada padrão.")] = None,
    pergunta: Annotated[
        list[str] | None,
        typer.Option("--pergunta", help="Uma pergunta típica; pode repetir. Sem isto, ficam as que há."),
    ] = None,
) -> None:
    """Escreve o que dizer sobre um assunto."""
    if not re.fullmatch(CHAVE, chave):
        raise UsoErrado("chave_invalida", "O nome da entrada só tem letras minúsculas sem acento, algarismos e “_”.")
    entrada = EntradaIn(texto=sys.stdin.read() if texto is None else texto, perguntas=pergunta or None)

    async def save(conhecimento: ConhecimentoService, programa: Programa) -> ConhecimentoOut:
        await conhecimento.save(chave, entrada.texto, entrada.perguntas, now=programa.clock())
        return ConhecimentoOut.of(await conhecimento.load())

    [item] = [item for item in _run(tela, save).items if item.chave == chave]
    tela.show(item, facts(f"Guardado: {chave}", {"O que diz": item.texto, "Perdidas": "; ".join(item.perdidas)}))


@comando(grupo, "apagar")
def apagar(tela: Terminal, chave: Chave) -> None:
    """Apaga o que foi escrito: quem perguntar vai para uma pessoa."""
    _run(tela, lambda conhecimento, _: conhecimento.drop(chave))
    tela.show({"chave": chave}, Text(f"Apagado: {chave}."))


@comando(grupo, "testar")
def provar(
    tela: Terminal,
    pergunta: Annotated[str | None, typer.Argument(help="Uma pergunta; sem ela, as típicas de todas.")] = None,
) -> int:
    """Diz o que seria respondido a uma pergunta, ou prova cada entrada com as suas perguntas típicas."""
    if pergunta is not None:
        return _test_one(tela, pergunta)
    lido = _run(tela, _read)
    perdidas = [(item.chave, perdida) for item in lido.items for perdida in item.perdidas]
    feitas = sum(len(item.perguntas) for item in lido.items)
    resumo = facts("Perguntas típicas", {"Feitas": feitas, "Perdidas": len(perdidas)})
    tela.show(
        {"perguntas": feitas, "perdidas": [{"chave": chave, "pergunta": perdida} for chave, perdida in perdidas]},
        resumo,
        table(None, ("Entrada", "Pergunta perdida"), perdidas),
    )
    return Saida.FALHOU if perdidas else Saida.FEITO


def _test_one(tela: Terminal, pergunta: str) -> int:
    async def ask(conhecimento: ConhecimentoService, _: Programa) -> TesteOut:
        return TesteOut.of(await conhecimento.load(), pergunta)

    teste = _run(tela, ask)
    dito = teste.texto or "Uma pessoa responde."
    tela.show(teste, facts(None, {"Entrada": teste.chave, "Resposta": dito, "Sobre saúde": teste.clinica}))
    return Saida.FEITO


async def _read(conhecimento: ConhecimentoService, _: Programa) -> ConhecimentoOut:
    return ConhecimentoOut.of(await conhecimento.load())
