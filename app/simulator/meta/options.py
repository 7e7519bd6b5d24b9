"""How the fake account is set up, and every switch of its behaviour."""

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

_VARIABLE: Final = re.compile(r"\{\{(\w+)\}\}")


@dataclass(slots=True)
class SeedTemplate:
    """An approved text of the account."""

    name: str
    body: str
    buttons: Sequence[str] = ()
    """Labels of its quick replies."""
    named: bool = True
    language: str = "pt_BR"
    status: str = "APPROVED"
    category: str = "UTILITY"
    variables: Sequence[str] = field(init=False)
    """In the order in which values are expected for them."""

    def __post_init__(self) -> None:
        found = list(dict.fromkeys(_VARIABLE.findall(self.body)))
        self.variables = found if self.named else sorted(found, key=int)

    def fill(self, values: Mapping[str, str]) -> str:
        return _VARIABLE.sub(lambda found: values[found[1]], self.body)

    def listed(self) -> dict[str, object]:
        """Return the row of the account's list."""
        components: list[dict[str, object]] = [{"type": "BODY", "text": self.body}]
        if self.buttons:
            rows = [{"type": "QUICK_REPLY", "text": label} for label in self.buttons]
            components.append({"type": "BUTTONS", "buttons": rows})
        return {
            "id": str(zlib.crc32(f"{self.name}/{self.language}".encode())),
            "name": self.name,
            "status": self.status,
            "category": self.category,
            "language": self.language,
            "parameter_format": "NAMED" if self.named else "POSITIONAL",
            "components": components,
            "rejected_reason": "PROMOTIONAL" if self.status == "REJECTED" else "NONE",
        }


@dataclass(slots=True)
class MetaOptions:
    token: str = "token-de-teste-0001"  # noqa: S105 - of a fake
    app_secret: str = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of a fake
    phone_number_id: str = "106540352242922"
    waba_id: str = "102290129340398"
    display_phone: str = "553130000000"
    templates: Sequence[SeedTemplate] = ()
    page_size: int = 100
    quality: str = "GREEN"
    message_status: str = "accepted"

    per_second: int | None = 80
    """Messages of the number, in and out; 1000 at the highest tier, None for no limit."""
    pair_interval_s: float = 6.0
    """One message to one person in this time; 0 for no limit."""
    pair_burst: int = 45
    """So many at once on credit, paid back by waiting."""
    throttle_status: int = 400
    """429 in earlier editions of the documentation."""
    window_s: float = 24 * 3600.0
    """How long after a person wrote a free text reaches them."""

    refused: dict[str, int] = field(default_factory=dict)
    """Digits of a phone -> the code that answers a send to it."""
    undelivered: dict[str, int] = field(default_factory=dict)
    """Digits of a phone -> the code of the receipt that comes later."""

    skip_delivered: bool = False
    """The chat was open: read without delivered."""
    only_bsuid: bool = False
    """Everybody took a username: no phone is told."""
    wrong_signature: bool = False
    batch: int = 1
    """So many receipts in one call at most."""
    batch_pause_s: float = 0.02
