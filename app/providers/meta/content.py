"""One message of a person: what they wrote, touched or sent, and whom they answered. Careful with any JSON."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from app.providers.ids import read_id, read_name
from app.providers.meta.outgoing import BSUID
from app.schemas.campos import clean_text
from app.schemas.recebida import Recebida

Body = Mapping[str, Any]

_PHONE: Final = re.compile(r"\+?[0-9]{5,20}")
_LONGEST_NAME: Final = 200  # WhatsApp itself allows 25 characters
_SECONDS: Final = re.compile(r"[0-9]{1,11}")  # to the year 5138
# Not written by anybody: a chat was opened, or a time-out of Meta's own.
_SILENT: Final = frozenset({"request_welcome", "ephemeral"})
_SYSTEM: Final = "system"


class _Content(NamedTuple):
    texto: str = ""
    botao: str | None = None
    midia: str | None = None
    quoted_id: str | None = None


def read_message(raw: Body, contact: Body) -> Recebida | None:
    """Return what a person did, or None where nobody did anything that concerns us. A phone is never required."""
    tipo = text_of(raw, "type") or "unknown"
    if tipo in _SILENT or text_of(raw, "group_id"):
        return None
    telefone = phone_of(raw.get("from"))
    sender = person(raw, contact, "from_user_id", "from")
    if tipo == _SYSTEM:
        return _changed(raw, telefone, sender)
    content = _READERS.get(tipo, _other)(object_of(raw.get(tipo)))
    return Recebida(
        kind="resposta",
        telefone=telefone,
        subscriber_id=sender,
        texto=content.texto,
        message_id=read_name(raw.get("id")),
        sent_at=when(raw.get("timestamp")),
        nome=(text_of(object_of(contact.get("profile")), "name") or "")[:_LONGEST_NAME] or None,
        quoted_id=content.quoted_id or id_of(object_of(raw.get("context")), "id"),
        botao=content.botao,
        midia=content.midia,
    )


def _changed(raw: Body, telefone: str | None, sender: str | None) -> Recebida:
    """Read that a person has another number or id: the old one says who, the new one is the text."""
    system = object_of(raw.get(_SYSTEM))
    new = text_of(system, "wa_id") or text_of(system, "new_wa_id")
    kind = text_of(system, "type") or _SYSTEM
    if kind == "user_changed_user_id":
        sender = id_of(system, "previous_user_id") or sender
        new = text_of(system, "user_id") or new
    return Recebida(
        kind="conta",
        telefone=telefone,
        subscriber_id=sender,
        texto=new or "",
        message_id=read_name(raw.get("id")),
        sent_at=when(raw.get("timestamp")),
        status=kind,
    )


def _text(said: Body) -> _Content:
    return _Content(text_of(said, "body") or "")


def _template_button(said: Body) -> _Content:
    return _Content(text_of(said, "text") or "", botao=text_of(said, "payload"))


def _interactive(said: Body) -> _Content:
    touched = object_of(said.get("button_reply")) or object_of(said.get("list_reply"))
    if not touched:
        return _Content(midia="other")  # a form, and whatever comes next
    return _Content(text_of(touched, "title") or "", botao=text_of(touched, "id"))


def _reaction(said: Body) -> _Content:
    """Read whose message it is about. A thumb is no answer: whether it meant yes, a person asks."""
    return _Content(midia="reaction", quoted_id=id_of(said, "message_id"))


def _media(midia: str) -> Callable[[Body], _Content]:
    return lambda said: _Content(text_of(said, "caption") or "", midia=midia)


def _other(_: Body) -> _Content:
    return _Content(midia="other")


_READERS: Final[Mapping[str, Callable[[Body], _Content]]] = {
    "text": _text,
    "button": _template_button,
    "interactive": _interactive,
    "reaction": _reaction,
    "image": _media("image"),
    "audio": _media("audio"),
    "voice": _media("audio"),
    "video": _media("video"),
    "document": _media("document"),
    "sticker": _media("sticker"),
    "location": _media("location"),
    "contacts": lambda _: _Content(midia="contact"),
}


# plain reading: every value may be of any type, and only the expected one counts


def object_of(value: object) -> Body:
    return value if isinstance(value, dict) else {}


def listed(value: object) -> Sequence[Body]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else ()


def text_of(data: Body, key: str) -> str | None:
    """Return a text, or a number as one; "" counts as absent."""
    value = data.get(key)
    return (clean_text(value) or None) if isinstance(value, str) else read_name(value)


def id_of(data: Body, key: str) -> str | None:
    """Return an id, or None for what can be none."""
    return read_id(data.get(key))


def phone_of(value: object) -> str | None:
    """Return a phone as it came; an id of another shape is none."""
    return value if isinstance(value, str) and _PHONE.fullmatch(value) else None


def person(raw: Body, contact: Body, told: str, instead: str) -> str | None:
    """Return Meta's id of the person, which comes beside the number (`told`) or in its place (`instead`)."""
    known = id_of(raw, told) or (id_of(contact, "user_id") if contact else None)
    if known is not None:
        return known
    given = raw.get(instead)
    return given if isinstance(given, str) and BSUID.fullmatch(given) else None


def when(value: object) -> datetime | None:
    """Read seconds since 1970, which Meta writes as a text in messages and as a number in news."""
    seconds = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(seconds, str) or not _SECONDS.fullmatch(seconds):
        return None
    return datetime.fromtimestamp(int(seconds), UTC)
