"""What a person wrote, touched or sent, whichever of WhatsApp's message kinds carries it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from app.schemas.campos import clean_text

Body = Mapping[str, Any]

_WRAPPERS: Final = (
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "viewOnceMessageV2Extension",
    "documentWithCaptionMessage",
)
_DEEPEST: Final = 5
# Beside what was said, or said by the program: none of it is a person's word. `speechToText` is a model's guess.
_NO_WORD: Final = frozenset(
    {
        "messageContextInfo",
        "senderKeyDistributionMessage",
        "protocolMessage",
        "editedMessage",
        "pollUpdateMessage",
        "base64",
        "mediaUrl",
        "speechToText",
    }
)
_MEDIA: Final[Mapping[str, str]] = {
    "audioMessage": "audio",
    "imageMessage": "image",
    "videoMessage": "video",
    "ptvMessage": "video",
    "documentMessage": "document",
    "stickerMessage": "sticker",
    "locationMessage": "location",
    "liveLocationMessage": "location",
    "contactMessage": "contact",
    "contactsArrayMessage": "contact",
}


@dataclass(frozen=True, slots=True)
class Content:
    texto: str = ""
    botao: str | None = None
    midia: str | None = None
    quoted_id: str | None = None


def read_content(message: Body) -> Content | None:
    """Return what a message says; None where it is no person's word."""
    message = _unwrapped(message)
    for name, read in _KINDS.items():
        part = message.get(name)
        if isinstance(part, dict):
            return _quoting(read(part), part)
    if isinstance(message.get("conversation"), str):
        return Content(text_of(message, "conversation"))
    unknown = next((part for name, part in message.items() if name not in _NO_WORD and isinstance(part, dict)), None)
    return _quoting(Content(midia="other"), unknown) if unknown is not None else None


def text_of(part: Body, *path: str) -> str:
    """Return the text at `path`, "" where there is none."""
    value: object = part
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return clean_text(value) if isinstance(value, str) else ""


def _unwrapped(message: Body) -> Body:
    for _ in range(_DEEPEST):
        inner = next((part for name in _WRAPPERS if isinstance(part := message.get(name), dict)), {}).get("message")
        if not isinstance(inner, dict):
            break
        message = inner
    return message


def _quoting(content: Content, part: Body) -> Content:
    quoted = text_of(part, "contextInfo", "stanzaId")
    return content if content.quoted_id or not quoted else replace(content, quoted_id=quoted)


def _touched(payload: tuple[str, ...], *label: str) -> Callable[[Body], Content]:
    return lambda part: Content(text_of(part, *label), text_of(part, *payload) or None)


def _flow_answer(part: Body) -> Content:
    try:
        told = msgspec.json.decode(text_of(part, "nativeFlowResponseMessage", "paramsJson"))
    except (msgspec.DecodeError, RecursionError):
        told = None
    told = told if isinstance(told, dict) else {}
    label = text_of(part, "body", "text") or text_of(told, "display_text")
    return Content(label, text_of(told, "id") or None)


def _reaction(part: Body) -> Content:
    return Content(text_of(part, "text"), midia="reaction", quoted_id=text_of(part, "key", "id") or None)


def _media(kind: str) -> Callable[[Body], Content]:
    return lambda part: Content(text_of(part, "caption"), midia=kind)


_KINDS: Final[Mapping[str, Callable[[Body], Content]]] = {
    "buttonsResponseMessage": _touched(("selectedButtonId",), "selectedDisplayText"),
    "templateButtonReplyMessage": _touched(("selectedId",), "selectedDisplayText"),
    "listResponseMessage": _touched(("singleSelectReply", "selectedRowId"), "title"),
    "interactiveResponseMessage": _flow_answer,
    "reactionMessage": _reaction,
    **{name: _media(kind) for name, kind in _MEDIA.items()},
    "extendedTextMessage": lambda part: Content(text_of(part, "text")),
}
