"""uvicorn inside our own event loop: we bind the socket and keep the signals to ourselves."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from app.api.protocolo import BoundedHttp

_PATIENCE_S: Final = 5  # for requests under way when we are told to end
_BACKLOG: Final = 2048


class PortaOcupadaError(RuntimeError):
    """The address cannot be listened on; the message is for the person who chose it."""


def open_socket(host: str, port: int) -> socket.socket:
    """Return a bound socket (port 0: any free one), or raise PortaOcupadaError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PortaOcupadaError(f"O endereço {host}:{port} não pode ser usado: {error.strerror}.") from error
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind(address)
        opened.listen(_BACKLOG)  # now, so that two of us on one port find out here
    except OSError as error:
        opened.close()
        raise PortaOcupadaError(_sentence(host, port, error)) from error
    return opened


def port_of(opened: socket.socket) -> int:
    port: int = opened.getsockname()[1]
    return port


def _sentence(host: str, port: int, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"Este usuário não pode abrir a porta {port}: escolha uma acima de 1023."
    return f"A porta {port} de {host} já está em uso: feche o outro programa ou escolha outra com --porta."


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to whoever started us: there is more to end than HTTP."""
        yield


class ApiServer:
    """An application on an open socket."""

    def __init__(
        self,
        app: ASGIApp,
        opened: socket.socket,
        *,
        trusted_proxies: Sequence[str] = (),
        protocol: type[BoundedHttp] = BoundedHttp,
    ) -> None:
        """Serve nothing yet. Only `trusted_proxies` may say who really called."""
        config = uvicorn.Config(
            app,
            http=protocol,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=_PATIENCE_S,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
        )
        self._server = _Server(config)
        self._socket = opened
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return once connections are taken."""
        self._task = asyncio.create_task(self._server.serve([self._socket]))
        while not self._server.started:
            if self._task.done():
                await self._task
                raise RuntimeError("the HTTP server ended before it began")
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Take no more requests and finish those begun."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
