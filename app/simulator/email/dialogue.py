"""One connection: the commands in their order, and the refusals of those that come out of it."""

import asyncio
import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

from app.simulator.email.content import Entregue, wrong_in
from app.simulator.gateway import Fault

if TYPE_CHECKING:
    from app.simulator.email.server import FakeSmtp

_PATH: Final = re.compile(r"(?:FROM|TO):<([^<>\s]+)>", re.IGNORECASE)
_ENHANCED: Final = re.compile(r"^(\d{3}) \d\.\d+\.\d+ ")
_CUTS: Final = frozenset({Fault.LOST_ANSWER, Fault.RESET, Fault.SILENT})
_BEFORE: Final[Mapping[Fault, str]] = {
    Fault.THROTTLE: "421 4.7.28 too many messages, come back later",
    Fault.REFUSED_500: "451 4.3.0 not now",
}
_INSTEAD: Final[Mapping[Fault, str]] = {
    **_BEFORE,
    Fault.GARBAGE: "<!doctype html><title>Erro</title>",
    Fault.ERROR_AFTER: "451 4.3.0 something broke",
}


class Hangup(Exception):  # noqa: N818  named for what happens
    """The server cuts the connection."""


class Dialogue:
    def __init__(
        self, server: "FakeSmtp", reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, crowded: bool
    ) -> None:
        self._server, self._options = server, server.options
        self._reader, self._writer = reader, writer
        self._crowded = crowded
        self._encrypted = server.options.encrypted_at_once
        self._greeted = self._known = False
        self._sender: str | None = None
        self._recipient: str | None = None
        self._commands: Mapping[str, Callable[[str], Awaitable[str]]] = {
            "EHLO": self._ehlo,
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
        }

    async def run(self) -> None:
        refused = "421 4.3.2 too many connections" if self._crowded else "220 correio.exemplo ESMTP"
        if (await self._say("CONNECT", refused)) >= "4":
            return
        while True:
            verb, _, given = (await self._line()).partition(" ")
            verb = verb.upper()
            self._server.log.append(verb)
            if verb in {"QUIT", "NOOP", "RSET"}:
                await self._say(verb, "221 2.0.0 bye" if verb == "QUIT" else "250 2.0.0 ok")
                if verb == "QUIT":
                    return
                continue
            command = self._commands.get(verb)
            reply = await command(given) if command else "502 5.5.1 command not implemented"
            if await self._say(verb, reply) == "421":
                return

    async def _ehlo(self, given: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9.\[\]:-]+", given):
            return "501 5.5.4 a domain is needed"
        self._greeted = True
        offers = ["correio.exemplo", "8BITMIME", f"SIZE {self._options.max_size}"]
        if self._options.tls and self._options.offers_starttls and not self._encrypted:
            offers.append("STARTTLS")
        if self._options.users and self._is_private:
            offers.append(f"AUTH {' '.join(self._options.auth)}")
        if self._options.enhanced:
            offers.append("ENHANCEDSTATUSCODES")
        lines = [f"250-{offer}" for offer in offers[:-1]]
        return "\r\n".join([*lines, f"250 {offers[-1]}"])

    async def _starttls(self, given: str) -> str:
        if given or self._options.tls is None or self._encrypted:
            return "503 5.5.1 STARTTLS is not for now"
        if await self._say("STARTTLS", "220 2.0.0 go ahead") == "220":
            await self._writer.start_tls(self._options.tls)
            self._encrypted, self._greeted = True, False
        return ""

    async def _auth(self, given: str) -> str:
        if not self._is_private:
            return "538 5.7.11 encryption is required"
        if not self._greeted or self._known or not self._options.users:
            return "503 5.5.1 AUTH is not for now"
        way, _, first = given.partition(" ")
        self._server.logins.append(way.upper())
        if way.upper() not in self._options.auth:
            return "504 5.5.4 mechanism not supported"
        try:
            user, password = await (self._plain(first) if way.upper() == "PLAIN" else self._login(first))
        except (binascii.Error, UnicodeError, ValueError):
            return "501 5.5.2 cannot be decoded"
        self._known = self._options.users.get(user) == password
        return "235 2.7.0 welcome" if self._known else "535 5.7.8 user or password is wrong"

    async def _plain(self, first: str) -> tuple[str, str]:
        _, user, password = base64.b64decode(first or await self._ask("334 "), validate=True).decode().split("\0")
        return user, password

    async def _login(self, first: str) -> tuple[str, str]:
        user = base64.b64decode(first or await self._ask("334 VXNlcm5hbWU6"), validate=True).decode()
        return user, base64.b64decode(await self._ask("334 UGFzc3dvcmQ6"), validate=True).decode()

    async def _mail(self, given: str) -> str:
        if self._options.tls and not self._encrypted:
            return "530 5.7.0 issue STARTTLS first"
        if self._options.users and not self._known:
            return "530 5.7.0 authentication required"
        found = _PATH.match(given)
        if not self._greeted or self._sender is not None:
            return "503 5.5.1 MAIL is not for now"
        if found is None or "@" not in found[1]:
            return "501 5.1.7 sender address cannot be read"
        if self._options.senders is not None and found[1] not in self._options.senders:
            return "550 5.7.60 not allowed to send as this sender"
        self._sender = found[1]
        return "250 2.1.0 ok"

    async def _rcpt(self, given: str) -> str:
        found = _PATH.match(given)
        if self._sender is None:
            return "503 5.5.1 RCPT is not for now"
        if found is None or "@" not in found[1]:
            return "501 5.1.3 recipient address cannot be read"
        if found[1] in self._options.unknown:
            return f"550 5.1.1 <{found[1]}>: no such user"
        if found[1] in self._options.full:
            return f"552 5.2.2 <{found[1]}>: mailbox is full"
        self._recipient = found[1]
        return "250 2.1.5 ok"

    async def _data(self, given: str) -> str:
        if given or self._recipient is None or self._sender is None:
            return "503 5.5.1 DATA is not for now"
        if await self._say("DATA", "354 end with a dot") != "354":
            return ""
        raw = b"\r\n" + await self._reader.readuntil(b"\r\n.\r\n")
        content = raw.replace(b"\r\n.", b"\r\n").removeprefix(b"\r\n").removesuffix(b"\r\n")
        sender, recipient, self._sender, self._recipient = self._sender, self._recipient, None, None
        refused = wrong_in(content, sender=sender, recipient=recipient)
        if len(content) > self._options.max_size:
            refused = "552 5.3.4 message too big"
        fault = self._next_fault(".")
        if refused is None and fault is not None:
            refused = _BEFORE.get(fault)
        if refused is None and fault is not Fault.RESET and not self._server.replies["."]:
            self._server.mails.append(Entregue(sender, recipient, content))
        await self._say(".", refused or "250 2.0.0 queued", fault)
        return ""

    @property
    def _is_private(self) -> bool:
        return self._encrypted or self._options.tls is None

    def _next_fault(self, verb: str) -> Fault | None:
        queued = self._server.faults[verb]
        return queued.popleft() if queued else None

    async def _say(self, verb: str, reply: str, fault: Fault | None = None) -> str:
        """Answer, or fail; return the number that was answered, "" where this was done before."""
        if not reply:
            return ""
        fault = fault or self._next_fault(verb)
        if fault in {Fault.SILENT, Fault.SLOW}:
            await asyncio.sleep(self._options.silent_seconds if fault is Fault.SILENT else self._options.slow_seconds)
        if fault in _CUTS:
            raise Hangup
        if self._server.replies[verb]:
            reply = self._server.replies[verb].popleft()
        if fault is not None:
            reply = _INSTEAD.get(fault, reply)
        await self._write(reply)
        return reply[:3]

    async def _ask(self, reply: str) -> str:
        await self._write(reply)
        return await self._line()

    async def _write(self, reply: str) -> None:
        if not self._options.enhanced:
            reply = _ENHANCED.sub(r"\1 ", reply)
        self._writer.write(f"{reply}\r\n".encode())
        await self._writer.drain()

    async def _line(self) -> str:
        line = await self._reader.readuntil(b"\r\n")
        if b"\n" in line[:-2] or not line.isascii():
            await self._write("500 5.5.2 bare line feed, or not ASCII")
            raise Hangup
        return line[:-2].decode()
