"""Every code of Twilio, in the answer and in a receipt: what Confirma does about it."""

from typing import Any, Final

import pytest

from app.domain.entrega import Falha
from app.providers.base import (
    Ambiguous,
    BadNumber,
    Misconfigured,
    OutsideWindow,
    ProviderError,
    Rejected,
    Stopped,
    TemplateRefused,
    Throttled,
    Unavailable,
    Withheld,
)
from app.providers.http import HttpResponse
from app.providers.twilio.codes import FALHAS, error_of, falha_of, read_code
from app.simulator.twilio import FakeTwilio, magic_phone
from tests.contract.twilio_bancada import (  # noqa: F401 - fixtures
    failure_of,
    make_provider_factory,
    message,
    start_twilio,
)

EXPECTED: Final[dict[Falha, set[int]]] = {
    Falha.RITMO: {20429, 63017, 63018, 30001, 21611},
    Falha.PASSAGEIRA: {20500, 20503, 63009, 63010, 63012, 30003, 30008},
    Falha.NUMERO: {21211, 21614, 21612, 63003, 63024, 63015, 21635, 30004, 30005, 30006},
    Falha.PAROU: {21610, 63014, 63033},
    Falha.JANELA: {63016},
    Falha.RETIDA: {63032, 63062, 63049},
    Falha.MODELO: {21654, 21655, 21656, 63005, 63013, 63021, 63027, 63028, 63036, 63040, 63041},
    Falha.CONFIGURACAO: {
        *(20003, 20404, 21603, 21606, 21703, 21704, 21705, 63001, 63002, 63006, 63007, 63008),
        *(63019, 63020, 63022, 63023, 63025, 63029, 63030, 63031),
        *(21212, 21408, 21608, 21659, 21660, 21910, 30002),
    },
    Falha.RECUSADA: {21602, 21617, 30007},
}
ERRORS: Final[dict[Falha, type[ProviderError]]] = {
    Falha.RITMO: Throttled,
    Falha.PASSAGEIRA: Unavailable,
    Falha.NUMERO: BadNumber,
    Falha.PAROU: Stopped,
    Falha.JANELA: OutsideWindow,
    Falha.RETIDA: Withheld,
    Falha.MODELO: TemplateRefused,
    Falha.CONFIGURACAO: Misconfigured,
    Falha.RECUSADA: Rejected,
}


def test_the_table_is_whole() -> None:
    assert {code: falha for falha, codes in EXPECTED.items() for code in codes} == dict(FALHAS)


@pytest.mark.parametrize("code", sorted(FALHAS))
async def test_in_the_answer(twilio: FakeTwilio, make: Any, code: int) -> None:
    error = await failure_of(make(), message(to=magic_phone(code)))
    assert type(error) is ERRORS[FALHAS[code]]
    assert (error.requests, str(code) in error.reason) == (1, True)
    assert not twilio.messages


@pytest.mark.parametrize("code", sorted(FALHAS))
def test_in_a_receipt(code: int) -> None:
    assert falha_of(code) is FALHAS[code]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, b'{"code":99999,"status":400}', Rejected),
        (429, b'{"code":99999}', Throttled),
        (401, b"{}", Misconfigured),
        (403, b'{"code":"x"}', Misconfigured),
        (404, b"<h1>Not found</h1>", Misconfigured),
        (404, b'{"code":99999}', Rejected),
        (400, b'{"code":"21211"}', BadNumber),
        (400, b'{"code":true}', Rejected),
        (400, b"[]", Rejected),
        (400, b"\xff", Rejected),
        (500, b'{"code":21211}', Ambiguous),
        (503, b'{"code":20503}', Ambiguous),
        (302, b'{"code":21211}', Misconfigured),
    ],
)
def test_a_code_nobody_knows_leaves_it_to_the_status(
    clock: Any, *, status: int, body: bytes, expected: type[ProviderError]
) -> None:
    error = error_of(HttpResponse(status, {}, body), repeatable=False, now=clock())
    assert (type(error), error.requests) == (expected, 1)


def test_a_question_may_be_asked_again_after_a_5xx(clock: Any) -> None:
    assert type(error_of(HttpResponse(503, {}, b""), repeatable=True, now=clock())) is Unavailable


def test_the_wait_that_is_asked_for(clock: Any) -> None:
    response = HttpResponse(429, {"Retry-After": "30"}, b'{"code":20429}')
    error = error_of(response, repeatable=False, now=clock())
    assert isinstance(error, Throttled)
    assert error.retry_after == 30.0


def test_a_receipt_with_a_code_nobody_knows() -> None:
    assert falha_of(None) is falha_of(99999) is Falha.RECUSADA


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (63016, 63016),
        (" 63016 ", 63016),
        *((nothing, None) for nothing in ("0", 0, "", None, True, "-5", "1" * 30, 1.5, "٣", [])),
    ],
)
def test_however_a_code_is_written(told: object, code: int | None) -> None:
    assert read_code(told) == code
