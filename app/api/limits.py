"""What surrounds every request: how much of a body is read, the request id, the headers a browser must see."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from loguru import logger
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import problem_response
from app.observability import request_context

KIB: Final = 1024
MIB: Final = 1024 * KIB
API_LIMIT: Final = 256 * KIB
WEBHOOK_LIMIT: Final = 3 * MIB  # a gateway batches up to a thousand updates
IMPORT_LIMIT: Final = 20 * MIB
BODY_TIMEOUT_S: Final = 30.0

# The first prefix that fits decides.
_LIMITS: Final = (
    ("/api/v1/atendimentos/lote", IMPORT_LIMIT),
    ("/webhook/", WEBHOOK_LIMIT),
    ("", API_LIMIT),
)


def limit_of(path: str) -> int:
    return next(limit for prefix, limit in _LIMITS if path.startswith(prefix))


class BodyLimit:
    """Stops reading at the route's limit, whatever the caller said about the length, and does not wait for ever."""

    def __init__(self, app: ASGIApp, *, timeout_s: float = BODY_TIMEOUT_S) -> None:
        self._app = app
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = limit_of(scope["path"])
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length[:20]) > limit:
            response = problem_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers={"Connection": "close"})
            await response(scope, receive, send)
            return
        await self._app(scope, _Metered(receive, limit, self._timeout_s), send)


class _Metered:
    """A `receive` that counts, and raises what the error table knows."""

    def __init__(self, receive: Receive, limit: int, timeout_s: float) -> None:
        self._receive = receive
        self._left = limit
        self._deadline = time.monotonic() + timeout_s
        self._complete = False

    async def __call__(self) -> Message:
        if self._complete:  # whoever asks now waits for the caller to hang up
            return await self._receive()
        try:
            async with asyncio.timeout(max(self._deadline - time.monotonic(), 0)):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, headers={"Connection": "close"}) from None
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
        if self._left < 0:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers={"Connection": "close"})
        return message


_CLOSED: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
_HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": _CLOSED,
    "Cross-Origin-Opener-Policy": "same-origin",
}
_HSTS: Final = "max-age=31536000; includeSubDomains"


def common_headers(*, https: bool) -> Sequence[tuple[bytes, bytes]]:
    """Return what every answer carries."""
    headers = {**_HEADERS, **({"Strict-Transport-Security": _HSTS} if https else {})}
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


class Envelope:
    """Gives each request its id, each answer its headers, and turns what nobody expected into a plain 500.

    A route that needs other headers (a page, a picture) sets them itself: ours fill only what is missing.
    """

    def __init__(self, app: ASGIApp, *, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with request_context(Headers(scope=scope).get("x-request-id")) as request_id:
            ours = [*self._headers, (b"x-request-id", request_id.encode())]
            await self._serve(scope, receive, _Sender(send, ours))

    async def _serve(self, scope: Scope, receive: Receive, send: "_Sender") -> None:
        began = time.perf_counter()
        try:
            await self._app(scope, receive, send)
        except Exception:  # noqa: BLE001  the last net: the caller gets an answer, the log the reason
            logger.exception("http.failed")
            if not send.status:
                await problem_response(HTTPStatus.INTERNAL_SERVER_ERROR)(scope, receive, send)
        took_ms = round((time.perf_counter() - began) * 1000, 1)
        # the route's pattern, not the path: a path may carry what somebody typed into it
        pattern = getattr(scope.get("route"), "path", "?")
        logger.debug("http.request", method=scope["method"], route=pattern, status=send.status, ms=took_ms)


class _Sender:
    def __init__(self, send: Send, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self._send = send
        self._headers = headers
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(pair for pair in self._headers if pair[0] not in given)]
        await self._send(message)
