"""One message as an e-mail: a text, the visits as calendar files, and headers that tell no more than the text."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from app.providers.base import OutboundMessage, Rejected
from app.providers.email.config import EmailConfig, is_address
from app.providers.email.ics import build_ics

_KEY: Final = re.compile(r"[0-9a-z-]+(\.[0-9a-z-]+)*")


@dataclass(frozen=True, slots=True)
class Mail:
    message_id: str
    content: bytes


def build_mail(message: OutboundMessage, config: EmailConfig, *, to: str, now: datetime) -> Mail:
    """Return the bytes to hand over; raise Rejected for what cannot be written as an e-mail."""
    message_id = _message_id(message, config.domain)
    body = EmailMessage(policy=SMTP)
    try:
        body.set_content(message.text, charset="utf-8", cte="quoted-printable")
        body["Content-Language"] = "pt-BR"
        _attach(body, message, config, now)
        head = "".join(f"{name}: {value}\r\n" for name, value in _headers(config, to, message_id, now))
        return Mail(message_id, head.encode("ascii") + body.as_bytes())
    except UnicodeError:
        raise Rejected("texto que não cabe em UTF-8") from None


def _headers(config: EmailConfig, to: str, message_id: str, now: datetime) -> Iterator[tuple[str, str]]:
    yield "From", _encoded("From", config.hospital, f"<{config.remetente}>")
    yield "To", to  # no name: the header is read by every server on the way
    yield "Subject", _encoded("Subject", f"{config.hospital}: aviso sobre um horário marcado")
    yield "Date", format_datetime(now)
    yield "Message-ID", message_id
    if config.responder_a:
        yield "Reply-To", config.responder_a
    if config.descadastro:
        where = config.descadastro
        yield "List-Unsubscribe", f"<mailto:{where}?subject=Descadastrar>" if is_address(where) else f"<{where}>"
    yield "Auto-Submitted", "auto-generated"  # RFC 3834: no holiday notice answers it
    yield "X-Auto-Response-Suppress", "OOF, AutoReply"  # the same for Exchange; a failed delivery is still told


def _encoded(name: str, text: str, address: str = "") -> str:
    """Return a header's text in encoded words.

    By hand, because EmailMessage may lose the space where it breaks a line between two of them: "SãoAssunção".
    """
    header = Header(text, "utf-8", header_name=name)
    if address:
        header.append(address, "us-ascii")
    return header.encode(linesep="\r\n")


def _attach(mail: EmailMessage, message: OutboundMessage, config: EmailConfig, now: datetime) -> None:
    several = len(message.compromissos) > 1
    for number, compromisso in enumerate(message.compromissos, 1):
        content = build_ics(compromisso, organizer=config.remetente, organizer_name=config.hospital, now=now)
        mail.add_attachment(
            content,
            maintype="text",
            subtype="calendar",
            params={"method": "PUBLISH", "charset": "UTF-8"},
            filename=f"horario-{number}.ics" if several else "horario.ics",
        )


def _message_id(message: OutboundMessage, domain: str) -> str:
    """Return the same id for the same message, so that a mailbox that has it shows it once.

    The key alone is not enough: a database that starts over counts from one again, and a mailbox would take the first
    message of the new one for a repetition of the old one's.
    """
    if not _KEY.fullmatch(message.key):
        raise Rejected("chave que não serve para um Message-ID")
    about = sorted(f"{item.uid} {item.sequence} {item.start.isoformat()}" for item in message.compromissos)
    told = "\n".join((message.key, message.to, message.email or "", *about))
    digest = hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()[:16]
    return f"<{message.key}.{digest}@{domain}>"
