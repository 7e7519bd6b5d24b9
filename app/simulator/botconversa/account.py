"""The account behind the fake: contacts, what was written to them, and the rules of its phone numbers."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from app.simulator.botconversa.options import FakeOptions, SeedFlow
from app.simulator.gateway.telefones import whatsapp_id

_WINDOW: Final = timedelta(hours=24)
_FIRST_ID: Final = 100_000_000
_IDS: Final = 900_000_000


@dataclass(slots=True)
class Contact:
    id: int
    phone: str
    """WhatsApp id, digits."""
    given_phone: str
    first_name: str
    last_name: str
    created_at: datetime
    values: dict[int, str] = field(default_factory=dict)
    tags: set[int] = field(default_factory=set)
    campaigns: set[int] = field(default_factory=set)
    sequences: set[int] = field(default_factory=set)
    live_chat_open: bool = False
    last_inbound: datetime | None = None
    messages: list[dict[str, object]] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Account:
    """Pure state: no HTTP here."""

    def __init__(self, options: FakeOptions) -> None:
        self.options = options
        self.contacts: dict[int, Contact] = {}
        self.by_phone: dict[str, Contact] = {}
        self.flows: dict[int, SeedFlow] = {flow.id: flow for flow in options.flows}
        self.lists: dict[str, dict[int, str]] = {
            "tags": _numbered(options.tags, 1001),
            "campaigns": _numbered(options.campaigns, 2001),
            "custom_fields": _numbered(options.fields, 3001),
            "sequences": _numbered(options.sequences, 4001),
            "bot_fields": _numbered(options.bot_fields, 5001),
            "flows": {flow.id: flow.name for flow in options.flows},
        }
        self.bot_values: dict[int, str] = {}
        self.managers: dict[int, dict[str, object]] = {1: {"id": 1, "full_name": "Recepção", "email": "r@exemplo.test"}}

    def create(self, phone: str, first_name: str, last_name: str, *, now: datetime) -> Contact:
        digits = whatsapp_id(phone)
        contact = Contact(self._free_id(digits), digits, phone, first_name, last_name, created_at=now)
        self.contacts[contact.id] = contact
        self.by_phone[digits] = contact
        return contact

    def delete(self, contact: Contact) -> None:
        del self.contacts[contact.id]
        self.by_phone.pop(contact.phone, None)

    def variables(self, contact: Contact) -> dict[str, str | None]:
        return {name: contact.values.get(number) for number, name in self.lists["custom_fields"].items()}

    def flow_text(self, flow: SeedFlow, contact: Contact) -> str | None:
        """Render what a flow shows, with the fields as they are now."""
        if flow.mensagem is None:
            return None
        values: Mapping[str, str | None] = {"nome": contact.first_name, **self.variables(contact)}
        return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1]) or "", flow.mensagem)

    def reaches(self, contact: Contact, *, now: datetime) -> bool:
        """Tell whether a free text gets through on this connection."""
        if not self.options.official:
            return True
        return contact.last_inbound is not None and now - contact.last_inbound < _WINDOW

    def write(self, contact: Contact, *, direction: str, kind: str, text: str, now: datetime) -> None:
        if direction == "entrada":
            contact.last_inbound = now
        if self.options.keep_conversations:
            row: dict[str, object] = {"em": now.isoformat(), "direcao": direction, "tipo": kind, "texto": text}
            contact.messages.append(row)

    def _free_id(self, digits: str) -> int:
        """Draw the id from the phone, so that the order of creation leaves no trace."""
        drawn = int.from_bytes(hashlib.blake2b(digits.encode(), digest_size=8).digest()) % _IDS
        while _FIRST_ID + drawn in self.contacts:
            drawn = (drawn + 1) % _IDS
        return _FIRST_ID + drawn


def _numbered(names: Sequence[str], first: int) -> dict[int, str]:
    return dict(enumerate(names, first))
