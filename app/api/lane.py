"""The short way in, for what gateways post by the thousand a second: past every layer that pages and the API need.

Those layers cost a call more than all we do with it. Whatever is unusual about a call (a browser's, a body without a
length, an unknown address) goes the ordinary way, where the same endpoint stands.
"""

import asyncio
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from loguru import logger
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.errors import answer_of, problem_response
from app.api.limits import BODY_TIMEOUT_S, WEBHOOK_LIMIT
from app.api.routes.webhook_intelligent import WebhookEndpoint, headers_of, read_body
from app.observability import request_context

_PREFIX: Final = "/webhook/"
_OURS: Final = "botconversa"  # the specification's path; every other word is a channel
_UNUSUAL: Final = frozenset({"origin", "sec-fetch-site", "transfer-encoding", "expect"})
_LONGEST_LENGTH: Final = len(str(WEBHOOK_LIMIT))


class WebhookLane:
    """Takes plain calls of gateways; everything else is not its own."""

    def __init__(self, endpoint: WebhookEndpoint, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """`headers` go with every answer."""
        self._endpoint = endpoint
        self._headers = headers

    async def took(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Serve a call if it is one of these, and say so."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith(_PREFIX):
            return False
        canal, headers = scope["path"][len(_PREFIX) :], headers_of(scope)
        if not canal or "/" in canal or not _is_plain(headers):
            return False
        with request_context(headers.get("x-request-id")) as request_id:
            answer = await self._answer(scope, receive, headers, canal=None if canal == _OURS else canal)
            answer.raw_headers += [*self._headers, (b"x-request-id", request_id.encode())]
            await answer(scope, receive, send)
        return True

    async def _answer(
        self, scope: Scope, receive: Receive, headers: Mapping[str, str], *, canal: str | None
    ) -> Response:
        try:
            body = await _read_soon(receive)
            return await self._endpoint.answer(scope, headers, body, canal=canal)
        except Exception as error:  # noqa: BLE001  the last net: the caller gets an answer, the log the reason
            known = answer_of(error)
            if known is None:
                logger.opt(exception=error).error("http.failed")
            return known or problem_response(HTTPStatus.INTERNAL_SERVER_ERROR)


def _is_plain(headers: Mapping[str, str]) -> bool:
    """Tell whether a call comes from a program, with a body as long as it says and no longer than we take."""
    length = headers.get("content-length", "")
    if not length.isdecimal() or len(length) > _LONGEST_LENGTH or int(length) > WEBHOOK_LIMIT:
        return False
    return _UNUSUAL.isdisjoint(headers)


async def _read_soon(receive: Receive) -> bytes:
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await read_body(receive)
    except TimeoutError:
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, headers={"Connection": "close"}) from None
