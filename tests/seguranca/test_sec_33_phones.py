"""SEC-33: to whom has not proved who calls, a known phone and an unknown one are the same."""

import json

import pytest

from tests.cenario import Cenario
from tests.fabricas import FONE, make_agenda
from tests.seguranca.conftest import Porta

STRANGE = "27900000000"


@pytest.mark.parametrize("proof", [{"x-webhook-secret": ""}, {"x-webhook-secret": "outro"}, {"x-api-key": "cfm_1_x"}])
async def test_sec_33_a_webhook_without_proof_tells_nothing_of_a_phone(cenario: Cenario, proof: dict[str, str]) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    told = []
    for fone in (FONE, STRANGE):
        body = json.dumps({"telefone": fone, "resposta": "1"}).encode()
        status, answer = await cenario.call(body, headers={"x-webhook-secret": "", **proof})
        answer.pop("request_id", None)
        told.append((status, answer))
    assert told[0] == told[1]
    assert told[0][0] == 401
    assert await cenario.status() == ["aguardando"]


async def test_sec_33_no_list_answers_a_stranger_about_a_phone(porta: Porta) -> None:
    told = []
    for fone in (FONE, STRANGE):
        async with porta.client.get(f"/api/v1/atendimentos?telefone={fone[-4:]}") as answer:
            body = await answer.json()
            body.pop("request_id")
            told.append((answer.status, body))
    assert told[0] == told[1]
    assert told[0][0] == 401


@pytest.mark.parametrize("texto", ["\ud800", "ana\x00", "á" * 4_000, "ana@hospital.exemplo\r\nx"])
async def test_sec_33_an_odd_login_is_an_unknown_one(porta: Porta, texto: str) -> None:
    for body in ({"usuario": texto, "senha": "x" * 12}, {"usuario": "ana", "senha": texto}):
        status = await porta.status("/api/v1/auth/token", method="POST", json=body)
        assert status in {401, 422}, (body, status)
