"""What an SMTP server's refusals mean: one table of codes, read together with the command they answer.

A reply is "550 5.1.1 words". The first number is the protocol's, the second the enhanced code of RFC 3463, which not
every server gives. The words may repeat the patient's address, so only the numbers leave here.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.entrega import Falha
from app.providers.base import Ambiguous, ProviderError, Unavailable, error_for


class Stage(StrEnum):
    """The step of the dialogue that was being answered."""

    CONNECT = "conexão"
    HELLO = "EHLO"
    TLS = "TLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"


_RCPT: Final = frozenset({Stage.RCPT})
_RECIPIENT: Final = frozenset({Stage.RCPT, Stage.DATA})
"""Where a refusal may be about the person; before, it is about us."""
_BEFORE_RCPT: Final = frozenset(Stage) - _RECIPIENT
_A_MINUTE, _AN_HOUR = 60.0, 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A row applies where everything it names applies."""

    falha: Falha
    enhanced: Collection[str] = ()
    """Without the class, "1.1" for 5.1.1; a last "*" is any detail."""
    basic: Collection[int] = ()
    stages: Collection[Stage] = ()
    permanent: bool | None = True
    """5xx, 4xx (False) or both (None)."""
    words: re.Pattern[str] | None = None
    wait_s: float = _A_MINUTE
    """Where it is `RITMO`."""


# The first that applies, so what is told by words or by the stage stands before the wider rows.
CODES: Final = (
    # too fast: the services' own figures for it, some of them permanent in form only
    Code(falha=Falha.RITMO, enhanced=("7.28", "7.500", "5.3"), permanent=False),
    Code(falha=Falha.RITMO, basic=(432,), permanent=False),
    Code(falha=Falha.RITMO, enhanced=("7.28", "4.5", "1.90"), wait_s=_AN_HOUR),
    Code(
        falha=Falha.RITMO,
        permanent=None,
        words=re.compile(r"too many (connections|messages|emails|mails|login|concurrent)|rate ?limit|too fast"),
    ),
    # nobody reads at this address
    Code(
        falha=Falha.NUMERO,
        enhanced=("1.1", "1.2", "1.3", "1.4", "1.6", "1.10", "2.1", "2.4", "7.17", "7.18"),
        stages=_RECIPIENT,
    ),
    Code(falha=Falha.NUMERO, enhanced=("1.0", "2.0", "4.1", "4.4", "6.7"), stages=_RCPT),
    # our server, our account, our address
    Code(falha=Falha.CONFIGURACAO, basic=(530, 534, 535, 538)),
    Code(
        falha=Falha.CONFIGURACAO,
        stages=_RCPT,
        permanent=None,  # Postfix says "relay access denied" with 454
        words=re.compile(r"\brelay|spamhaus|spamcop|barracuda|block ?list|black ?list|client host"),
    ),
    Code(
        falha=Falha.CONFIGURACAO,
        enhanced=(
            *("7.3", "7.8", "7.9", "7.10", "7.11", "7.12", "7.13", "7.14", "7.57"),  # the login
            *("1.7", "1.8", "2.252", "7.54", "7.60", "7.501", "7.502", "7.503", "7.708"),  # may not send, or not so
            *("7.20", "7.21", "7.22", "7.23", "7.24", "7.25", "7.26", "7.27", "7.29"),  # DKIM, SPF, DMARC, reverse DNS
            "3.5",
        ),
    ),
    # the box is full: that passes, and not within minutes
    Code(falha=Falha.RETIDA, enhanced=("2.2",), stages=_RECIPIENT),
    # this text, or this person's own rules
    Code(falha=Falha.RECUSADA, enhanced=("2.3", "3.4", "6.*", "7.*"), stages=_RECIPIENT),
    # without an enhanced code, or with one nobody listed
    Code(falha=Falha.CONFIGURACAO, stages=_BEFORE_RCPT),
    Code(falha=Falha.RETIDA, basic=(552,), stages=_RCPT),
    Code(falha=Falha.NUMERO, basic=(550, 551, 553, 556), stages=_RCPT),
)
_ELSE: Final = {False: Code(falha=Falha.PASSAGEIRA, permanent=False), True: Code(falha=Falha.RECUSADA)}
_ENHANCED: Final = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})(?!\d)")
_AN_ADDRESS: Final = re.compile(r"<[^>]*>|\S+@\S+")
_FAILURES: Final = range(400, 600)
_PERMANENT: Final = 500


def enhanced_in(code: int, words: str) -> str | None:
    """Return the subject and detail of an enhanced code, None where there is none that fits the reply's class."""
    found = _ENHANCED.match(words)
    if found is None or int(found[1]) != code // 100:
        return None
    return f"{int(found[2])}.{int(found[3])}"


def find_code(stage: Stage, code: int, words: str) -> Code:
    """Return the row of a refusal (4xx or 5xx); what nobody listed passes by itself, or refuses this message."""
    enhanced, permanent = enhanced_in(code, words), code >= _PERMANENT
    said = _AN_ADDRESS.sub("", words.lower())
    for row in CODES:
        if row.permanent not in {None, permanent} or (row.basic and code not in row.basic):
            continue
        if (row.stages and stage not in row.stages) or (row.enhanced and not _is_listed(enhanced, row.enhanced)):
            continue
        if row.words is None or row.words.search(said):
            return row
    return _ELSE[permanent]


def refusal(stage: Stage, code: int, words: str) -> ProviderError:
    """Return what a reply that is no agreement means; one that is not even a refusal is a broken dialogue."""
    if code not in _FAILURES:
        return lost(stage, "resposta que não é de SMTP")
    row = find_code(stage, code, words)
    enhanced = enhanced_in(code, words)
    told = f"{code} {code // 100}.{enhanced}" if enhanced else str(code)
    requests = 0 if stage is Stage.CONNECT else 1
    return error_for(row.falha, f"SMTP {told} ({stage})", requests=requests, wait_s=row.wait_s)


def lost(stage: Stage, what: str) -> ProviderError:
    """Return what a dialogue without an end means: from DATA on, the server may have taken the message."""
    if stage is Stage.DATA:
        return Ambiguous(f"{what} ({stage})", requests=1)
    return Unavailable(f"{what} ({stage})", requests=0 if stage is Stage.CONNECT else 1)


def _is_listed(enhanced: str | None, listed: Collection[str]) -> bool:
    return enhanced is not None and (enhanced in listed or f"{enhanced.partition('.')[0]}.*" in listed)
