"""Reading what the gateway tells us: answers, receipts, the echo of a send, the state of the connection. Pure."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from app.domain.confirmacao import EstadoMensagem
from app.domain.entrega import Falha
from app.providers.base import UnreadableWebhook
from app.providers.evolution.codes import FALHAS, falha_of_connection
from app.providers.evolution.content import Body, read_content, text_of
from app.providers.ids import read_id
from app.providers.lote import is_kept, refuse_too_many, unheard_of
from app.schemas.recebida import Recebida

_PERSON: Final = re.compile(r"([0-9]{5,20})(?::[0-9]{1,4})?@(s\.whatsapp\.net|c\.us|lid)")
_ID: Final = re.compile(r"[!-~]{1,128}")
_ADDRESSES: Final = ("remoteJid", "remoteJidAlt", "senderPn")
_ESTADOS: Final[Mapping[str, EstadoMensagem]] = {
    "PENDING": EstadoMensagem.ENVIADA,
    "SERVER_ACK": EstadoMensagem.ENVIADA,
    "DELIVERY_ACK": EstadoMensagem.ENTREGUE,
    "READ": EstadoMensagem.LIDA,
    "PLAYED": EstadoMensagem.LIDA,
    "ERROR": EstadoMensagem.FALHOU,
}
# Known, and none of our business: the first word of their names.
_UNUSED: Final = frozenset(
    {
        *("application", "creds", "instance", "logout", "qrcode", "remove", "status", "typebot"),  # the gateway's own
        *("call", "chats", "contacts", "group", "groups", "labels", "presence"),
        *("messages", "messaging", "send"),  # taken back, edited, old ones; a send changed afterwards
    }
)
_LAST_SECOND: Final = 253_402_300_799  # of the year 9999


def parse_webhook(body: bytes) -> tuple[Recebida, ...]:
    """Return the events of one call that mean something to us, or raise UnreadableWebhook."""
    envelope = decode(body)
    if not isinstance(envelope, dict) or not isinstance(envelope.get("event"), str):
        raise UnreadableWebhook(
            "formato_desconhecido", "O corpo não é um evento da Evolution: faltou o campo event.", campo="event"
        )
    event = envelope["event"].lower().replace("_", ".").replace("-", ".")
    read = _READERS.get(event)
    data = envelope.get("data")
    items = data if isinstance(data, list) else [data]
    if read is None:
        is_known = event.partition(".")[0] in _UNUSED
        return () if is_known else (unheard_of(event, _alone(envelope, data)),)
    refuse_too_many(len(items))
    found = [(item, read(item)) for item in items if isinstance(item, dict)]
    return tuple(
        replace(recebida, corpo=_alone(envelope, item)) if len(items) > 1 and is_kept(recebida) else recebida
        for item, recebida in found
        if recebida is not None
    )


def decode(body: bytes) -> object:
    """Return the JSON of a call, or raise UnreadableWebhook.

    The gateway is a JavaScript program: a cut emoji leaves it as half a pair, which only the standard library reads.
    """
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        raise UnreadableWebhook("json_invalido", "O corpo não é um JSON válido.") from None


def instant(value: object) -> datetime | None:
    """Read epoch seconds: a number, its text, or the two halves older versions send."""
    if isinstance(value, dict):
        value = _joined(value.get("low"), value.get("high", 0))
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(_LAST_SECOND)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _LAST_SECOND:
        return None
    return datetime.fromtimestamp(value, UTC)


def people(key: Body) -> tuple[str | None, str | None] | None:
    """Return phone and privacy id of whom a message is with; None for groups, channels and lists.

    Either of the two may stand in `remoteJid`; the other, where the gateway tells it at all, beside it.
    """
    found = [_PERSON.fullmatch(text_of(key, name)) for name in _ADDRESSES]
    if found[0] is None:
        return None
    phones = [match[1] for match in found if match is not None and match[2] != "lid"]
    lids = [f"{match[1]}@lid" for match in found if match is not None and match[2] == "lid"]
    return next(iter(phones), None), next(iter(lids), None)


def _answer(data: Body) -> Recebida | None:
    key, message = data.get("key"), data.get("message")
    if not isinstance(key, dict) or not isinstance(message, dict) or key.get("fromMe"):
        return None
    person, content = people(key), read_content(message)
    if person is None or content is None:
        return None
    return Recebida(
        kind="resposta",
        telefone=person[0],
        subscriber_id=person[1],
        texto=content.texto,
        message_id=_id(key.get("id")),
        sent_at=instant(data.get("messageTimestamp")),
        nome=text_of(data, "pushName") or None,
        quoted_id=_id(content.quoted_id) or _id(text_of(data, "contextInfo", "stanzaId")),
        botao=content.botao,
        midia=content.midia,
    )


def _receipt(data: Body) -> Recebida | None:
    about = _id(data.get("keyId")) or _id(data.get("id"))  # `messageId` is the gateway's own row
    person = people(data) if data.get("remoteJid") else (None, None)
    if about is None or person is None or data.get("fromMe") is False:
        return None
    status = text_of(data, "status")
    estado = _ESTADOS.get(status)
    failed = estado is EstadoMensagem.FALHOU
    return Recebida(
        kind="status",
        telefone=person[0],
        subscriber_id=person[1],
        status=status,
        estado=estado,
        about_id=about,
        falha=FALHAS.get(status, Falha.RECUSADA) if failed else None,
        codigo=status if failed else None,
    )


def _echo(data: Body) -> Recebida | None:
    """Read the gateway's own account of a send; it may come before the answer to it, and tells other programs' too."""
    key, message = data.get("key"), data.get("message")
    person = people(key) if isinstance(key, dict) else None
    about = _id(key.get("id")) if isinstance(key, dict) else None
    if person is None or about is None:
        return None
    content = read_content(message) if isinstance(message, dict) else None
    return Recebida(
        kind="status",
        telefone=person[0],
        subscriber_id=person[1],
        texto=content.texto if content is not None else "",
        sent_at=instant(data.get("messageTimestamp")),
        status=text_of(data, "status") or "PENDING",
        estado=EstadoMensagem.ENVIADA,
        about_id=about,
    )


def _connection(data: Body) -> Recebida | None:
    state, reason = text_of(data, "state"), data.get("statusReason")
    codigo = read_id(reason) if isinstance(reason, int) else None
    falha = falha_of_connection(state, codigo)
    return Recebida(kind="conta", status=state, falha=falha, codigo=codigo if falha else None) if state else None


_READERS: Final[Mapping[str, Callable[[Body], Recebida | None]]] = {
    "messages.upsert": _answer,
    "messages.update": _receipt,
    "send.message": _echo,
    "connection.update": _connection,
}


def _joined(low: object, high: object) -> int | None:
    """Join a JavaScript 64-bit number; its lower half may have come out negative."""
    if not isinstance(low, int) or not isinstance(high, int) or not 0 <= high < 2**31:
        return None
    return (high << 32) + low % 2**32


def _id(value: object) -> str | None:
    text = read_id(value) if isinstance(value, str) else None
    return text if text is not None and _ID.fullmatch(text) else None


def _alone(envelope: Mapping[str, Any], item: object) -> str:
    """Return a body with nothing but this event; the instance's token, `apikey`, stays out of it."""
    return json.dumps({"event": envelope["event"], "instance": read_id(envelope.get("instance")), "data": item})
