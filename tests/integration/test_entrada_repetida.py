"""Calls somebody captured and sends again, and calls that bring several patients at once."""

import base64
import hashlib
import hmac
import json

from app import crypto
from tests.cenario import Cenario
from tests.fabricas import FONE, make_agenda

OUTRO_FONE = "27997654321"


def signed(cenario: Cenario, body: bytes, *, ident: str) -> dict[str, str]:
    """Return the headers of Standard Webhooks, and none of the other proofs."""
    stamp = str(int(cenario.relogio().timestamp()))
    digest = hmac.new(cenario.segredo.encode(), f"{ident}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return {
        "x-webhook-secret": "",
        "webhook-id": ident,
        "webhook-timestamp": stamp,
        "webhook-signature": signature,
    }


async def test_sec_35_a_captured_yes_does_not_undo_the_no_that_followed(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    yes, no = (json.dumps({"telefone": FONE, "resposta": texto}).encode() for texto in "10")
    captured = signed(cenario, yes, ident="msg_1")
    assert (await cenario.call(yes, headers=captured))[1]["status"] == "CONFIRMADO"
    cenario.relogio.pass_time(seconds=30)
    assert (await cenario.call(no, headers=signed(cenario, no, ident="msg_2")))[1]["status"] == "CANCELADO"
    cenario.relogio.pass_time(seconds=30)
    status, _ = await cenario.call(yes, headers={**captured, "x-request-id": "outra-vez-0001"})
    assert status == 200
    visit = await cenario.visit()
    assert (visit["status_confirmacao"], visit["atencao"]) == ("cancelado", None)
    assert len(await cenario.rows("SELECT 1 FROM recebidas")) == 2


async def test_what_is_kept_of_one_patients_event_names_no_other(cenario: Cenario) -> None:
    both = [{"telefone": fone, "resposta": "oi", "mensagem_id": fone} for fone in (FONE, OUTRO_FONE)]
    status, _ = await cenario.call(json.dumps(both).encode())
    assert status == 200
    rows = await cenario.rows("SELECT corpo, posicao FROM recebidas")
    kept = [json.loads(crypto.keyring().decrypt(row["corpo"], "recebidas.corpo", cenario.tenant_id)) for row in rows]
    assert sorted(kept, key=str) == sorted(both, key=str)
    assert [row["posicao"] for row in rows] == [0, 0]
