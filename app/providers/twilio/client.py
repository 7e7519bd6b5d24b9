"""The three operations of Twilio's API that we use: no retries, no rules."""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from app.providers.base import ProviderError, Unavailable
from app.providers.http import HttpClient
from app.providers.ids import read_id
from app.providers.twilio.codes import decode, error_of
from app.providers.twilio.config import TwilioConfig

Row = Mapping[str, Any]

_PAGE_SIZE: Final = 100
_CONTENTS: Final = "/v1/ContentAndApprovals"


class TwilioClient:
    def __init__(
        self, http: HttpClient, config: TwilioConfig, login: tuple[str, str], clock: Callable[[], datetime]
    ) -> None:
        """Take the pair of Basic authentication: Account SID and Auth Token, or an API key and its secret."""
        self._http = http
        self._config = config
        self._clock = clock
        basic = base64.b64encode(":".join(login).encode()).decode()
        self._headers = {"Authorization": f"Basic {basic}", "Accept": "application/json"}
        self._form_headers = {**self._headers, "Content-Type": "application/x-www-form-urlencoded"}
        self._messages = f"/2010-04-01/Accounts/{config.account_sid}/Messages.json"

    async def create_message(self, form: Mapping[str, str]) -> str | None:
        """Send one message and return its sid; None when it was taken and the answer does not say as what."""
        response = await self._http.request(
            "POST",
            self._config.base_url + self._messages,
            headers=self._form_headers,
            body=urlencode(form).encode(),
            repeatable=False,
        )
        if not response.ok:
            raise error_of(response, repeatable=False, now=self._clock())
        data = decode(response)
        return read_id(data.get("sid")) if isinstance(data, dict) else None

    async def list_messages(self, filters: Mapping[str, str]) -> tuple[list[Row], int]:
        """Return the messages that match, and how many requests it took."""
        start = f"{self._messages}?{urlencode({**filters, 'PageSize': _PAGE_SIZE})}"
        return await self._pages(self._config.base_url, start, "messages", lambda page: page.get("next_page_uri"))

    async def list_contents(self) -> list[Row]:
        """Return every content of the account with its approval by WhatsApp."""
        start = f"{_CONTENTS}?PageSize={_PAGE_SIZE}"
        rows, _ = await self._pages(self._config.content_url, start, "contents", _next_of_meta)
        return rows

    async def probe(self) -> None:
        """Ask for one message, to see whether the account answers; an API key may not ask for the account itself."""
        await self._page(f"{self._config.base_url}{self._messages}?PageSize=1", "messages", 0)

    async def _pages(
        self, host: str, path: str, rows_key: str, next_of: Callable[[Row], object]
    ) -> tuple[list[Row], int]:
        """Follow a list to its end, on the same host and path whatever it claims: the key goes nowhere else."""
        rows: list[Row] = []
        own = path.partition("?")[0]
        for done in range(self._config.max_paginas):
            page = await self._page(host + path, rows_key, done)
            rows += [row for row in page[rows_key] if isinstance(row, dict)]
            following = next_of(page)
            if not following:
                return rows, done + 1
            path = str(following)
            if path.partition("?")[0] != own or not path.isascii() or not path.isprintable():
                raise Unavailable("a página seguinte aponta para outro endereço", requests=done + 1)
        raise Unavailable("lista longa demais", requests=self._config.max_paginas)

    async def _page(self, url: str, rows_key: str, done: int) -> Row:
        try:
            page = await self._get(url)
        except ProviderError as error:
            error.requests += done
            raise error from None  # the cause may show the address, and with it a phone
        if not isinstance(page, dict) or not isinstance(page.get(rows_key), list):
            raise Unavailable("resposta ilegível", requests=done + 1)
        return page

    async def _get(self, url: str) -> object:
        response = await self._http.request("GET", url, headers=self._headers)
        if not response.ok:
            raise error_of(response, repeatable=True, now=self._clock())
        return decode(response)


def _next_of_meta(page: Row) -> object:
    meta = page.get("meta")
    following = meta.get("next_page_url") if isinstance(meta, dict) else None
    if not isinstance(following, str):
        return None
    try:
        parts = urlsplit(following)
    except ValueError:
        return "?"
    return f"{parts.path}?{parts.query}"
