"""The other direction: what Meta posts when a person writes, when a message arrives, when the account changes."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from app.simulator.gateway import Aviso, whatsapp_id

Content = Mapping[str, Any]
_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes."""

    phone: str
    """Digits, as dialled."""
    nome: str = "Maria Souza"
    only_bsuid: bool = False
    """Took a username: the number is not told."""

    @property
    def wa_id(self) -> str:
        return whatsapp_id(self.phone)

    @property
    def user_id(self) -> str:
        return bsuid_of(self.phone)


def bsuid_of(phone: str) -> str:
    """Return the id that Meta knows a person by, in the portfolio of one business."""
    return f"BR.{int.from_bytes(hashlib.blake2b(whatsapp_id(phone).encode(), digest_size=8).digest())}"


class said:  # noqa: N801 - a shelf of functions: said.text("Sim"), said.button(...)
    """Everything a person can do in a chat."""

    @staticmethod
    def text(body: str) -> Content:
        return {"type": "text", "text": {"body": body}}

    @staticmethod
    def template_button(payload: str, label: str) -> Content:
        return {"type": "button", "button": {"payload": payload, "text": label}}

    @staticmethod
    def button(payload: str, title: str) -> Content:
        reply = {"id": payload, "title": title}
        return {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": reply}}

    @staticmethod
    def row(payload: str, title: str, description: str = "") -> Content:
        reply = {"id": payload, "title": title, "description": description}
        return {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": reply}}

    @staticmethod
    def media(kind: str, caption: str | None = None) -> Content:
        """Return an image, audio, video, document or sticker."""
        content = {"id": "1013859600285441", "mime_type": f"{kind}/x", "sha256": "aGFzaA=="}
        return {"type": kind, kind: content | ({"caption": caption} if caption is not None else {})}

    @staticmethod
    def reaction(emoji: str, about: str) -> Content:
        return {"type": "reaction", "reaction": {"message_id": about, "emoji": emoji}}

    @staticmethod
    def location() -> Content:
        return {"type": "location", "location": {"latitude": -19.92, "longitude": -43.94}}

    @staticmethod
    def contacts() -> Content:
        return {"type": "contacts", "contacts": [{"name": {"formatted_name": "Ana"}, "phones": [{"phone": "+55 31"}]}]}

    @staticmethod
    def unsupported() -> Content:
        return {"type": "unsupported", "errors": [{"code": 131051, "title": "Message type unknown"}]}

    @staticmethod
    def changed_number(new: str) -> Content:
        system = {"body": "User changed number", "wa_id": whatsapp_id(new), "type": "user_changed_number"}
        return {"type": "system", "system": system}


class Desk:
    """Writes the bodies of one number and signs them."""

    def __init__(self, *, waba_id: str, phone_number_id: str, display_phone: str) -> None:
        self._waba_id = waba_id
        self._metadata = {"display_phone_number": display_phone, "phone_number_id": phone_number_id}
        self._ours = display_phone

    def message(
        self, person: Person, content: Content, *, ident: str, now: datetime, quoted: str | None = None
    ) -> dict[str, Any]:
        """Return one entry of `messages`."""
        who = {} if person.only_bsuid else {"from": person.wa_id}
        context = {"context": {"from": self._ours, "id": quoted}} if quoted else {}
        stamp = {"id": ident, "timestamp": str(int(now.timestamp()))}
        return {**context, **who, "from_user_id": person.user_id, **stamp, **content}

    def messages(self, people: Sequence[Person], messages: Sequence[Mapping[str, Any]]) -> bytes:
        """Return a body of messages."""
        return self._body({"contacts": [_contact(person) for person in people], "messages": messages})

    def statuses(self, statuses: Sequence[Mapping[str, Any]]) -> bytes:
        return self._body({"statuses": statuses})

    def news(self, field: str, value: Mapping[str, Any], *, now: datetime) -> bytes:
        """Return a body of news of the account."""
        return self._envelope({"id": self._waba_id, "time": int(now.timestamp())}, field, value)

    def _body(self, value: Mapping[str, Any]) -> bytes:
        said_by = {"messaging_product": "whatsapp", "metadata": self._metadata, **value}
        return self._envelope({"id": self._waba_id}, "messages", said_by)

    @staticmethod
    def _envelope(entry: Mapping[str, Any], field: str, value: Mapping[str, Any]) -> bytes:
        change = {"value": value, "field": field}
        return _ascii(_encode({"object": "whatsapp_business_account", "entry": [{**entry, "changes": [change]}]}))


def _contact(person: Person) -> dict[str, Any]:
    wa_id = {} if person.only_bsuid else {"wa_id": person.wa_id}
    return {"profile": {"name": person.nome}, "user_id": person.user_id, **wa_id}


def _ascii(body: bytes) -> bytes:
    """Escape as Meta does: whoever signs the body written anew gets another signature."""
    if body.isascii():
        return body
    units = body.decode().encode("utf-16-be")
    pairs = (int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2))
    return "".join(chr(unit) if unit < 128 else f"\\u{unit:04x}" for unit in pairs).encode()  # noqa: PLR2004 - ASCII


def sign(body: bytes, secret: str) -> Aviso:
    """Return the signed call."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return Aviso(body, {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"})
