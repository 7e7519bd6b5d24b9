"""Every operation of Botconversa's REST API, one method each: no retries, no rules."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Self
from urllib.parse import urljoin, urlsplit

import msgspec

from app.providers.base import BadNumber, ProviderError, Rejected, Throttled, Unavailable, error_from
from app.providers.http import HttpClient, HttpResponse
from app.providers.ids import read_id

_NO_DATA: Final[Mapping[str, object]] = {}
_EXPECTED_IN: Final = re.compile(rb"available in (\d{1,5}) second")
_ABSENT: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST})
_EXISTS: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT})


class NotFound(Rejected):
    """The subscriber, flow, field or tag of the path does not exist."""


@dataclass(slots=True)
class Meter:
    """Requests that reached the gateway: Botconversa counts these, not messages."""

    requests: int = 0


@dataclass(frozen=True, slots=True)
class Subscriber:
    id: str
    phone: str
    first_name: str = ""
    last_name: str = ""
    created: bool = False
    variables: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Named:
    """A flow, tag, campaign, sequence, custom field or account variable."""

    id: int
    name: str


class BotconversaClient:
    def __init__(
        self, http: HttpClient, base_url: str, api_key: str, *, max_pages: int = 50, meter: Meter | None = None
    ) -> None:
        self._http = http
        self._base = base_url.rstrip("/")
        self._key = api_key
        self._max_pages = max_pages
        self._meter = meter or Meter()
        self._headers = {"API-KEY": api_key, "Accept": "application/json"}
        self._json_headers = {**self._headers, "Content-Type": "application/json"}

    def metered(self, meter: Meter) -> Self:
        """Return the same client counting elsewhere: one meter for each message."""
        return type(self)(self._http, self._base, self._key, max_pages=self._max_pages, meter=meter)

    # subscribers

    async def find_subscriber(self, phone: str) -> Subscriber | None:
        """Look up one written form of a phone: digits, or `%2B` and digits."""
        response = await self._request("GET", f"/subscriber/get_by_phone/{phone}/")
        if response.status in _ABSENT:
            return None
        return _subscriber(_object(_checked(response)))

    async def create_subscriber(self, phone: str, first_name: str, last_name: str) -> Subscriber | None:
        """Create the contact; None when the gateway has it but did not say its id."""
        response = await self._request(
            "POST",
            "/subscriber/",
            {"phone": phone, "first_name": first_name, "last_name": last_name, "has_opt_in_whatsapp": True},
        )
        if response.status in _EXISTS and b"exist" in response.body.lower():
            return None
        if response.status == HTTPStatus.BAD_REQUEST and _blames_phone(response.body):
            raise BadNumber("número recusado pela Botconversa")
        return _subscriber(_object(_checked(response))) if response.body.strip() else None

    async def list_subscribers(self, page: int | None = None) -> list[Subscriber]:
        """List one page of contacts, or all pages up to the client's maximum."""
        path = "/subscribers/" if page is None else f"/subscribers/?page={page}"
        rows = await self._list(path, max_pages=1 if page else self._max_pages)
        return [found for row in rows if (found := _subscriber(row)) is not None]

    async def delete_subscriber(self, subscriber_id: str) -> None:
        await self._call("DELETE", f"/subscriber/{_id(subscriber_id)}/delete/")

    # what reaches the patient: never to be repeated blindly

    async def send_message(self, subscriber_id: str, value: str, *, kind: str = "text") -> str | None:
        """Send a text, or with kind="file" the public address of a file; return the message's id if one is told."""
        path = f"/subscriber/{_id(subscriber_id)}/send_message/"
        return _message_id(await self._call("POST", path, {"type": kind, "value": value}, repeatable=False))

    async def send_flow(self, subscriber_id: str, flow: int) -> str | None:
        path = f"/subscriber/{_id(subscriber_id)}/send_flow/"
        return _message_id(await self._call("POST", path, {"flow": flow}, repeatable=False))

    async def add_to_campaign(self, subscriber_id: str, campaign: int) -> None:
        await self._call("POST", f"/subscriber/{_id(subscriber_id)}/campaigns/{campaign}/", _NO_DATA, repeatable=False)

    async def add_to_sequence(self, subscriber_id: str, sequence: int) -> None:
        await self._call("POST", f"/subscriber/{_id(subscriber_id)}/sequences/{sequence}/", _NO_DATA, repeatable=False)

    # what a repetition does not change

    async def remove_from_campaign(self, subscriber_id: str, campaign: int) -> None:
        await self._call("DELETE", f"/subscriber/{_id(subscriber_id)}/campaigns/{campaign}/")

    async def remove_from_sequence(self, subscriber_id: str, sequence: int) -> None:
        await self._call("DELETE", f"/subscriber/{_id(subscriber_id)}/sequences/{sequence}/")

    async def add_tag(self, subscriber_id: str, tag: int) -> None:
        await self._call("POST", f"/subscriber/{_id(subscriber_id)}/tags/{tag}/", _NO_DATA)

    async def remove_tag(self, subscriber_id: str, tag: int) -> None:
        await self._call("DELETE", f"/subscriber/{_id(subscriber_id)}/tags/{tag}/")

    async def set_custom_field(self, subscriber_id: str, custom_field: int, value: str) -> None:
        path = f"/subscriber/{_id(subscriber_id)}/custom_fields/{custom_field}/"
        await self._call("POST", path, {"value": value})

    async def clear_custom_field(self, subscriber_id: str, custom_field: int) -> None:
        await self._call("DELETE", f"/subscriber/{_id(subscriber_id)}/custom_fields/{custom_field}/")

    async def change_conversation_status(
        self, subscriber_id: str, *, is_open: bool, manager: int | None = None
    ) -> None:
        body: dict[str, object] = {"open_conversation": is_open}
        if manager is not None:
            body["manager"] = manager
        await self._call("POST", f"/subscriber/{_id(subscriber_id)}/change_conversation_status/", body)

    async def set_bot_field(self, bot_field: int, value: str) -> None:
        await self._call("POST", f"/bot_fields/{bot_field}/", {"value": value})

    # the account's lists

    async def list_bot_fields(self) -> list[Named]:
        return await self._named("/bot_fields/")

    async def list_custom_fields(self) -> list[Named]:
        return await self._named("/custom_fields/")

    async def list_flows(self) -> list[Named]:
        return await self._named("/flows/")

    async def list_sequences(self) -> list[Named]:
        return await self._named("/sequences/")

    async def list_tags(self) -> list[Named]:
        return await self._named("/tags/")

    async def list_campaigns(self) -> list[Named]:
        return await self._named("/campaigns/")

    async def create_campaign(self, name: str) -> Mapping[str, object]:
        """Create a campaign. Ambiguous when the answer is lost: a repetition would make two."""
        return _object(await self._call("POST", "/campaigns/create/", {"name": name}, repeatable=False))

    async def read_campaign(self, campaign: int) -> Mapping[str, object]:
        return _object(await self._call("GET", f"/campaigns/{campaign}/"))

    async def delete_campaign(self, campaign: int) -> None:
        await self._call("DELETE", f"/campaigns/{campaign}/")

    async def list_managers(self) -> list[Mapping[str, object]]:
        return await self._list("/managers/", max_pages=self._max_pages)

    async def create_manager(self, data: Mapping[str, object]) -> Mapping[str, object]:
        return _object(await self._call("POST", "/managers/", data, repeatable=False))

    async def read_manager(self, manager: int) -> Mapping[str, object]:
        return _object(await self._call("GET", f"/managers/{manager}/"))

    async def update_manager(self, manager: int, data: Mapping[str, object]) -> Mapping[str, object]:
        return _object(await self._call("PATCH", f"/managers/{manager}/", data))

    async def delete_manager(self, manager: int) -> None:
        await self._call("DELETE", f"/managers/{manager}/")

    # how all of them travel

    async def _named(self, path: str) -> list[Named]:
        rows = await self._list(path, max_pages=self._max_pages)
        return [named for row in rows if (named := _named(row)) is not None]

    async def _list(self, path: str, *, max_pages: int) -> list[Mapping[str, object]]:
        """Read a plain array, or pages of one."""
        rows: list[Mapping[str, object]] = []
        for _ in range(max_pages):
            data = _decoded(await self._call("GET", path))
            results = data.get("results") if isinstance(data, dict) else data
            if not isinstance(results, list):
                raise Unavailable("resposta ilegível")
            rows += [row for row in results if isinstance(row, dict)]
            following = data.get("next") if isinstance(data, dict) else None
            if not following:
                break
            path = self._next_path(str(following))
        return rows

    def _next_path(self, url: str) -> str:
        """Return where the next page is, on our own host whatever the answer claims: the key goes nowhere else."""
        base = urlsplit(self._base)
        following = urlsplit(urljoin(self._base + "/", url))
        if following.hostname != base.hostname or not following.path.startswith(base.path + "/"):
            raise Rejected("a página seguinte aponta para outro endereço")
        path = following.path[len(base.path) :]
        return f"{path}?{following.query}" if following.query else path

    async def _call(
        self, method: str, path: str, data: Mapping[str, object] | None = None, *, repeatable: bool = True
    ) -> HttpResponse:
        return _checked(await self._request(method, path, data, repeatable=repeatable), repeatable=repeatable)

    async def _request(
        self, method: str, path: str, data: Mapping[str, object] | None = None, *, repeatable: bool = True
    ) -> HttpResponse:
        body = None if data is None else msgspec.json.encode(data)
        headers = self._headers if body is None else self._json_headers
        try:
            response = await self._http.request(
                method, self._base + path, headers=headers, body=body, repeatable=repeatable
            )
        except ProviderError as error:
            self._meter.requests += error.requests
            raise
        self._meter.requests += 1
        return response


