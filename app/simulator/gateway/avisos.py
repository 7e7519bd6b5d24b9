"""The other direction: what a gateway tells the hospital of its messages, and how it may do so badly."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import aiohttp


class Receipts(StrEnum):
    """When the news of a message is told."""

    NORMAL = "normal"
    EARLY = "early"
    """Before the answer to the send itself."""
    TWICE = "twice"
    REVERSED = "reversed"
    """The last state first."""
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Aviso:
    """One call to the hospital."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str | None = None
    """Where this one goes; None is the address of the account."""


class Avisos:
    """Posts calls, as often as the gateway would, and remembers every answer."""

    def __init__(self, *, tries: int = 1, pause_s: float = 0.05, timeout_s: float = 10.0) -> None:
        """Call `tries` times at most while not answered 2xx; `pause_s` shortens the gateway's waits."""
        self.url = ""
        self.answers: list[tuple[int, bytes]] = []
        self._tries, self._pause_s = tries, pause_s
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None
        self._running: set[asyncio.Task[int]] = set()

    def post_soon(self, aviso: Aviso) -> None:
        """Post without waiting; `settled` waits for all."""
        task = asyncio.create_task(self.post(aviso))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def post(self, aviso: Aviso) -> int:
        """Post, and again after a failure; return the last status, 0 when nobody answered."""
        status = 0
        for attempt in range(self._tries):
            status = await self._once(aviso)
            if 200 <= status < 300:  # noqa: PLR2004
                break
            await asyncio.sleep(self._pause_s * 2**attempt)
        return status

    async def settled(self) -> None:
        while self._running:
            await asyncio.gather(*self._running)

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _once(self, aviso: Aviso) -> int:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        try:
            url = aviso.url or self.url
            async with self._session.post(url, data=aviso.body, headers=dict(aviso.headers)) as response:
                self.answers.append((response.status, await response.read()))
                return response.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0
