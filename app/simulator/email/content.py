"""What a server reads in a message before it takes it, and what a mailbox shows of it."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parsedate_to_datetime
from typing import Final

from icalendar import Calendar

_ONCE: Final = ("From", "To", "Subject", "Date", "Message-ID")
_LONGEST_LINE: Final = 998
_MESSAGE_ID: Final = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
_IN_EVENT: Final = ("UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "SUMMARY", "ORGANIZER")


@dataclass(frozen=True, slots=True)
class Entregue:
    """A message that the server took."""

    sender: str
    recipient: str
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        return read_mail(self.content)

    @property
    def message_id(self) -> str:
        return str(self.mail["Message-ID"])

    @property
    def text(self) -> str:
        body = self.mail.get_body(("plain",))
        return "" if body is None else str(body.get_content())

    @property
    def calendars(self) -> list[Calendar]:
        return [Calendar.from_ical(content) for content in _calendars(self.mail)]


def read_mail(content: bytes) -> EmailMessage:
    return message_from_bytes(content, EmailMessage, policy=SMTP)


def wrong_in(content: bytes, *, sender: str, recipient: str) -> str | None:
    """Return the reply with which a strict server refuses a message, None where it takes it."""
    if not content.isascii():
        return "554 5.6.1 8-bit data without BODY=8BITMIME"
    if re.search(rb"(?<!\r)\n|\r(?!\n)", content):
        return "550 5.6.11 bare line feed or carriage return"
    if any(len(line) > _LONGEST_LINE for line in content.split(b"\r\n")):
        return "500 5.5.2 line too long"
    mail = read_mail(content)
    return _wrong_in_headers(mail, sender, recipient) or _wrong_in_parts(mail)


def _wrong_in_headers(mail: EmailMessage, sender: str, recipient: str) -> str | None:
    for name in _ONCE:
        if len(mail.get_all(name, [])) != 1:
            return f"550 5.6.0 header {name} must appear once"
    if not _MESSAGE_ID.fullmatch(str(mail["Message-ID"])):
        return "550 5.6.0 Message-ID is not valid"
    if parsedate_to_datetime(str(mail["Date"])).tzinfo is None:
        return "550 5.6.0 Date has no zone"
    if [address.addr_spec for address in mail["From"].addresses] != [sender]:
        return "550 5.7.26 From is not the sender of the envelope"
    if [address.addr_spec for address in mail["To"].addresses] != [recipient]:
        return "550 5.6.0 To is not the recipient"
    return None


def _wrong_in_parts(mail: EmailMessage) -> str | None:
    if any(part.defects for part in mail.walk()):
        return "554 5.6.0 not a valid message"
    if mail.get_body(("plain",)) is None:
        return "554 5.6.0 nothing to read"
    for part in mail.walk():
        if part.get_content_type() == "text/calendar" and part.get_param("method") != "PUBLISH":
            return "554 5.6.0 the part does not say its method"
    return next((wrong for content in _calendars(mail) if (wrong := _wrong_in_calendar(content))), None)


def _wrong_in_calendar(content: bytes) -> str | None:
    try:
        calendar = Calendar.from_ical(content)
    except ValueError:
        return "554 5.6.0 not a calendar"
    events = calendar.walk("VEVENT")
    zones = {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")}
    if calendar.get("METHOD") != "PUBLISH" or len(events) != 1:
        return "554 5.6.0 a calendar publishes one event"
    missing = [name for name in _IN_EVENT if name not in events[0]]
    if missing:
        return f"554 5.6.0 the event has no {missing[0]}"
    used = {str(events[0][name].params.get("TZID")) for name in ("DTSTART", "DTEND")}
    return None if used == zones else "554 5.6.0 the event's zone is not told"


def _calendars(mail: EmailMessage) -> list[bytes]:
    parts = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    return [content for part in parts if isinstance(content := part.get_payload(decode=True), bytes)]
