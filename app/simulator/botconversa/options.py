"""The switches of the fake: everything on which accounts of the real service are said to differ."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class LookupForm(StrEnum):
    ANY = "any"
    ONLY_PLUS = "only_plus"
    ONLY_DIGITS = "only_digits"


class SendBody(StrEnum):
    OBJECT = "object"
    EMPTY = "empty"
    SUCCESS = "success"
    WITH_ID = "with_id"


@dataclass(frozen=True, slots=True)
class SeedFlow:
    id: int
    name: str
    mensagem: str | None = None
    """What the patient sees, with `{campo}` for custom fields and `{nome}`; None for a flow that only waits."""


@dataclass(slots=True)
class FakeOptions:
    """Mutable on purpose: a test or a story turns a switch in the middle."""

    lookup_missing_status: int = 404
    lookup_form: LookupForm = LookupForm.ANY
    lookup_normalises: bool = False
    """True: looking up the number with its ninth digit finds the WhatsApp id without it."""
    existing_is_401: bool = False
    omit_id_on_create: bool = False
    require_opt_in: bool = True
    send_body: SendBody = SendBody.OBJECT
    strict_slash: bool = True
    per_minute: int | None = 600
    retry_after_header: bool = True
    page_size: int = 100
    next_host: str | None = None
    """Where `next` points instead of here: a proxy that lies."""
    official: bool = False
    """Meta's connection: text outside 24 hours is answered 200 and reaches nobody."""
    outage: int | None = None
    """Everything answers this status; 0 cuts the connection."""
    slow_seconds: float = 0.2
    silent_seconds: float = 30.0
    keep_log: bool = True
    keep_conversations: bool = True
    flows: Sequence[SeedFlow] = field(default_factory=lambda: (SeedFlow(987654, "confirmacao"),))
    tags: Sequence[str] = ("confirmacao",)
    campaigns: Sequence[str] = ("Confirmações",)
    fields: Sequence[str] = ("id_tabela", "nr_seq_agenda", "subscriber_id")
    sequences: Sequence[str] = ("Pós-consulta",)
    bot_fields: Sequence[str] = ("nome_do_hospital",)
