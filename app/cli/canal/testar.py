"""`confirma canal testar`: whether an account answers, and whether a message really leaves."""

import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from shlex import quote
from time import perf_counter
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from app.cli.canal.conta import build, ficha_of, find_canal
from app.cli.canal.desfechos import ACEITA, desfecho_of
from app.cli.canal.grupo import Nome, grupo
from app.cli.contatos import read_phone, refuse_silenced, ultima_entrada
from app.cli.erros import Falha, Saida, UsoErrado
from app.cli.saida import table
from app.cli.sessao import Terminal, comando
from app.models import Canal
from app.providers.base import (
    GatewayHealth,
    OutboundMessage,
    ProviderError,
    Receipt,
    StepResult,
    Template,
    WhatsAppProvider,
)
from app.repositories.hospital import HospitalRepository
from app.wiring import Programa

_SESSION: Final = timedelta(hours=24)
_TEXT: Final = "Mensagem de teste de {hospital}. Se você a leu, este canal funciona. Não é preciso responder."


@dataclass(frozen=True, slots=True)
class Trial:
    """`para`: a phone in E.164, or an e-mail address."""

    canal: str
    para: str
    modelo: Template | None = None
    conversa_aberta: bool = False

    @property
    def is_email(self) -> bool:
        return "@" in self.para


@comando(grupo, "testar")
def try_canal(
    tela: Terminal,
    canal: Nome,
    *,
    para: Annotated[
        str | None, typer.Option(metavar="TELEFONE", help="Envia uma mensagem de teste a este telefone, ou e-mail.")
    ] = None,
    sim: Annotated[bool, typer.Option("--sim", help="Envia sem perguntar.")] = False,
    conversa_aberta: Annotated[
        bool, typer.Option("--conversa-aberta", help="Este número escreveu ao canal há menos de 24 horas.")
    ] = False,
    modelo: Annotated[
        str | None, typer.Option(metavar="NOME", help="Envia este modelo aprovado, sem variáveis, em vez do texto.")
    ] = None,
    idioma: Annotated[str, typer.Option(help="Do modelo.")] = "pt_BR",
) -> int:
    """Pergunta à conta se ela responde; com --para, envia uma mensagem de teste e diz o que houve."""
    if para is None:
        saude = tela.run(partial(_check, nome=canal))
        show_saude(tela, saude)
        return Saida.FEITO if saude.ok else Saida.FALHOU
    destino = para if "@" in para else read_phone(para).e164
    _confirm(canal, destino, sim=sim)
    template = Template(modelo, idioma) if modelo else None
    feito = tela.run(partial(send, trial=Trial(canal, destino, template, conversa_aberta)))
    tela.show(feito, _steps(feito["passos"]), feito["mensagem"], *feito["depois"])
    return Saida.FEITO if feito["ok"] else Saida.FALHOU


def show_saude(tela: Terminal, saude: GatewayHealth) -> None:
    """Show whether a gateway answered."""
    objeto = {"ok": saude.ok, "detalhe": saude.detail, "ms": saude.ms}
    tela.show(objeto, f"{'OK' if saude.ok else 'Falhou'}: {saude.detail} ({saude.ms:.0f} ms)")


def _confirm(canal: str, destino: str, *, sim: bool) -> None:
    if sim:
        return
    if not sys.stdin.isatty():
        raise UsoErrado("sem_confirmacao", "Isto envia uma mensagem de verdade: repita com --sim.")
    question = f"Enviar agora uma mensagem de teste a {destino} pelo canal {canal}? (sim/não)"
    if typer.prompt(question, default="não", err=True).strip().lower() not in {"s", "sim"}:
        raise typer.Abort


async def _check(programa: Programa, *, nome: str) -> GatewayHealth:
    async with programa.database.session_scope(programa.tenant_id) as sessao:
        canal = await find_canal(sessao, nome)
    async with _opened(programa, canal) as provider:
        return await provider.check()


