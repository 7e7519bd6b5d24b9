"""Which of the messages of the account is the one whose answer was lost. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from app.providers.base import Doubt
from app.providers.ids import read_id
from app.providers.twilio.client import Row

_SKEW: Final = timedelta(seconds=60)
"""Their clock and ours; the same text a minute before the send would be a message of its own."""

_TRIAL: Final = re.compile(r"\A\s*Sent from (your|a) Twilio trial account\s*-\s*", re.IGNORECASE)


def choose(rows: Sequence[Row], doubt: Doubt, *, service: str | None) -> str | None:
    """Return the sid of the message in doubt, None where none of `rows` says the same."""
    started = doubt.started_at.astimezone(UTC) - _SKEW
    possible = (row for row in rows if _is_ours(row, service) and _created(row, started) >= started)
    said = (row for row in possible if _same(str(row.get("body") or ""), doubt.text))
    return next((sid for row in said if (sid := read_id(row.get("sid"))) is not None), None)


def _is_ours(row: Row, service: str | None) -> bool:
    told = row.get("messaging_service_sid")
    is_outbound = str(row.get("direction") or "outbound").startswith("outbound")
    return is_outbound and (service is None or told is None or told == service)


def _created(row: Row, default: datetime) -> datetime:
    """Return when Twilio took it; one that does not say is not ruled out."""
    try:
        created = parsedate_to_datetime(str(row.get("date_created")))
    except ValueError:
        return default
    return created if created.tzinfo is not None else created.replace(tzinfo=UTC)


def _same(body: str, text: str) -> bool:
    """Compare letters and digits: smart encoding changes quotes and spaces."""
    body, wanted = _TRIAL.sub("", body), _essence(text)
    return _essence(body) == wanted if wanted else body.strip() == text.strip()


def _essence(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", text) if char.isalnum())
