"""`confirma canal credenciais`: what opens an account is replaced, and the webhook's secret by degrees."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from shlex import quote
from typing import Annotated, Any

import typer

from app.cli.canal.alterar import IN_FORCE
from app.cli.canal.conta import ficha_of, find_canal, rate_of
from app.cli.canal.entradas import ask_credenciais, new_word, proven, read_stdin
from app.cli.canal.grupo import CredenciaisStdin, Credencial, Nome, grupo
from app.cli.canal.ver import summary
from app.cli.erros import Falha, UsoErrado
from app.cli.saida import facts
from app.cli.sessao import Terminal, comando
from app.models import Canal
from app.providers.ficha import SEGREDO, Cofre, Ficha
from app.wiring import Programa


class Qual(StrEnum):
    """Which of two secrets goes."""

    ANTIGO = "antigo"
    NOVO = "novo"


@dataclass(frozen=True, slots=True)
class Order:
    values: Mapping[str, str]
    rotate: str | None
    drop: Qual | None


@comando(grupo, "credenciais")
def credenciais(
    tela: Terminal,
    canal: Nome,
    *,
    credencial: Credencial = None,
    credenciais_stdin: CredenciaisStdin = False,
    novo_segredo: Annotated[
        bool, typer.Option("--novo-segredo", help="Põe um segredo do webhook ao lado do atual: os dois valem.")
    ] = False,
    descartar: Annotated[Qual | None, typer.Option(help="Deixa valer só o outro dos dois segredos do webhook.")] = None,
) -> None:
    """Troca credenciais de um canal; o valor é perguntado ou vem da entrada padrão, e nunca é mostrado."""
    if not (credencial or credenciais_stdin or novo_segredo or descartar):
        raise UsoErrado(
            "nada_a_trocar", "Diga o que trocar: --credencial CHAVE, --credenciais-stdin, --novo-segredo, --descartar."
        )
    ficha = ficha_of(tela.run(partial(_kind, nome=canal)))
    typed = ask_credenciais(ficha, credencial or [], read_stdin(ficha) if credenciais_stdin else {})
    values = proven(ficha, typed)
    rotate, made = _new_secret(ficha, values, wanted=novo_segredo)
    own = {nome: valor for nome, valor in values.items() if nome != SEGREDO}
    item, cofre = tela.run(partial(change, nome=canal, order=Order(own, rotate, descartar)))
    objeto = {
        **item,
        "trocadas": sorted(own),
        "segredos_webhook": len(cofre.segredos),
        "segredo_webhook": rotate if made else None,
        "webhook_header": ficha.cabecalho,
    }
    tela.show(
        objeto, _shown(ficha, rotate) if made else None, *_sentences(item, own, cofre, rotated=rotate is not None)
    )


def _new_secret(ficha: Ficha, values: Mapping[str, str], *, wanted: bool) -> tuple[str | None, bool]:
    """Return the secret that comes beside the present one, and whether it is a word of ours, to be shown once."""
    if SEGREDO in values or not wanted:
        return values.get(SEGREDO), False
    if ficha.segredo is None:
        raise Falha("sem_webhook", f"{ficha.titulo} não chama o webhook: não há segredo a trocar.")
    if ficha.segredo.gerado:
        return new_word(), True
    return ask_credenciais(ficha, [SEGREDO], {})[SEGREDO], False


async def _kind(programa: Programa, *, nome: str) -> str:
    async with programa.database.session_scope(programa.tenant_id) as sessao:
        return (await find_canal(sessao, nome)).tipo


async def change(programa: Programa, *, nome: str, order: Order) -> tuple[dict[str, Any], Cofre]:
    async with programa.database.session_scope(programa.tenant_id) as sessao:
        canal = await find_canal(sessao, nome, lock=True)
        cofre = Cofre.load(canal.credenciais)
        values = {**cofre.valores, **order.values}
        segredos = _rotate(_drop(tuple(cofre.segredos), order.drop), order.rotate)
        changed = Cofre({nome: valor for nome, valor in values.items() if valor}, segredos)
        await _store(programa, canal, changed)
        return summary(canal, programa.clock()), changed


async def _store(programa: Programa, canal: Canal, cofre: Cofre) -> None:
    canal.credenciais = cofre.dump()
    await rate_of(programa, canal)


def _drop(segredos: tuple[str, ...], which: Qual | None) -> tuple[str, ...]:
    if which is None:
        return segredos
    if len(segredos) < 2:  # noqa: PLR2004 - the one and the other
        raise Falha("um_so_segredo", "Só há um segredo do webhook: sem ele ninguém mais poderia chamar.")
    return segredos[:1] if which is Qual.ANTIGO else segredos[1:]


def _rotate(segredos: tuple[str, ...], novo: str | None) -> tuple[str, ...]:
    if not novo or novo in segredos:
        return segredos
    if len(segredos) > 1:
        raise Falha(
            "troca_em_andamento",
            "Já há dois segredos do webhook: descarte um com --descartar antigo, ou --descartar novo.",
        )
    return (novo, *segredos)


def _shown(ficha: Ficha, segredo: str | None) -> Any:
    return facts("Novo segredo do webhook, mostrado só agora", {ficha.cabecalho or "Segredo": segredo})


def _sentences(item: Mapping[str, Any], own: Mapping[str, str], cofre: Cofre, *, rotated: bool) -> list[str]:
    nome = quote(item["nome"])
    told = [f"Canal {item['nome']}: troca feita de {', '.join(sorted(own))}."] if own else []
    if len(cofre.segredos) > 1:
        told.append(
            "Valem os dois segredos do webhook. Depois de trocar o do gateway: "
            f"`confirma canal credenciais {nome} --descartar antigo`."
        )
    elif rotated:
        told.append("Este é o único segredo do webhook: chamadas sem ele são recusadas.")
    elif not own:
        told.append("Vale um só segredo do webhook.")
    told.append(IN_FORCE)
    if item["pausado_ate"] is not None:
        told.append(
            f"O canal está pausado: confira com `confirma canal testar {nome}` e volte com `canal retomar {nome}`."
        )
    return told
