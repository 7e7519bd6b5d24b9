"""HTTP whose heads end: soon, and before they fill the memory. The library below waits and keeps without a limit."""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_LONGEST_HEAD: Final = 64 * 1024


class BoundedHttp(HttpToolsProtocol):
    """Hangs up on a caller who does not come to the end of a request's head."""

    patience_s = 20.0
    _in_head = True
    _head = 0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        if self._in_head and self._head > _LONGEST_HEAD:
            self.transport.close()
            return
        self._head += len(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._calm()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._calm()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._in_head, self._head = True, 0
        self._calm()
        self._late = self.loop.call_later(self.patience_s, self.transport.close)

    def _calm(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
