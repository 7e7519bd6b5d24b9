"""Reading what Z-API tells us: answers, news of our messages, news of the connection. Pure."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from app.domain.confirmacao import EstadoMensagem
from app.domain.entrega import Falha
from app.providers.base import UnreadableWebhook
from app.providers.ids import read_id, read_name
from app.providers.lote import is_kept, refuse_too_many, unheard_of
from app.providers.zapi.codes import find_code
from app.schemas.campos import clean_text
from app.schemas.recebida import Recebida

Body = Mapping[str, Any]

_NOT_A_PATIENT: Final = ("fromMe", "isGroup", "isNewsletter", "broadcast", "isStatusReply")
_NOT_A_PERSON: Final = ("-group", "@g.us", "@newsletter", "@broadcast")
_LID: Final = "@lid"
_DIGIT: Final = re.compile(r"[0-9]")
_FIRST_INSTANT: Final = 100_000_000_000  # milliseconds: before 1973 nobody wrote

_MEDIA: Final[Mapping[str, str]] = {
    "image": "image",
    "audio": "audio",
    "video": "video",
    "document": "document",
    "sticker": "sticker",
    "location": "location",
    "contact": "contact",
    "contacts": "contact",
    "reaction": "reaction",
}
_STATES: Final[Mapping[str, EstadoMensagem]] = {
    "SENT": EstadoMensagem.ENVIADA,
    "RECEIVED": EstadoMensagem.ENTREGUE,
    "READ": EstadoMensagem.LIDA,
    "PLAYED": EstadoMensagem.LIDA,
}
_OF_A_STATUS: Final = ("type", "instanceId", "status", "phone", "chatLid", "senderLid", "momment")
_OURS: Final = "READ_BY_ME"  # reception read a patient's message: no news of ours


def parse_webhook(body: bytes) -> Sequence[Recebida]:
    """Return the events of one call, or raise UnreadableWebhook with a sentence for whoever set it up."""
    data = decode(body)
    kind = _text(data.get("type"))
    if kind is None:
        raise UnreadableWebhook(
            "formato_desconhecido",
            "O corpo não diz o tipo do evento: aponte para cá os webhooks da Z-API.",
            campo="type",
        )
    read = _READERS.get(kind.lower())
    return read(data) if read is not None else (unheard_of(kind),)


def decode(body: bytes) -> Body:
    """Return the object of a call, or raise UnreadableWebhook."""
    try:
        data = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnreadableWebhook("json_invalido", "O corpo não está em UTF-8.") from None
    except (ValueError, RecursionError):
        raise UnreadableWebhook("json_invalido", "O corpo não é um JSON válido.") from None
    if not isinstance(data, dict):
        raise UnreadableWebhook("formato_desconhecido", "O corpo não é um objeto JSON, como a Z-API envia.")
    return data


def _read_answer(data: Body) -> Sequence[Recebida]:
    phone = _text(data.get("phone")) or ""
    if any(_is_on(data, flag) for flag in _NOT_A_PATIENT) or phone.endswith(_NOT_A_PERSON):
        return ()
    if _is_on(data, "waitingMessage") or data.get("notification"):
        return ()  # not decrypted yet: it comes again; or a notice of WhatsApp's, which nobody wrote
    content = _content(data)
    if content is None:
        return ()
    telefone, lid = _person(data)
    if telefone is None and lid is None:
        raise UnreadableWebhook(
            "sem_identificacao", "O campo phone veio vazio: não se sabe quem escreveu.", campo="phone"
        )
    return (
        Recebida(
            kind="resposta",
            telefone=telefone,
            subscriber_id=lid,
            message_id=_event_id(data),
            sent_at=_instant(data.get("momment")),
            nome=_text(data.get("senderName")),
            **content,
        ),
    )


def _content(data: Body) -> dict[str, Any] | None:
    """Return what was written, touched or sent; None for a reaction taken back."""
    quoted = read_id(data.get("referenceMessageId"))
    for field, read in _ANSWERS:
        part = data.get(field)
        if isinstance(part, dict):
            return {"quoted_id": quoted, **read(part)}
    reaction = data.get("reaction")
    if isinstance(reaction, dict):
        about = read_id(_part(reaction, "referencedMessage").get("messageId"))
        return {"midia": "reaction", "quoted_id": about} if _text(reaction.get("value")) else None
    midia = next((name for field, name in _MEDIA.items() if data.get(field)), "other")
    caption = next((text for field in _MEDIA if (text := _written(_part(data, field).get("caption")))), "")
    return {"quoted_id": quoted, "midia": midia, "texto": caption}


_ANSWERS: Final[tuple[tuple[str, Callable[[Body], dict[str, Any]]], ...]] = (
    ("buttonsResponseMessage", lambda it: {"texto": _written(it.get("message")), "botao": _text(it.get("buttonId"))}),
    ("listResponseMessage", lambda it: {"texto": _written(it.get("title")), "botao": _text(it.get("selectedRowId"))}),
    ("text", lambda it: {"texto": _written(it.get("message"))}),
)


def _event_id(data: Body) -> str | None:
    """Return the message's id; a corrected message has the id of the first and is an event of its own."""
    message_id = read_name(data.get("messageId"))
    if message_id is None or not _is_on(data, "isEdit"):
        return message_id
    return f"{message_id}:edit:{_text(data.get('momment')) or ''}"


