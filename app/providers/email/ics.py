"""A visit as a calendar file."""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Calendar, Event, vCalAddress

from app.providers.base import Compromisso, Rejected

_PRODUCT: Final = "-//Confirma//Confirma//PT"


def build_ics(compromisso: Compromisso, *, organizer: str, organizer_name: str, now: datetime) -> bytes:
    """Return the calendar that publishes one visit; raise Rejected for one that no calendar could show."""
    start = _local(compromisso)
    event = Event()
    event.add("uid", compromisso.uid)
    event.add("sequence", compromisso.sequence)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", start)
    # by the instant: a night on which the clock is put forward has an hour less
    event.add("dtend", (start.astimezone(UTC) + timedelta(minutes=compromisso.minutes)).astimezone(start.tzinfo))
    event.add("summary", compromisso.summary)
    if compromisso.location:
        event.add("location", compromisso.location)
    event.add("class", "PRIVATE")
    address = vCalAddress(f"mailto:{organizer}")
    address.params["CN"] = organizer_name
    event.add("organizer", address)
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    # around the visit only: the whole past of a zone is many times longer than the visit
    calendar.add_missing_timezones(first_date=date(start.year, 1, 1), last_date=date(start.year + 1, 12, 31))
    return bytes(calendar.to_ical())


def _local(compromisso: Compromisso) -> datetime:
    if compromisso.minutes < 1 or compromisso.sequence < 0 or not compromisso.uid or not compromisso.summary:
        raise Rejected("compromisso incompleto")
    if compromisso.start.tzinfo is None:
        raise Rejected("compromisso sem fuso")
    try:
        return compromisso.start.astimezone(ZoneInfo(compromisso.zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Rejected("fuso desconhecido") from None
