"""Every code of the gateway, and what it makes Confirma do."""

import json
from datetime import UTC, datetime

import pytest

from app.domain.entrega import Falha
from app.providers.base import Ambiguous, BadNumber, Misconfigured, ProviderError, Rejected, Throttled, Unavailable
from app.providers.evolution.codes import FALHAS, error_of, falha_of_connection
from app.providers.http import HttpResponse

NOW = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
NOBODY = {"jid": "553187654321@s.whatsapp.net", "exists": False, "number": "5531987654321"}


def answered(status: int, said: object) -> HttpResponse:
    return HttpResponse(status, {}, json.dumps({"status": status, "response": {"message": said}}).encode())


@pytest.mark.parametrize(
    ("status", "said", "expected", "code"),
    [
        (401, "Unauthorized", Misconfigured, "401"),
        (403, ["Forbidden"], Misconfigured, "403"),
        (404, ['The "x" instance does not exist'], Misconfigured, "404"),
        (400, ['instance requires property "text"'], Rejected, "400"),
        (400, ["Text is required"], Rejected, "400"),
        (400, [NOBODY], BadNumber, "exists:false"),
        (400, [{**NOBODY, "exists": True}], Rejected, "400"),
        (400, ['The "x" instance is not connected'], Unavailable, "connection_closed"),
        (400, ["Error: Connection Closed"], Unavailable, "connection_closed"),
        (500, "Connection Closed", Unavailable, "connection_closed"),
        (500, ["Error: Connection Closed"], Unavailable, "connection_closed"),
        # it may have left before its database, or WhatsApp's answer, failed
        (400, ["Error: Timed Out"], Ambiguous, "exception"),
        (400, ["PrismaClientKnownRequestError: Connection Closed"], Ambiguous, "exception"),
        (400, ["TypeError: Cannot read properties of undefined"], Ambiguous, "exception"),
        (400, ["[object Object]"], Ambiguous, "exception"),
        (500, "Cannot read properties of undefined (reading 'textMessage')", Ambiguous, "500"),
        (500, ["Internal"], Ambiguous, "500"),
        (502, None, Ambiguous, "502"),
        (429, [], Throttled, "429"),
        (413, [], Rejected, "413"),
        (302, [], Misconfigured, "302"),
        (418, [], Rejected, "418"),
    ],
)
def test_a_refused_send(status: int, said: object, expected: type[ProviderError], code: str) -> None:
    error = error_of(answered(status, said), NOW)
    assert (type(error), error.requests) == (expected, 1)
    assert error.reason == (f"HTTP {code}" if code == str(status) else f"HTTP {status} {code}")


@pytest.mark.parametrize("body", [b"", b"<h1>Erro</h1>", b"[]", b"null", b'{"response": []}', b"[" * 100_000])
def test_a_refusal_nobody_can_read(body: bytes) -> None:
    assert type(error_of(HttpResponse(400, {}, body), NOW)) is Rejected
    assert type(error_of(HttpResponse(500, {}, body), NOW)) is Ambiguous


def test_a_400_whose_sentence_was_cut_may_be_any() -> None:
    assert type(error_of(HttpResponse(400, {}, b"", complete=False), NOW)) is Ambiguous
    assert type(error_of(HttpResponse(401, {}, b"", complete=False), NOW)) is Misconfigured


@pytest.mark.parametrize(
    ("state", "reason", "falha"),
    [
        ("close", "401", Falha.CONFIGURACAO),
        ("close", "402", Falha.CONFIGURACAO),
        ("close", "403", Falha.CONFIGURACAO),
        ("close", "406", Falha.CONFIGURACAO),
        ("close", "428", Falha.PASSAGEIRA),
        ("close", None, Falha.PASSAGEIRA),
        ("refused", "428", Falha.CONFIGURACAO),
        ("connecting", "200", None),
        ("open", "200", None),
    ],
)
def test_a_state_of_the_connection(state: str, reason: str | None, falha: Falha | None) -> None:
    assert falha_of_connection(state, reason) is falha


def test_a_failed_receipt_never_invites_a_second_message() -> None:
    assert FALHAS["ERROR"] is Falha.RECUSADA
