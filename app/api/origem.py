"""Who a browser speaks for: pages of other sites may neither make it act here nor read through a name of their own.

Until there are logins whoever reaches the port is the operator, and the operator's browser reaches it for any page it
shows. Two ways are closed: a request another site makes the browser send, and a name of another site made to lead to
this machine, whose pages the browser then takes for that site's own.
"""

import ipaddress
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.errors import problem_response
from app.config import ServerSettings

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_OURSELVES: Final = frozenset({"same-origin", "none"})
# Called by programs, under whatever name their network has for us: signed, or without anything personal.
_ANY_NAME: Final = ("/webhook/", "/health", "/metrics")
_UNKNOWN_NAME: Final = "Este endereço não é o do Confirma: abra-o pelo IP, por localhost ou pelo de PUBLIC_BASE_URL."


class OwnPages:
    """Refuses what a page of another site makes a browser do."""

    def __init__(self, app: ASGIApp, *, server: ServerSettings) -> None:
        self._app = app
        self._origin = _origin_of(server.base_url)
        self._names = frozenset(_names_of(server))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not scope["path"].startswith(_ANY_NAME) and not self._is_ours(host):
            return problem_response(HTTPStatus.FORBIDDEN, code="endereco_desconhecido", detail=_UNKNOWN_NAME)
        if scope["method"] not in _SAFE and self._is_foreign(headers, host):
            return problem_response(HTTPStatus.FORBIDDEN)
        return None

    def _is_ours(self, host: str) -> bool:
        """Tell whether nobody else can own the name: an address cannot be made to lead elsewhere."""
        name = _name_of(host)
        return not host or name in self._names or _is_address(name)

    def _is_foreign(self, headers: Headers, host: str) -> bool:
        if headers.get("sec-fetch-site", "none") not in _OURSELVES:
            return True
        origin = headers.get("origin")
        if origin == "null":  # a form of a page that tells nobody where it is: ours do not (Referrer-Policy)
            return headers.get("sec-fetch-site") != "same-origin"
        return origin is not None and _origin_of(origin) not in {self._origin, ("http", host), ("https", host)}


def _names_of(server: ServerSettings) -> Iterator[str]:
    yield "localhost"
    yield server.host.lower()
    yield _name_of(urlsplit(server.base_url).netloc)


def _origin_of(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", url
    return parts.scheme, parts.netloc


def _name_of(host: str) -> str:
    name, _, port = host.rpartition(":")
    return (name if name and port.isdecimal() else host).strip("[]").lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
