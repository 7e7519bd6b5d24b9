"""`confirma modelo …`: the texts of the messages, their versions, and what gateways approved for them."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from app.cli.canal import find_canal
from app.cli.erros import Saida, UsoErrado
from app.cli.saida import facts, local, table
from app.cli.sessao import Terminal, comando
from app.domain.aprovacao import EstadoAprovacao
from app.domain.modelo_aprovado import ModeloAprovado, read_valores
from app.domain.modelo_textos import USOS
from app.schemas.api.modelo import (
    AprovadoOut,
    LigadoOut,
    ModeloDetalhe,
    ModeloOut,
    ModelosOut,
    PreviaOut,
    SalvoOut,
    SincronizacaoOut,
    VersaoOut,
)
from app.services.modelo_service import ModeloService, Salvo
from app.wiring import Programa

grupo = typer.Typer(help="Modelos: os textos das mensagens.", no_args_is_help=True)

Nome = Annotated[str, typer.Argument(metavar="MODELO", help="Como em `modelo listar`.")]
NomeCanal = Annotated[str, typer.Argument(metavar="CANAL", help="Nome ou número do canal.")]
Arquivo = Annotated[
    Path | None, typer.Option("--arquivo", metavar="ARQ", help="Texto em UTF-8; sem isto, a entrada padrão.")
]


T = TypeVar("T")


def _run(tela: Terminal, work: Callable[[ModeloService, Programa], Awaitable[T]]) -> T:
    async def inside(programa: Programa) -> T:
        async with programa.database.session_scope(programa.tenant_id) as sessao:
            return await work(ModeloService(sessao, programa.tenant_id), programa)

    return tela.run(inside)


@comando(grupo, "listar")
def listar(tela: Terminal) -> None:
    """Lista os modelos e a versão em vigor de cada um."""

    async def read(modelos: ModeloService, _: Programa) -> list[ModeloOut]:
        return [ModeloOut.of(item) for item in await modelos.in_force()]

    itens = _run(tela, read)
    rows = [(item.nome, _version(item.versao), item.uso, _states(item.aprovados)) for item in itens]
    tela.show(ModelosOut(items=itens), table(None, ("Modelo", "Versão", "Para quê", "Textos aprovados"), rows))


@comando(grupo, "mostrar")
def mostrar(
    tela: Terminal,
    nome: Nome,
    *,
    versao: Annotated[int | None, typer.Option(min=0, help="0 é o texto de fábrica; sem isto, a em vigor.")] = None,
) -> None:
    """Mostra um modelo: o texto, as versões e os textos aprovados."""

    async def read(modelos: ModeloService, programa: Programa) -> tuple[ModeloDetalhe, ZoneInfo]:
        versoes = [VersaoOut.of(guardada) for guardada in await modelos.versions(nome)]
        aprovados = [AprovadoOut.of(row) for row in await modelos.approved(nome)]
        return ModeloDetalhe(nome=nome, uso=USOS[nome], versoes=versoes, aprovados=aprovados), programa.zona

    detalhe, zona = _run(tela, read)
    shown = next((guardada for guardada in detalhe.versoes if versao in {None, guardada.versao}), None)
    if shown is None:
        raise UsoErrado("versao_inexistente", f"O modelo {nome} não tem a versão {versao}.")
    head = facts(None, {"Modelo": nome, "Para quê": detalhe.uso, "Versão": _version(shown.versao)})
    if versao is not None:
        tela.show(shown, head, Text(f"\n{shown.corpo}"))
        return
    rows = [(_version(guardada.versao), local(guardada.criado_em, zona)) for guardada in detalhe.versoes]
    versoes = table("Versões, a em vigor primeiro", ("Versão", "Desde"), rows)
    tela.show(detalhe, head, Text(f"\n{shown.corpo}\n"), versoes, _approved(detalhe.aprovados))


@comando(grupo, "salvar")
def salvar(tela: Terminal, nome: Nome, *, arquivo: Arquivo = None) -> None:
    """Põe um texto em vigor para toda mensagem que ainda não foi escrita."""
    corpo = _read(arquivo)
    _tell_saved(tela, _run(tela, lambda modelos, programa: modelos.save(nome, corpo, now=programa.clock())))


@comando(grupo, "voltar")
def voltar(
    tela: Terminal, nome: Nome, versao: Annotated[int, typer.Argument(min=0, help="0 é o texto de fábrica.")]
) -> None:
    """Põe de novo em vigor um texto anterior, como versão nova."""
    _tell_saved(tela, _run(tela, lambda modelos, programa: modelos.go_back(nome, versao, now=programa.clock())))


@comando(grupo, "previa")
def previa(
    tela: Terminal,
    nome: Nome,
    atendimento_id: Annotated[int, typer.Argument(metavar="ID", help="Número do atendimento.")],
    *,
    arquivo: Annotated[
        Path | None, typer.Option("--arquivo", metavar="ARQ", help="Um texto ainda não salvo, ou - (entrada padrão).")
    ] = None,
) -> None:
    """Mostra o que seria enviado agora sobre um atendimento; nada é enviado."""
    corpo = None if arquivo is None else _read(None if str(arquivo) == "-" else arquivo)

    async def preview(modelos: ModeloService, programa: Programa) -> PreviaOut:
        return PreviaOut.of(await modelos.preview(nome, atendimento_id, now=programa.clock(), corpo=corpo))

    feita = _run(tela, preview)
    rows = [
        (item.canal, item.nome, item.explicacao or " | ".join(f"{var}={valor}" for var, valor in item.valores))
        for item in feita.aprovados
    ]
    tela.show(
        feita,
        Text(f"{feita.texto}\n"),
        f"{feita.caracteres} caracteres, {len(feita.atendimentos)} atendimento(s).",
        feita.explicacao,
        table("Fora das 24 horas", ("Canal", "Texto aprovado", "Valores"), rows) if rows else None,
    )


@comando(grupo, "ligar")
def ligar(
    tela: Terminal,
    nome: Nome,
    canal: NomeCanal,
    *,
    texto: Annotated[str, typer.Option(help="Nome do texto aprovado, como o gateway o escreve.")],
    idioma: Annotated[str, typer.Option()] = "pt_BR",
    valor: Annotated[
        list[str] | None,
        typer.Option(metavar="[DELES=]NOSSO", help="Na ordem do texto aprovado, repetível: paciente=nome, ou só nome."),
    ] = None,
    botoes: Annotated[int, typer.Option(min=0, max=10, help="Quantas respostas rápidas o texto tem.")] = 0,
    aprovado: Annotated[
        bool, typer.Option("--aprovado", help="Está aprovado, e o gateway deste canal não o diz por API.")
    ] = False,
) -> None:
    """Liga a um modelo o texto que o gateway de um canal aprovou, e pergunta por ele ao gateway."""
    estado = EstadoAprovacao.APROVADO if aprovado else EstadoAprovacao.DESCONHECIDO
    ligado = ModeloAprovado(texto, idioma, _valores(valor or []), botoes, estado)

    async def link(programa: Programa) -> tuple[LigadoOut, str | None]:
        async with programa.database.session_scope(programa.tenant_id) as sessao:
            canal_id = (await find_canal(sessao, canal)).id
            feito = await ModeloService(sessao, programa.tenant_id).link(canal_id, nome, ligado)
        falha = (await programa.aberto.sync_modelos(canal_id)).falhas.get(canal_id)
        async with programa.database.session_scope(programa.tenant_id) as sessao:
            rows = await ModeloService(sessao, programa.tenant_id).approved(nome)
        [row] = [AprovadoOut.of(row) for row in rows if row.canal_id == canal_id]
        return LigadoOut(**row.model_dump(), avisos=list(feito.avisos)), falha

    feito, falha = tela.run(link)
    tela.show(feito, _approved([feito]), *feito.avisos)
    if falha is not None:
        tela.note(f"O gateway não respondeu, e o estado fica para depois: {falha}.")


@comando(grupo, "desligar")
def desligar(tela: Terminal, nome: Nome, canal: NomeCanal) -> None:
    """Desliga de um modelo o texto aprovado de um canal."""

    async def unlink(programa: Programa) -> int:
        async with programa.database.session_scope(programa.tenant_id) as sessao:
            canal_id = (await find_canal(sessao, canal)).id
            await ModeloService(sessao, programa.tenant_id).unlink(canal_id, nome)
            return canal_id

    canal_id = tela.run(unlink)
    tela.show({"modelo": nome, "canal_id": canal_id}, f"O modelo {nome} não tem mais texto aprovado neste canal.")


@comando(grupo, "sincronizar")
def sincronizar(tela: Terminal) -> int:
    """Pergunta aos gateways o estado dos textos aprovados."""
    feita = SincronizacaoOut.of(tela.run(lambda programa: programa.aberto.sync_modelos()))
    rows = [(item.canal_id, item.modelo, item.nome, item.de, item.para, item.motivo) for item in feita.textos]
    colunas = ("Canal", "Modelo", "Texto aprovado", "Era", "Está", "Motivo")
    tela.show(feita, table(None, colunas, rows) if rows else "Nenhum texto aprovado a perguntar.")
    for falha in feita.falhas:
        tela.note(f"O gateway do canal {falha.canal_id} não respondeu: {falha.motivo}.")
    if not feita.falhas:
        return Saida.FEITO
    return Saida.EM_PARTE if feita.textos else Saida.FALHOU


def _read(arquivo: Path | None) -> str:
    try:
        return sys.stdin.read() if arquivo is None else arquivo.read_text("utf-8")
    except UnicodeDecodeError:
        raise UsoErrado("codificacao_invalida", "O texto não está em UTF-8.") from None


def _valores(escritos: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Read `deles=nosso`, or our names alone in the order of the approved text."""
    named = ["=" in escrito for escrito in escritos]
    if any(named) and not all(named):
        raise UsoErrado("valor_invalido", "Escreva todos os --valor como DELES=NOSSO, ou todos só com o nosso nome.")
    return read_valores([escrito.split("=", 1) if "=" in escrito else escrito for escrito in escritos])


def _tell_saved(tela: Terminal, feita: Salvo) -> None:
    salvo = SalvoOut.of(feita)
    feito = "em vigor desde agora" if salvo.nova else "já estava em vigor; nada mudou"
    tela.show(salvo, f"Modelo {salvo.nome}, {_version(salvo.versao)}: {feito}.", *salvo.avisos)


def _version(versao: int) -> str:
    return f"versão {versao}" if versao else "de fábrica"


def _states(aprovados: Sequence[AprovadoOut]) -> str:
    return ", ".join(f"{item.nome} (canal {item.canal_id}): {item.estado}" for item in aprovados)


def _approved(aprovados: Sequence[AprovadoOut]) -> Table | None:
    rows = [
        (
            item.canal_id,
            f"{item.nome} ({item.idioma})",
            " ".join(f"{variavel}={valor}" for variavel, valor in item.valores),
            item.botoes,
            item.estado,
            item.motivo,
        )
        for item in aprovados
    ]
    colunas = ("Canal", "Texto", "Valores", "Botões", "Estado", "Motivo")
    return table("Textos aprovados", colunas, rows) if rows else None
