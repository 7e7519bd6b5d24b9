"""The one HTTP session of the process, and what its failures mean for a message."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import aiohttp
from yarl import URL

from app.providers.base import Ambiguous, Misconfigured, ProviderError, Unavailable

_CHUNK: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class HttpLimits:
    connections: int = 100
    connect_s: float = 5.0
    read_s: float = 15.0
    idle_s: float = 3.0
    """Shorter than any server's: a POST on a connection the server just closed would look ambiguous."""
    body_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class HttpResponse:
    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool = True
    """False when the body was cut, too long or late; the status stands nevertheless."""

    @property
    def ok(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class HttpClient:
    """Speaks HTTP and nothing else: no redirects, no repetition, bounded time and size."""

    def __init__(self, limits: HttpLimits | None = None) -> None:
        self._limits = limits or HttpLimits()
        self._session: aiohttp.ClientSession | None = None
        # Waiting for a free connection happens here, so that the session's time-outs measure the gateway alone.
        self._free = asyncio.Semaphore(self._limits.connections)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        repeatable: bool = True,
    ) -> HttpResponse:
        """Return the answer whatever its status, or raise a ProviderError when there was none.

        `repeatable` says that a second attempt can do no harm: then a lost answer is Unavailable, else Ambiguous.
        The error's `requests` is 0 when nothing reached the gateway.
        """
        async with self._free, _failures(repeatable=repeatable):
            session = self._session or self._open()
            async with session.request(
                method, URL(url, encoded=True), headers=headers, data=body, allow_redirects=False
            ) as response:
                content, complete = await self._read(response)
                return HttpResponse(response.status, response.headers, content, complete)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        limits = self._limits
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=limits.connections, keepalive_timeout=limits.idle_s),
            timeout=aiohttp.ClientTimeout(
                total=limits.connect_s + 2 * limits.read_s, sock_connect=limits.connect_s, sock_read=limits.read_s
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        # aiohttp repeats a GET by itself when the connection breaks: requests spent would be miscounted
        self._session._retry_connection = False  # noqa: SLF001
        return self._session

    async def _read(self, response: aiohttp.ClientResponse) -> tuple[bytes, bool]:
        """Read what fits. The status has arrived: a broken body does not undo what the gateway did."""
        parts = bytearray()
        try:
            async for part in response.content.iter_chunked(_CHUNK):
                parts += part
                if len(parts) > self._limits.body_bytes:
                    response.close()
                    return b"", False
        except (aiohttp.ClientError, TimeoutError, OSError):
            return b"", False
        return bytes(parts), True


@asynccontextmanager
async def _failures(*, repeatable: bool) -> AsyncIterator[None]:
    lost: type[ProviderError] = Unavailable if repeatable else Ambiguous
    try:
        yield
    except aiohttp.InvalidURL:
        raise Misconfigured("endereço do gateway inválido") from None
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise Unavailable("sem conexão com o gateway") from error
    except TimeoutError as error:
        raise lost("o gateway não respondeu a tempo", requests=1) from error
    except (aiohttp.ClientError, OSError) as error:
        raise lost("a conexão foi cortada antes da resposta", requests=1) from error
