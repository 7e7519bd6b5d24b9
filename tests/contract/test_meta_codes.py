"""Every code of the contract has its place in the one table, and an unlisted one a harmless one."""

import msgspec
import pytest

from app.domain.entrega import Falha
from app.providers.base import Ambiguous, Misconfigured, ProviderError, Rejected, Throttled, Unavailable
from app.providers.http import HttpResponse
from app.providers.meta.codes import FALHAS, WAITS, error_of, falha_of

CONTRACT = {
    Falha.CONFIGURACAO: [0, 190, 3, 10, 200, 250, 299, 131005, 368, 131031, 130497, 131042, 131045, 133010, 33, 131037],
    Falha.RITMO: [4, 80007, 130429, 133016, 131048],
    Falha.ESPERA: [131056],
    Falha.PASSAGEIRA: [1, 2, 131000, 131016, 131057, 133000, 133004],
    Falha.NUMERO: [131026, 131021],
    Falha.JANELA: [131047],
    Falha.RETIDA: [131049, 130472],
    Falha.PAROU: [131050],
    Falha.RECUSADA: [
        *(100, 131008, 131009, 131051, 131052, 131053, 135000, 131062),
        *(131055, 134100, 134101, 134102),
    ],
    Falha.MODELO: [132000, 132001, 132005, 132007, 132012, 132015, 132016, 132068, 132069],
}


@pytest.mark.parametrize(("code", "falha"), [(code, falha) for falha, codes in CONTRACT.items() for code in codes])
def test_each_code_has_one_meaning(code: int, falha: Falha) -> None:
    assert FALHAS[code] is falha
    assert falha_of(code, "553187654321") is falha


@pytest.mark.parametrize("code", [None, -1, 300, 199, 987654])
def test_what_nobody_knows_refuses_one_message(code: int | None) -> None:
    assert falha_of(code) is Falha.RECUSADA


def test_every_wait_is_about_a_rate_and_one_person_waits_longer_than_a_second_of_all() -> None:
    assert {FALHAS[code] for code in WAITS} == {Falha.RITMO, Falha.ESPERA}
    assert WAITS[131056] > WAITS[130429]


def answered(status: int, error: object = None, *, complete: bool = True) -> HttpResponse:
    body = b"<html>" if error is None else msgspec.json.encode({"error": error})
    return HttpResponse(status, {}, body if complete else b"", complete)


@pytest.mark.parametrize(
    ("response", "repeatable", "expected"),
    [
        pytest.param(answered(400), False, Rejected, id="a page of HTML"),
        pytest.param(answered(500), False, Ambiguous, id="500 without a code, of a send"),
        pytest.param(answered(500), True, Unavailable, id="500 without a code, of a question"),
        pytest.param(answered(429), False, Throttled, id="429 without a code"),
        pytest.param(answered(401), False, Misconfigured, id="401 without a code"),
        pytest.param(answered(302), False, Misconfigured, id="a redirect"),
        pytest.param(answered(400, complete=False), False, Unavailable, id="400 whose code was cut: surely not taken"),
        pytest.param(answered(503, {"code": 131016}), False, Unavailable, id="5xx that says it did nothing"),
        pytest.param(answered(500, {"code": 131026}), False, Rejected, id="the code counts, not the status"),
        pytest.param(answered(500, {"code": 1}), False, Ambiguous, id="an unknown error may have been taken"),
        pytest.param(answered(500, {"code": 1}), True, Unavailable, id="an unknown error of a question"),
        pytest.param(answered(503, {"code": 987654}), False, Ambiguous, id="an unlisted code goes by its status"),
        pytest.param(answered(400, {"code": "131047"}), False, Rejected, id="a code as text"),
        pytest.param(answered(400, {"code": None}), False, Rejected, id="no code"),
        pytest.param(answered(400, []), False, Rejected, id="no error"),
        pytest.param(answered(400, {"code": 100, "error_subcode": 33}), False, Misconfigured, id="no such number"),
        pytest.param(answered(400, {"code": 100, "error_subcode": 1}), False, Rejected, id="a parameter"),
    ],
)
def test_an_answer(response: HttpResponse, *, repeatable: bool, expected: type[ProviderError]) -> None:
    error = error_of(response, repeatable=repeatable)
    assert isinstance(error, expected)
    assert error.requests == 1
    assert str(error) == error.reason
