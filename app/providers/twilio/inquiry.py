"""Which of the messages of the account is the one whose answer was lost. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from app.providers.base import Ambiguous, Doubt
from app.providers.ids import read_id
from app.providers.twilio.client import Row

_SKEW: Final = timedelta(seconds=60)
"""Their clock and ours; the same text a minute before the send would be a message of its own."""

_TRIAL: Final = re.compile(r"\A\s*Sent from (your|a) Twilio trial account\s*-\s*", re.IGNORECASE)


def choose(rows: Sequence[Row], doubt: Doubt, *, service: str | None) -> str | None:
    """Return the sid of the message in doubt, None when none of `rows` can be it.

    A template in doubt is known by its ContentSid, where the list tells it, or by its text; a message of that moment
    that could be it is neither a yes nor a no, and raises Ambiguous.
    """
    started = doubt.started_at.astimezone(UTC) - _SKEW
    possible = [row for row in rows if _is_ours(row, service) and _created(row, started) >= started]
    for row in possible:
        if _matches(row, doubt):
            sid = read_id(row.get("sid"))
            if sid is None:
                raise Ambiguous("a mensagem está lá, sem um identificador que sirva")
            return sid
    if possible and doubt.template is not None:
        raise Ambiguous("há uma mensagem daquela hora que pode ser esta")
    return None


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


def _matches(row: Row, doubt: Doubt) -> bool:
    if doubt.template is not None and row.get("content_sid") == doubt.template:
        return True
    return _same(str(row.get("body") or ""), doubt.text)


def _same(body: str, text: str) -> bool:
    """Compare letters and digits: smart encoding changes quotes and spaces."""
    body, wanted = _TRIAL.sub("", body), _essence(text)
    return _essence(body) == wanted if wanted else body.strip() == text.strip()


def _essence(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", text) if char.isalnum())