def _read_states(data: Body) -> Sequence[Recebida]:
    word = _text(data.get("status"))
    if word is None or word.upper() == _OURS or _is_on(data, "isGroup"):
        return ()
    told = data.get("ids")
    items = told if isinstance(told, list) else [told]
    refuse_too_many(len(items))
    ids = [found for one in items if (found := read_id(one))]
    telefone, lid = _person(data)
    received = tuple(
        Recebida(
            kind="status",
            telefone=telefone,
            subscriber_id=lid,
            sent_at=_instant(data.get("momment")),
            status=word,
            estado=_STATES.get(word.upper()),
            about_id=one,
        )
        for one in ids
    )
    return tuple(replace(one, corpo=_alone(data, one)) for one in received) if len(ids) > 1 else received


def _alone(data: Body, recebida: Recebida) -> str | None:
    """Return a body with nothing but this receipt, where it is kept."""
    if not is_kept(recebida):
        return None
    named = {name: told for name in _OF_A_STATUS if (told := read_id(data.get(name))) is not None}
    return json.dumps({**named, "ids": [recebida.about_id]})


def _read_departure(data: Body) -> Sequence[Recebida]:
    """Read that a message left the queue, or why it never will."""
    about = read_id(data.get("messageId")) or read_id(data.get("zaapId"))
    if about is None or _is_on(data, "isGroup"):
        return ()
    failed = find_code({key: data.get(key) for key in ("error", "errorCode")})
    telefone, lid = _person(data)
    return (
        Recebida(
            kind="status",
            telefone=telefone,
            subscriber_id=lid,
            sent_at=_instant(data.get("momment")),
            status=_text(data.get("type")),
            estado=EstadoMensagem.ENVIADA if failed is None else EstadoMensagem.FALHOU,
            about_id=about,
            falha=failed.falha if failed else None,
            codigo=failed.name if failed else None,
        ),
    )


def _read_connected(data: Body) -> Sequence[Recebida]:
    return (Recebida(kind="conta", status=_text(data.get("type")), sent_at=_instant(data.get("momment"))),)


def _read_disconnected(data: Body) -> Sequence[Recebida]:
    return (
        Recebida(
            kind="conta",
            status=_text(data.get("type")),
            sent_at=_instant(data.get("momment")),
            falha=Falha.CONFIGURACAO,
            codigo="NOT_CONNECTED",
        ),
    )


_READERS: Final[Mapping[str, Callable[[Body], Sequence[Recebida]]]] = {  # the documentation varies in capitals
    "receivedcallback": _read_answer,
    "messagestatuscallback": _read_states,
    "deliverycallback": _read_departure,
    "connectedcallback": _read_connected,
    "disconnectedcallback": _read_disconnected,
    "presencechatcallback": lambda _: (),  # somebody types
}


def _person(data: Body) -> tuple[str | None, str | None]:
    """Return the phone as it came and WhatsApp's own id of the person, which may come in the phone's place."""
    phone = _text(data.get("phone"))
    lids = (text for name in ("phone", "chatLid", "senderLid") if (text := read_id(data.get(name))))
    lid = next((text for text in lids if text.endswith(_LID)), None)
    is_phone = phone is not None and not phone.endswith(_LID) and _DIGIT.search(phone)
    return phone if is_phone else None, lid


def _part(data: Body, key: str) -> Body:
    part = data.get(key)
    return part if isinstance(part, dict) else {}


def _is_on(data: Body, flag: str) -> bool:
    return str(data.get(flag)).lower() == "true"


def _text(value: object) -> str | None:
    """Return an id or a word; numbers count, everything else is absent."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return clean_text(str(value)).strip() or None


def _written(value: object) -> str:
    """Keep what a person wrote whole."""
    return clean_text(value) if isinstance(value, str) else ""


def _instant(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        ms = float(value)
        return datetime.fromtimestamp(ms / 1000, UTC) if ms >= _FIRST_INSTANT else None
    except (ValueError, OverflowError, OSError):
        return None
