"""Reading what Meta tells us: answers, receipts and news of the account, up to a thousand in one body. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from app.domain.confirmacao import EstadoMensagem
from app.providers.base import UnreadableWebhook
from app.providers.ids import read_code
from app.providers.lote import is_kept, refuse_too_many, unheard_of
from app.providers.meta.codes import falha_of
from app.providers.meta.content import Body, id_of, listed, object_of, person, phone_of, read_message, text_of, when
from app.providers.meta.news import NEWS_FIELDS, read_errors, read_news
from app.schemas.recebida import Recebida

_OURS: Final = "whatsapp_business_account"
_MESSAGES: Final = "messages"
_ESTADOS: Final[Mapping[str, EstadoMensagem]] = {
    "sent": EstadoMensagem.ENVIADA,
    "delivered": EstadoMensagem.ENTREGUE,
    "read": EstadoMensagem.LIDA,
    "played": EstadoMensagem.LIDA,  # a voice message, listened to
    "failed": EstadoMensagem.FALHOU,
}
# Known, and none of our business: the hospital's own app, calls, groups, payments, what its history was.
_UNUSED: Final = frozenset(
    {
        *("history", "message_echoes", "messaging_handovers", "smb_app_state_sync", "smb_message_echoes"),
        *("group_lifecycle_update", "group_participants_update", "group_settings_update", "group_status_update"),
        *("account_settings_update", "business_status_update", "partner_solutions", "payment_configuration_update"),
        *("automatic_events", "calls", "flows", "tracking_events"),
    }
)
_METADATA: Final = ("display_phone_number", "phone_number_id")
_NO_ONE: Final[Body] = {}
_ENDS: Final = "}}]}]}"  # of the value, the change and the entry that hold one event
_encode: Final = msgspec.json.Encoder().encode


def parse_webhook(body: bytes, *, phone_number_id: str | None, waba_id: str | None) -> Sequence[Recebida]:
    """Return the events that concern this number, or raise UnreadableWebhook.

    One app has one address for all of its numbers: what was written to another number is left out.
    """
    try:
        changes = list(_changes(_decode(body)))
        events = sum(change.size for change in changes)
        refuse_too_many(events)
        return tuple(
            recebida
            for change in changes
            if change.concerns(phone_number_id, waba_id)
            for recebida in change.read(alone=events == 1)
        )
    except RecursionError:
        raise UnreadableWebhook("json_invalido", "O corpo tem objetos dentro de objetos sem fim.") from None


def _decode(body: bytes) -> Body:
    try:
        data = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        data = _mended(body)
    if not isinstance(data, dict) or not isinstance(data.get("entry"), list):
        raise UnreadableWebhook("formato_desconhecido", "O corpo não tem a forma dos avisos da Meta: falta entry.")
    return data if data.get("object") == _OURS else _NO_ONE


def _mended(body: bytes) -> object:
    """Read what only half an emoji makes unreadable: nobody's answer is lost for it."""
    try:
        whole = json.dumps(json.loads(body), ensure_ascii=False).encode("utf-8", "replace")
        return msgspec.json.decode(whole)
    except (ValueError, msgspec.MsgspecError):
        raise UnreadableWebhook("json_invalido", "O corpo não é um JSON válido.") from None


def _changes(envelope: Body) -> Iterator["_Change"]:
    for entry in listed(envelope.get("entry")):
        for change in listed(entry.get("changes")):
            yield _Change(entry, text_of(change, "field") or "", object_of(change.get("value")))


