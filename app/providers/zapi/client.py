"""The operations of Z-API we use, one method each: no retries, no rules."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from app.providers.base import Button, ProviderError
from app.providers.http import HttpClient, HttpResponse
from app.providers.zapi.config import ZapiCredentials

_NOTHING: Final[Mapping[str, Any]] = {}


class ZapiClient:
    def __init__(self, http: HttpClient, base_url: str, credentials: ZapiCredentials) -> None:
        self._http = http
        self._root = f"{base_url}/instances/{credentials.instance_id}/token/{credentials.instance_token}"
        self._headers = {"Accept": "application/json"}
        if credentials.client_token is not None:
            self._headers["Client-Token"] = credentials.client_token
        self._json_headers = {**self._headers, "Content-Type": "application/json"}

    async def send_text(self, phone: str, text: str) -> HttpResponse:
        return await self._send("/send-text", {"phone": phone, "message": text})

    async def send_buttons(self, phone: str, text: str, buttons: Sequence[Button]) -> HttpResponse:
        shown = [{"id": button.payload, "label": button.title} for button in buttons]
        body = {"phone": phone, "message": text, "buttonList": {"buttons": shown}}
        return await self._send("/send-button-list", body)

    async def status(self) -> HttpResponse:
        return await self._request("GET", "/status", headers=self._headers)

    async def _send(self, path: str, body: Mapping[str, object]) -> HttpResponse:
        encoded = msgspec.json.encode(body)
        return await self._request("POST", path, headers=self._json_headers, body=encoded, repeatable=False)

    async def _request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        repeatable: bool = True,
    ) -> HttpResponse:
        try:
            return await self._http.request(
                method, self._root + path, headers=headers, body=body, repeatable=repeatable
            )
        except ProviderError as error:
            raise error from None  # the cause may show the address, and with it the token


def object_in(response: HttpResponse) -> Mapping[str, Any]:
    """Return the JSON object of an answer, empty where there is none to be read."""
    try:
        data = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, RecursionError):
        return _NOTHING
    return data if isinstance(data, dict) else _NOTHING
