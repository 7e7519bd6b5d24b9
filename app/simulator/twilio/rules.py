"""What the real service refuses in the form of a message, and with which code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from app.simulator.twilio.account import Content, TwilioOptions

_TO: Final = re.compile(r"(whatsapp:)?\+[1-9]\d{7,14}")
_LONGEST: Final = 1600
_MOST_VARIABLES: Final = 100
_WRONG_COUNT: Final = 63028
_NOT_APPROVED: Final = 63027


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """A form nothing is wrong with at first sight."""

    to: str
    sender: str
    service: str | None
    text: str
    content_sid: str | None = None
    fails_with: int | None = None
    """What is found out later."""


def read_form(fields: Mapping[str, str], options: TwilioOptions) -> Submitted | Refusal:
    to, service = fields.get("To", ""), fields.get("MessagingServiceSid")
    if not to:
        return Refusal(400, 21604, "A 'To' phone number is required.")
    if not _TO.fullmatch(to):
        return Refusal(400, 21211, "The 'To' number is not a valid phone number.")
    sender = options.services.get(service, "") if service else fields.get("From", "")
    refusal = _judge_sender(to, sender, service, options) or _judge_callback(fields)
    if refusal is not None:
        return refusal
    if "ContentSid" in fields:
        return _read_content(fields, options, Submitted(to, sender, service, "", fields["ContentSid"]))
    text = fields.get("Body", "")
    if not text:
        return Refusal(400, 21602, "Message body is required.")
    if len(text) > _LONGEST:
        return Refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
    return Submitted(to, sender, service, text)


def _judge_sender(to: str, sender: str, service: str | None, options: TwilioOptions) -> Refusal | None:
    if service is not None and not sender:
        return Refusal(404, 21703, "The Messaging Service does not exist")
    if not sender:
        return Refusal(400, 21603, "A 'From' phone number is required.")
    is_whatsapp = to.startswith("whatsapp:")
    if is_whatsapp != sender.startswith("whatsapp:"):
        return Refusal(400, 21910, "Invalid From and To pair. From and To should be of the same channel")
    if sender not in options.senders:
        return Refusal(400, 63007 if is_whatsapp else 21606, "Could not find a Channel with the specified From address")
    return None


def _judge_callback(fields: Mapping[str, str]) -> Refusal | None:
    url = fields.get("StatusCallback")
    if url is not None and not url.startswith(("http://", "https://")):
        return Refusal(400, 21609, "The 'StatusCallback' URL is not a valid URL.")
    return None


def _read_content(fields: Mapping[str, str], options: TwilioOptions, read: Submitted) -> Submitted | Refusal:
    content = next((one for one in options.contents if one.sid == read.content_sid), None)
    if content is None:
        return Refusal(400, 21655, "The ContentSid is Invalid")
    values = _variables(fields.get("ContentVariables"))
    if values is None:
        return Refusal(400, 21656, "The ContentVariables Parameter is invalid")
    return Submitted(read.to, read.sender, read.service, content.filled(values), content.sid, _later(content, values))


def _variables(text: str | None) -> dict[str, str] | None:
    """Read the JSON text; an empty object is not sent at all."""
    if text is None:
        return {}
    try:
        values = msgspec.json.decode(text, type=dict[str, str])
    except msgspec.DecodeError:
        return None
    return values if 0 < len(values) <= _MOST_VARIABLES else None


def _later(content: Content, values: Mapping[str, str]) -> int | None:
    if content.approval != "approved":
        return _NOT_APPROVED
    return None if set(values) == set(content.variables) else _WRONG_COUNT
