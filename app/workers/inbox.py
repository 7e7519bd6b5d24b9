"""What arrives: verified on the raw bytes, read, applied and committed before it is acknowledged."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, Final

from loguru import logger
from sqlalchemy import Row

from app import crypto
from app.database import Database, is_away
from app.observability import Metrics
from app.providers.base import Handshake, UnreadableWebhook, WebhookCall
from app.repositories.canais import CanalRepository
from app.repositories.entrada import EntradaRepository
from app.schemas import Recebida
from app.services.caso import Chegada
from app.services.webhook_service import WebhookService
from app.workers.canais import Canais, CanalPronto
from app.workers.fila import Fila
from app.workers.recibos import ReceiptInbox

_STATUS: Final = {"formulario": 415, "json_invalido": 400}
_UNPROCESSABLE: Final = 422
_STRANGER: Final = {"code": "nao_autorizado", "message": "A chamada não provou de onde vem."}
_PENDING_AFTER: Final = timedelta(seconds=30)
_LONGEST_KEY: Final = 200
_IDS: Final = ("message_id", "subscriber_id", "telefone", "quoted_id", "botao", "nr_seq_agenda", "about_id", "our_key")
_SIZE: Final = 32  # answers of one transaction
_AT_ONCE: Final = 2
_NEWS: Final = {"success": True, "status": "RECEBIDO"}
_NEWS_RAW: Final = json.dumps(_NEWS).encode()

Resposta = dict[str, Any]


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What the caller gets."""

    status_code: int
    body: Mapping[str, Any]
    media_type: str = "application/json; charset=utf-8"
    raw: bytes | None = None
    """Exactly this, where the gateway expects something else than our JSON."""


class Inbox:
    """Receives calls of every channel; owns the transactions."""

    def __init__(
        self, database: Database, canais: Canais, receipts: ReceiptInbox, *, metrics: Metrics | None = None
    ) -> None:
        """Take the channels whose calls are received here, and what keeps their receipts."""
        self._metrics = metrics or Metrics()
        self._database = database
        self._canais = canais
        self._filas: dict[int, Fila[Chegada, Resposta]] = {}
        self._receipts = receipts
        self._tried: dict[int, int] = {}

    async def receive(self, call: WebhookCall, *, canal: str | None, now: datetime) -> WebhookAnswer:
        """Verify, store and apply one call; `canal` is the public id in the path."""
        pronto = await self._canais.identify(call, public_id=canal, now=now)
        if pronto is None:
            return WebhookAnswer(401, _STRANGER)
        try:
            events = [_storable(event) for event in pronto.provider.parse_webhook(call)]
        except UnreadableWebhook as error:
            status = _STATUS.get(error.code, _UNPROCESSABLE)
            extra = {"campo": error.campo} if error.campo else {}
            return WebhookAnswer(status, {"code": error.code, "message": error.mensagem, **extra})
        began = monotonic()
        news = [event for event in events if _is_news(event) and event.estado is not None]
        if news:
            await self._receipts.keep(pronto, news, now)
            self._metrics.inbound(pronto.tipo, "RECIBO", len(news))
        answers = await self._apply(pronto, events, call, now=now)
        self._metrics.webhook_took(pronto.tipo, monotonic() - began)
        for answer in answers:
            self._metrics.inbound(pronto.tipo, str(answer["status"]))
        if not events:
            self._metrics.inbound(pronto.tipo, "SEM_EVENTO")
        return _answered(pronto, answers, events)

    async def greet(self, query: Mapping[str, str], *, canal: str) -> str | None:
        """Return what a gateway's question to this address is answered with; None is a stranger."""
        for pronto in (await self._canais.all()).values():
            if pronto.public_id == canal and isinstance(pronto.provider, Handshake):
                return pronto.provider.greet(query)
        return None

    async def has_secret(self, tenant_id: int) -> bool:
        """Tell whether any channel of the hospital has a secret that its callers must know."""
        ours = [pronto for (tenant, _), pronto in (await self._canais.all()).items() if tenant == tenant_id]
        return any(pronto.segredos for pronto in ours if pronto.ativo)

    async def apply_kept(self, tenant_id: int, *, now: datetime) -> int:
        """Try again what could not be applied when it came; return how many were."""
        channels = await self._canais.all()
        living = [canal_id for tenant, canal_id in channels if tenant == tenant_id]
        async with self._database.session_scope(tenant_id) as session:
            rows = await EntradaRepository(session, tenant_id).pending(
                now - _PENDING_AFTER, depois=self._tried.get(tenant_id, 0), canais=living
            )
        self._tried[tenant_id] = rows[-1].id if rows else 0  # those that fail again wait for the next round
        applied = 0
        for row in rows:
            pronto = channels.get((tenant_id, row.canal_id))
            if pronto is not None:
                applied += await self._apply_kept_one(row, pronto, now)
        return applied

    async def _apply_kept_one(self, row: Row[Any], pronto: CanalPronto, now: datetime) -> bool:
        """Try one event in a transaction of its own: one that fails again must not hold up the others."""
        try:
            body = crypto.keyring().decrypt(row.corpo, "recebidas.corpo", pronto.tenant_id)
            event = _storable(pronto.provider.parse_webhook(WebhookCall(body.encode()))[row.posicao])
            event = replace(event, sent_at=event.sent_at or row.recebida_em)  # what came since was written later
            chegada = _chegada(event, body, pronto, None, posicao=row.posicao)
            async with self._database.session_scope(pronto.tenant_id) as session:
                return await WebhookService(session, pronto.tenant_id).apply_kept(row.id, chegada, now=now)
        except Exception as error:  # an event that fails in any way stays kept, and leaves the others theirs
            if is_away(error):
                raise
            logger.bind(tenant=pronto.tenant_id, recebida=row.id, error=type(error).__name__).error(
                "inbox.still_failing"
            )
            return False

    async def _apply(
        self,
        pronto: CanalPronto,
        events: Sequence[Recebida],
        call: WebhookCall,
        *,
        now: datetime,
    ) -> list[dict[str, Any]]:
        named = call.headers.get("webhook-id") or call.headers.get(
            "x-request-id", ""
        )  # the first is part of what is signed
        request_id = named[:_LONGEST_KEY] or None
        text = call.body.decode("utf-8", "replace")
        fila, submitted = self._fila(pronto.tenant_id), []
        for position, event in enumerate(events):
            if _is_news(event):
                continue
            if event.kind == "conta":
                await self._hear(pronto, event, now)
                continue
            key = f"{request_id}:{position}" if request_id and len(events) > 1 else request_id
            submitted.append(fila.submit(_chegada(event, text, pronto, key, posicao=position), now))
        answers = await asyncio.gather(*submitted, return_exceptions=True)  # one that fails must not lose the others
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return [answer for answer in answers if not isinstance(answer, BaseException)]

    async def _hear(self, pronto: CanalPronto, event: Recebida, now: datetime) -> None:
        """Take news of the account itself: a lost connection or a wrong setting stops the channel for a while."""
        log = logger.bind(tenant=pronto.tenant_id, canal=pronto.canal_id, status=event.status, codigo=event.codigo)
        log.warning("canal.news")
        async with self._database.session_scope(pronto.tenant_id) as session:
            await CanalRepository(session, pronto.tenant_id).hear(pronto.canal_id, event.falha, event.about_id, now)

    def _fila(self, tenant_id: int) -> Fila[Chegada, Resposta]:
        fila = self._filas.get(tenant_id)
        if fila is None:
            fila = self._filas[tenant_id] = Fila(
                partial(self._apply_batch, tenant_id), size=_SIZE, at_once=_AT_ONCE, lane_of=_lane
            )
        return fila

    async def _apply_batch(
        self, tenant_id: int, chegadas: Sequence[Chegada], now: datetime
    ) -> Sequence[Resposta | Exception | None]:
        """Apply events in one transaction; if one of them spoils it, each in its own."""
        try:
            async with self._database.session_scope(tenant_id, generic_plans=True) as session:
                return await WebhookService(session, tenant_id).apply(chegadas, now=now)
        except Exception as error:  # noqa: BLE001  an answer must not be lost to a fault of ours: kept, or told
            if is_away(error) or len(chegadas) == 1:
                return [await self._keep(tenant_id, chegada, now, error=error) for chegada in chegadas]
            logger.bind(tenant=tenant_id, error=type(error).__name__).warning("inbox.batch_failed")
        return [(await self._apply_batch(tenant_id, [chegada], now))[0] for chegada in chegadas]

    async def _keep(self, tenant_id: int, chegada: Chegada, now: datetime, *, error: Exception) -> Resposta | Exception:
        """Keep an event our own code failed on for another try, instead of losing the answer.

        A lost database is told to the caller, who gets a 503 and calls again.
        """
        if is_away(error):
            return error
        logger.bind(tenant=tenant_id, error=type(error).__name__).opt(exception=error).error("inbox.apply_failed")
        try:
            async with self._database.session_scope(tenant_id) as session:
                return await WebhookService(session, tenant_id).keep(chegada, now=now)
        except Exception as failed:  # noqa: BLE001  the caller is told; nobody else may wait for this batch
            return failed


