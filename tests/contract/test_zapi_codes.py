"""Each sentence and code of Z-API, and what it asks of us."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from app.domain.entrega import Falha
from app.providers.base import (
    Ambiguous,
    BadNumber,
    Misconfigured,
    ProviderError,
    Rejected,
    Throttled,
    Unavailable,
    Withheld,
)
from app.providers.http import HttpResponse
from app.providers.zapi.codes import CODES, find_code, refusal, refusal_in_acceptance

NOW = datetime(2026, 3, 2, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "name", "falha"),
    [
        ({"error": "your client-token is not configured"}, "CLIENT_TOKEN", Falha.CONFIGURACAO),
        ({"error": "null not allowed"}, "CLIENT_TOKEN", Falha.CONFIGURACAO),
        ({"error": "Client-Token 123 not allowed"}, "CLIENT_TOKEN", Falha.CONFIGURACAO),
        ({"error": "Instance not found"}, "INSTANCE_NOT_FOUND", Falha.CONFIGURACAO),
        ({"error": "To continue sending a message, you must subscribe …"}, "SUBSCRIPTION", Falha.CONFIGURACAO),
        ({"error": "You need to be connected"}, "NOT_CONNECTED", Falha.CONFIGURACAO),
        ({"error": "You are not connected."}, "NOT_CONNECTED", Falha.CONFIGURACAO),
        ({"error": "Device has been disconnected"}, "NOT_CONNECTED", Falha.CONFIGURACAO),
        ({"error": "The queue is full"}, "QUEUE_FULL", Falha.CONFIGURACAO),
        ({"error": "Phone number does not exist"}, "PHONE_NOT_EXISTS", Falha.NUMERO),
        ({"error": "number not exists"}, "PHONE_NOT_EXISTS", Falha.NUMERO),
        ({"error": "NOT ON WHATSAPP"}, "PHONE_NOT_EXISTS", Falha.NUMERO),
        ({"error": "Invalid phone: 5531987654321"}, "PHONE_NOT_EXISTS", Falha.NUMERO),
        ({"error": "Whatsapp rejected sending this message"}, "REJECTED_BY_WHATSAPP", Falha.RETIDA),
        ({"error": "Whatsapp rejected this, likely shadow ban"}, "SHADOW_BAN", Falha.CONFIGURACAO),
        ({"error": "Phone number does not exist", "errorCode": "SHADOW_BAN"}, "SHADOW_BAN", Falha.CONFIGURACAO),
        ({"message": "Instance not found"}, "INSTANCE_NOT_FOUND", Falha.CONFIGURACAO),
        ({"error": {"message": "Instance not found"}}, "INSTANCE_NOT_FOUND", Falha.CONFIGURACAO),
        ({"error": "outra coisa"}, "UNKNOWN", Falha.RECUSADA),
        ({"error": True}, "UNKNOWN", Falha.RECUSADA),
        ({"error": "x", "errorCode": "MEDIA_ERROR"}, "MEDIA_ERROR", Falha.RECUSADA),
        ({"error": "x", "errorCode": "5531987654321"}, "UNKNOWN", Falha.RECUSADA),
        ({"error": "x", "errorCode": ["SHADOW_BAN"]}, "UNKNOWN", Falha.RECUSADA),
    ],
)
def test_codes(data: dict[str, Any], name: str, falha: Falha) -> None:
    code = find_code(data)
    assert code is not None
    assert (code.name, code.falha) == (name, falha)


@pytest.mark.parametrize("data", [{}, {"error": None}, {"error": ""}, {"error": " "}, {"connected": True}])
def test_no_error_is_no_code(data: dict[str, Any]) -> None:
    assert find_code(data) is None


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_each_code_is_known_by_its_name_too(code: Any) -> None:
    assert find_code({"errorCode": code.name}) == code


@pytest.mark.parametrize(
    ("status", "body", "expected", "reason"),
    [
        (400, {"error": "your client-token is not configured"}, Misconfigured, "HTTP 400 CLIENT_TOKEN"),
        (404, {"error": "Instance not found"}, Misconfigured, "HTTP 404 INSTANCE_NOT_FOUND"),
        (400, {"error": "Phone number does not exist"}, BadNumber, "HTTP 400 PHONE_NOT_EXISTS"),
        (400, {"error": "Whatsapp did not allow"}, Withheld, "HTTP 400 REJECTED_BY_WHATSAPP"),
        (400, {"error": "message must be informed"}, Rejected, "HTTP 400"),
        (422, None, Rejected, "HTTP 422"),
        (401, None, Misconfigured, "HTTP 401"),
        (402, None, Misconfigured, "HTTP 402"),
        (403, {"error": "?"}, Misconfigured, "HTTP 403"),
        (404, None, Misconfigured, "HTTP 404"),
        (405, None, Misconfigured, "HTTP 405"),
        (415, None, Misconfigured, "HTTP 415"),
        (301, None, Misconfigured, "HTTP 301"),
        (429, {"error": "You need to be connected"}, Throttled, "HTTP 429"),
        (500, {"error": "Instance not found"}, Ambiguous, "HTTP 500"),
        (503, None, Ambiguous, "HTTP 503"),
    ],
)
def test_refusals(status: int, body: object, expected: type[ProviderError], reason: str) -> None:
    encoded = b"" if body is None else msgspec.json.encode(body)
    error = refusal(HttpResponse(status, {}, encoded), body if isinstance(body, dict) else {}, now=NOW)
    assert (type(error), error.reason) == (expected, reason)


def test_a_refusal_whose_reason_got_lost_may_be_repeated() -> None:
    assert type(refusal(HttpResponse(400, {}, b"", complete=False), {}, now=NOW)) is Unavailable


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"error": "You need to be connected"}, Misconfigured),
        ({"error": "algo novo"}, Ambiguous),
        ({"message": "queued"}, type(None)),
        ({}, type(None)),
    ],
)
def test_a_yes_that_holds_an_error(data: dict[str, Any], expected: type) -> None:
    assert type(refusal_in_acceptance(data)) is expected
