"""What the fake account holds: senders, contents, open conversations, and numbers that fail on purpose."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.simulator.gateway.telefones import whatsapp_id

_MAGIC: Final = re.compile(r"55(11|21)9000(\d{5})")
_LATER_DDD: Final = "21"


def magic_phone(code: int, *, later: bool = False) -> str:
    """Return a number that fails with `code`: in the answer, or later in a receipt."""
    return f"+55{_LATER_DDD if later else 11}9000{code:05}"


@dataclass(frozen=True, slots=True)
class Content:
    """A content template; `approval` None was never submitted to WhatsApp."""

    sid: str
    body: str
    variables: Sequence[str] = ()
    replies: Sequence[tuple[str, str]] = ()
    """(title, id) of each quick reply; ids may hold `{{n}}`."""
    language: str = "pt_BR"
    approval: str | None = "approved"
    reason: str = ""

    def filled(self, values: Mapping[str, str]) -> str:
        text = self.body
        for name, value in values.items():
            text = text.replace(f"{{{{{name}}}}}", value)
        return text

    def as_row(self) -> dict[str, Any]:
        actions = [{"title": title, "id": payload} for title, payload in self.replies]
        kind = "twilio/quick-reply" if actions else "twilio/text"
        approval = {
            "name": "confirmacao",
            "category": "UTILITY",
            "content_type": kind,
            "status": self.approval,
            "rejection_reason": self.reason,
            "allow_category_change": False,
        }
        return {
            "sid": self.sid,
            "friendly_name": "confirmacao",
            "language": self.language,
            "variables": dict.fromkeys(self.variables, "exemplo"),
            "types": {kind: {"body": self.body, **({"actions": actions} if actions else {})}},
            "approval_requests": approval if self.approval is not None else None,
        }


@dataclass(slots=True)
class TwilioOptions:
    """Mutable on purpose: a test or a story turns a switch in the middle."""

    account_sid: str = "AC" + "0" * 32
    auth_token: str = "0123456789abcdef0123456789abcdef"  # noqa: S105 - the fake's own
    api_keys: Mapping[str, str] = field(default_factory=dict)
    senders: Sequence[str] = ("whatsapp:+553130000000", "+553130000000", "Hospital")
    services: Mapping[str, str] = field(default_factory=lambda: {"MG" + "0" * 32: "whatsapp:+553130000000"})
    contents: Sequence[Content] = ()
    trial: bool = False
    """A trial account writes a line before every text."""
    page_size: int = 50
    """The most a page of any list holds."""
    next_page: str | None = None
    """What a list of messages claims as its next page, instead of the truth."""


class Conversations:
    """Who wrote to us less than 24 hours ago."""

    def __init__(self) -> None:
        self._open: set[str] = set()

    def open(self, phone: str) -> None:
        self._open.add(whatsapp_id(digits(phone)))

    def close(self, phone: str) -> None:
        self._open.discard(whatsapp_id(digits(phone)))

    def is_open(self, phone: str) -> bool:
        return whatsapp_id(digits(phone)) in self._open


def digits(phone: str) -> str:
    return re.sub(r"\D", "", phone)


def magic_failure(phone: str, *, later: bool) -> int | None:
    """Return the code with which a number of `magic_phone` fails."""
    found = _MAGIC.fullmatch(phone)
    return int(found[2]) if found is not None and (found[1] == _LATER_DDD) is later else None
