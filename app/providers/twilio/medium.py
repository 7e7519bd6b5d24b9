"""The two ways one Twilio account reaches a phone, and what sets them apart."""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Medium:
    prefix: str
    """Before every phone, in both directions."""
    sender: re.Pattern[str]
    sender_hint: str
    rate_per_minute: int
    pair_interval_s: float
    templates: bool
    """Knows approved texts, and lets nothing else through outside the 24 hours."""
    last_resort: bool


WHATSAPP: Final = Medium(
    prefix="whatsapp:",
    sender=re.compile(r"\+[1-9][0-9]{6,14}"),
    sender_hint="informe o número do WhatsApp em E.164, como +553130000000",
    rate_per_minute=4800,  # 80 a second and sender
    pair_interval_s=6.0,  # Meta's limit for one sender and one person
    templates=True,
    last_resort=False,
)
SMS: Final = Medium(
    prefix="",
    sender=re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}"),
    sender_hint="informe um número em E.164, um número curto ou um nome de até 11 letras",
    rate_per_minute=60,  # one a second: what any number is allowed; carriers queue the rest
    pair_interval_s=0.0,
    templates=False,
    last_resort=True,
)