def _checked(response: HttpResponse, *, repeatable: bool = True) -> HttpResponse:
    if response.ok:
        return response
    raise _error(response, repeatable=repeatable)


def _error(response: HttpResponse, *, repeatable: bool) -> ProviderError:
    if response.status == HTTPStatus.NOT_FOUND:
        return NotFound("HTTP 404", requests=1)
    error = error_from(response, repeatable=repeatable)
    if isinstance(error, Throttled) and "Retry-After" not in response.headers:
        told = _EXPECTED_IN.search(response.body)
        error.retry_after = float(told[1]) if told else error.retry_after
    error.requests = 1
    return error


def _decoded(response: HttpResponse) -> object:
    try:
        return msgspec.json.decode(response.body)
    except (msgspec.DecodeError, RecursionError):
        raise Unavailable("resposta ilegível", requests=1) from None


def _object(response: HttpResponse) -> Mapping[str, object]:
    data = _decoded(response)
    if not isinstance(data, dict):
        raise Unavailable("resposta ilegível", requests=1)
    return data


def _subscriber(row: Mapping[str, object]) -> Subscriber | None:
    subscriber_id = read_id(row.get("id")) if row.get("id") else None
    if subscriber_id is None:
        return None
    variables = row.get("variables")
    return Subscriber(
        id=subscriber_id,
        phone=str(row.get("phone") or ""),
        first_name=str(row.get("first_name") or ""),
        last_name=str(row.get("last_name") or ""),
        created=row.get("created") is True,
        variables=variables if isinstance(variables, dict) else {},
    )


def _named(row: Mapping[str, object]) -> Named | None:
    """Read an item: fields and variables call their name `key`."""
    number, name = row.get("id"), row.get("name") or row.get("key")
    return Named(int(number), str(name)) if isinstance(number, int | str) and str(number).isdigit() and name else None


def _message_id(response: HttpResponse) -> str | None:
    """Read an id if there is one: the API promises none, and the body may be empty or no JSON at all."""
    try:
        data = msgspec.json.decode(response.body) if response.body else None
    except (msgspec.DecodeError, RecursionError):
        return None
    value = data.get("message_id") if isinstance(data, dict) else None
    return read_id(value) if value else None


def _blames_phone(body: bytes) -> bool:
    """Tell whether a refused contact is the number's fault; an unexplained refusal mostly is."""
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return True
    if not isinstance(data, dict):
        return True
    named = {"first_name", "last_name", "has_opt_in_whatsapp"} & set(data)
    return "phone" in data or not named


def _id(subscriber_id: str) -> str:
    """Refuse what is no id before it becomes part of a path."""
    if not (subscriber_id.isascii() and subscriber_id.isalnum()):
        raise NotFound("identificador de contato inválido")
    return subscriber_id