def _is_news(event: Recebida) -> bool:
    """Tell whether an event is about one message that can be found without its contact.

    A word we do not know (`estado` is None) says nothing of it, and nothing of any other message to the same phone.
    """
    return event.kind == "status" and bool(event.about_id or event.our_key)


def _lane(chegada: Chegada) -> str:
    """Return what events of one person have in common: they must not overtake one another."""
    return chegada.recebida.telefone or chegada.recebida.subscriber_id or ""


def _storable(event: Recebida) -> Recebida:
    """Return the event without the one byte that no text column takes: ids are compared in the clear."""
    cleaned: dict[str, Any] = {
        name: value.replace("\x00", "") or None
        for name in _IDS
        if (value := getattr(event, name)) is not None and "\x00" in value
    }
    return replace(event, **cleaned) if cleaned else event


def _answered(pronto: CanalPronto, answers: Sequence[Resposta], events: Sequence[Recebida]) -> WebhookAnswer:
    wanted = pronto.provider.capabilities.acknowledgement
    if wanted is not None:
        return WebhookAnswer(200, {}, media_type=wanted[0], raw=wanted[1])
    if answers:
        return WebhookAnswer(200, answers[-1])
    if events:
        return WebhookAnswer(200, _NEWS, raw=_NEWS_RAW)
    return WebhookAnswer(200, {"success": True, "status": "SEM_EVENTO"})


def _chegada(event: Recebida, body: str, pronto: CanalPronto, request_id: str | None, *, posicao: int) -> Chegada:
    return Chegada(
        recebida=event,
        corpo=body if event.corpo is None else event.corpo,
        posicao=posicao if event.corpo is None else 0,
        canal_id=pronto.canal_id,
        request_id=request_id,
        responder=pronto.responder,
        whatsapp=not pronto.provider.capabilities.last_resort,
    )