async def send(programa: Programa, *, trial: Trial) -> dict[str, Any]:
    """Send one message through one channel: no row of the outbox, no patient, no history."""
    await refuse_silenced(programa, trial.para)
    async with programa.database.session_scope(programa.tenant_id) as sessao:
        canal = await find_canal(sessao, trial.canal)
        hospital = await HospitalRepository(sessao, programa.tenant_id).load()
        wrote_at = await ultima_entrada(sessao, canal, trial.para)
    session = trial.conversa_aberta or (wrote_at is not None and programa.clock() - wrote_at < _SESSION)
    async with _opened(programa, canal) as provider:
        _refuse_what_cannot_be_tried(provider, trial)
        message = OutboundMessage(
            key=f"teste.{secrets.token_hex(8)}",
            to="" if trial.is_email else trial.para,
            email=trial.para if trial.is_email else None,
            first_name="Teste",
            last_name="Confirma",
            text=_TEXT.format(hospital=hospital.nome),
            session_open=session and trial.modelo is None,
            flow="" if provider.capabilities.flows else None,  # the text alone: a flow behind it would ask something
            template=trial.modelo,
        )
        return await _try(provider, message, canal)


async def _try(provider: WhatsAppProvider, message: OutboundMessage, canal: Canal) -> dict[str, Any]:
    began = perf_counter()
    try:
        receipt = await provider.send(message)
    except ProviderError as error:
        told = desfecho_of(error)
        return {
            "ok": False,
            "resultado": told.resultado,
            "mensagem": f"{told.frase} Motivo dado: {error.reason}.",
            **_facts(error.steps, error.requests, began),
            "message_id": None,
            "depois": [],
        }
    return {
        "ok": True,
        "resultado": ACEITA,
        "mensagem": "O gateway aceitou a mensagem. Aceita ainda não é entregue: olhe o celular.",
        **_facts(receipt.steps, receipt.requests, began),
        "message_id": receipt.message_id,
        "depois": [_afterwards(provider, receipt, canal)],
    }


def _afterwards(provider: WhatsAppProvider, receipt: Receipt, canal: Canal) -> str:
    """Say how to look: a test is nobody's message, so what the gateway tells of it later finds no row."""
    ident = f" (id {receipt.message_id})" if receipt.message_id else ""
    if not provider.capabilities.receipts:
        return f"Este canal não avisa o que foi entregue{ident}."
    return (
        f"A entrega chega depois, pelo webhook{ident}. Para conferir o webhook, responda à mensagem e veja a última "
        f"chamada em `confirma canal mostrar {quote(canal.nome)}`."
    )


def _facts(passos: tuple[StepResult, ...], requests: int, began: float) -> dict[str, Any]:
    steps = [
        {"passo": step.step, "ok": step.ok, "ms": step.ms, "detalhe": step.detail, "id": step.id} for step in passos
    ]
    return {"passos": steps, "requisicoes": requests, "ms": round((perf_counter() - began) * 1000, 3)}


def _steps(passos: list[dict[str, Any]]) -> Table | None:
    rows = [(passo["passo"], passo["ok"], f"{passo['ms']:.0f}", passo["detalhe"]) for passo in passos]
    return table(None, ("Passo", "Feito", "ms", "Detalhe"), rows) if rows else None


def _refuse_what_cannot_be_tried(provider: WhatsAppProvider, trial: Trial) -> None:
    if provider.capabilities.needs_email is not trial.is_email:
        wanted = "um endereço de e-mail" if provider.capabilities.needs_email else "um telefone"
        raise UsoErrado("destino_errado", f"Este canal escreve a outro tipo de destino: --para precisa de {wanted}.")
    if trial.modelo is not None and not provider.capabilities.needs_template:
        raise UsoErrado("sem_modelos", "Este canal não usa modelos aprovados: teste sem --modelo.")


@asynccontextmanager
async def _opened(programa: Programa, canal: Canal) -> AsyncIterator[WhatsAppProvider]:
    """Build a channel's gateway, switched off or not, without what acts on the contact besides writing."""
    left_out = {campo.nome for campo in ficha_of(canal.tipo).config if campo.fora_do_teste}
    config = {nome: valor for nome, valor in canal.config.items() if nome not in left_out}
    try:
        provider = build(programa, canal, config)
    except ValueError as error:
        raise Falha("canal_inutilizavel", f"O canal {canal.nome} está mal configurado: {error}.") from None
    try:
        yield provider
    finally:
        await provider.close()
