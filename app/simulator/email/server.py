"""The socket of the fake SMTP server, and the faults it was told to have."""

import asyncio
from collections import defaultdict, deque

from app.simulator.email.content import Entregue
from app.simulator.email.dialogue import Dialogue, Hangup
from app.simulator.email.options import Options
from app.simulator.gateway import Fault


class FakeSmtp:
    """Start it, point a channel at `host` and `port`, read `mails`."""

    host = "127.0.0.1"

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.mails: list[Entregue] = []
        self.log: list[str] = []
        """The commands in the order of arrival, without what they were given."""
        self.logins: list[str] = []
        """How each login was tried."""
        self.connections = 0
        self.most_open = 0
        self.port = 0
        self.replies: defaultdict[str, deque[str]] = defaultdict(deque)
        self.faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    def answer_next(self, verb: str, *replies: str) -> None:
        """Answer the next commands literally so: "550 5.1.1 no such user". `CONNECT` is the greeting, `.` the end."""
        self.replies[verb].extend(replies)

    def fail_next(self, verb: str, *faults: Fault) -> None:
        self.faults[verb].extend(faults)

    @property
    def inbox(self) -> list[Entregue]:
        """Return what a mailbox shows that knows a repetition by its Message-ID."""
        return list({(mail.recipient, mail.message_id): mail for mail in reversed(self.mails)}.values())[::-1]

    async def start(self) -> None:
        tls = self.options.tls if self.options.encrypted_at_once else None
        self._server = await asyncio.start_server(self._serve, self.host, 0, ssl=tls, limit=self.options.max_size * 2)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a connection is served by a task")
        self._open.add(task)
        self.connections += 1
        self.most_open = max(self.most_open, len(self._open))
        try:
            await Dialogue(self, reader, writer, crowded=len(self._open) > self.options.most_at_once).run()
        except (Hangup, asyncio.CancelledError):
            writer.transport.abort()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            self._open.discard(task)
            writer.close()