class _Change:
    """One change of a body: messages and receipts of one number, or one piece of news."""

    def __init__(self, entry: Body, field: str, value: Body) -> None:
        self._entry, self._field, self._value = entry, field, value
        self._messages, self._statuses, self._errors = (
            listed(value.get(part)) if field == _MESSAGES else () for part in ("messages", "statuses", "errors")
        )

    @property
    def size(self) -> int:
        """Return how many events it holds, whomever they concern."""
        return len(self._messages) + len(self._statuses) + len(self._errors) if self._field == _MESSAGES else 1

    def concerns(self, phone_number_id: str | None, waba_id: str | None) -> bool:
        if self._field == _MESSAGES:
            metadata = object_of(self._value.get("metadata"))
            addressed, ours = text_of(metadata, "phone_number_id"), phone_number_id
        else:
            addressed, ours = text_of(self._entry, "id"), waba_id
        return addressed is None or ours is None or addressed == ours

    def read(self, *, alone: bool) -> Iterator[Recebida]:
        """Yield what it tells; beside others, what is kept carries its own part of the body."""
        if self._field in NEWS_FIELDS:
            yield read_news(self._field, self._value, sent_at=when(self._entry.get("time")))
        elif self._field == _MESSAGES:
            yield from self._read_messages(alone=alone)
        elif self._field not in _UNUSED:
            yield unheard_of(self._field or "?", None if alone else self._whole())

    def _read_messages(self, *, alone: bool) -> Iterator[Recebida]:
        contacts = _Contacts(self._value, only=self.size == 1)
        head = "" if alone else self._head()
        for raw in self._messages:
            contact = contacts.of(raw, "from_user_id", "from")
            if (recebida := read_message(raw, contact)) is not None:
                yield _with_part(recebida, head, "messages", raw, contact)
        for raw in self._statuses:
            contact = contacts.of(raw, "recipient_user_id", "recipient_id")
            if (recebida := _read_status(raw, contact)) is not None:
                yield _with_part(recebida, head, "statuses", raw, contact)
        for raw in self._errors:
            if (recebida := read_errors(raw, sent_at=when(self._entry.get("time")))) is not None:
                yield recebida

    def _whole(self) -> str:
        changes = [{"field": self._field, "value": self._value}]
        return _encode({"object": _OURS, "entry": [{**_named(self._entry, ("id",)), "changes": changes}]}).decode()

    def _head(self) -> str:
        """Return what every event of this change has around it, up to where the event itself stands."""
        value = {"messaging_product": "whatsapp", "metadata": _named(object_of(self._value.get("metadata")), _METADATA)}
        changes = [{"field": self._field, "value": value}]
        entry = {**_named(self._entry, ("id",)), "changes": changes}
        return _encode({"object": _OURS, "entry": [entry]}).decode().removesuffix(_ENDS)


class _Contacts:
    """Who is who in one change: the people are listed apart from what they did."""

    def __init__(self, value: Body, *, only: bool) -> None:
        contacts = listed(value.get("contacts"))
        self._only = contacts[0] if only and len(contacts) == 1 else _NO_ONE
        self._known = {
            said: contact for contact in contacts for key in ("wa_id", "user_id") if (said := id_of(contact, key))
        }

    def of(self, raw: Body, *keys: str) -> Body:
        for key in keys if self._known else ():
            if (contact := self._known.get(id_of(raw, key) or "")) is not None:
                return contact
        return self._only


def _named(data: Body, keys: Sequence[str]) -> dict[str, Any]:
    return {key: said for key in keys if (said := id_of(data, key)) is not None}


def _with_part(recebida: Recebida, head: str, part: str, raw: Body, contact: Body) -> Recebida:  # noqa: PLR0917
    """Give an event that is kept a body of its own: read again, it gives the same, and names nobody else.

    What surrounds it is repeated in each of a thousand parts, so nothing but short, known fields of it is.
    """
    if not head or not is_kept(recebida):
        return recebida
    shown = {**_named(contact, ("wa_id", "user_id")), "profile": {"name": recebida.nome}} if contact else None
    who = f',"contacts":[{_encode(shown).decode()}]' if shown else ""
    return replace(recebida, corpo=f'{head}{who},"{part}":[{_encode(raw).decode()}]{_ENDS}')


def _read_status(raw: Body, contact: Body) -> Recebida | None:
    """Read one receipt; what it is about is found by our own key even where Meta's id is not known yet."""
    status, about, key = text_of(raw, "status"), id_of(raw, "id"), id_of(raw, "biz_opaque_callback_data")
    if status is None or (about is None and key is None) or raw.get("recipient_type") == "group":
        return None
    phone = phone_of(raw.get("recipient_id"))
    failed = status == "failed"
    code = _code(raw) if failed else None
    return Recebida(
        kind="status",
        telefone=phone,
        subscriber_id=person(raw, contact, "recipient_user_id", "recipient_id"),
        sent_at=when(raw.get("timestamp")),
        status=status,
        estado=_ESTADOS.get(status),
        about_id=about,
        our_key=key,
        falha=falha_of(read_code(code), phone or "") if failed else None,
        codigo=code,
    )


def _code(raw: Body) -> str | None:
    return next((said for error in listed(raw.get("errors")) if (said := id_of(error, "code"))), None)
