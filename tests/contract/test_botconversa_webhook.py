"""Calls as received, and what is read in them."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.providers.base import UnreadableWebhook
from app.providers.botconversa.payload import parse_webhook
from app.schemas import Recebida
from app.simulator.botconversa import Outgoing, Reply, Shape, broken, build_body, sign
from tests.contract.casos import body_of, cases

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("case", cases("botconversa/n8n", "botconversa/classico", "botconversa/outros"))
def test_readable(case: dict[str, Any]) -> None:
    (recebida,) = parse_webhook(JSON, body_of(case))
    wanted = asdict(Recebida(kind="resposta")) | case["expected"]
    got = asdict(recebida)
    got["sent_at"] = recebida.sent_at.isoformat() if recebida.sent_at else None
    assert got == wanted


@pytest.mark.parametrize("case", cases("botconversa/recusados"))
def test_refused(case: dict[str, Any]) -> None:
    with pytest.raises(UnreadableWebhook) as refused:
        parse_webhook(case.get("headers", JSON), body_of(case))
    assert refused.value.code == case["refused"]
    assert refused.value.campo == case.get("campo")
    assert case.get("diz", "") in refused.value.mensagem
    assert refused.value.mensagem.endswith(".")


def test_a_list_is_many_events() -> None:
    body = json.dumps([{"telefone": "5531987654321", "resposta": text} for text in "10"]).encode()
    assert [recebida.texto for recebida in parse_webhook(JSON, body)] == ["1", "0"]


@pytest.mark.parametrize("texto", ["", "👍", "x" * 10_000, "{sim}", "null", "1️⃣", '"', "\\", "\u202e"])
@pytest.mark.parametrize("shape", [Shape.N8N, Shape.CLASSICO, Shape.PLANO, Shape.ASSINANTE, Shape.CAMPOS])
def test_whatever_a_person_writes_is_an_answer(texto: str, shape: Shape) -> None:
    reply = Reply("701234567", "5531987654321", texto, nome="Maria Souza", mensagem_id="m-1")
    (recebida,) = parse_webhook(JSON, build_body(reply, shape))
    assert (recebida.kind, recebida.subscriber_id) == ("resposta", "701234567")
    assert recebida.texto in {texto, ""}


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = scalars | st.lists(scalars, max_size=2)
keys = st.sampled_from(
    [
        "telefone",
        "phone",
        "subscriber_id",
        "resposta",
        "id_tabela",
        "enviada_em",
        "status",
        "type",
        "message",
        "content",
        "timestamp",
        "id",
    ]
)
objects = st.dictionaries(keys, values | st.dictionaries(keys, values, max_size=3), max_size=4)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(keys | st.sampled_from(["contact", "fields", "subscriber"]), values | objects))
def test_any_object_is_read_or_refused(data: dict[str, Any]) -> None:
    try:
        received = parse_webhook(JSON, json.dumps(data).encode())
    except UnreadableWebhook as refused:
        assert refused.mensagem  # noqa: PT017 - either way out is right
        return
    for recebida in received:
        assert recebida.telefone or recebida.subscriber_id
        recebida.texto.encode("utf-8")


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with pytest.raises(UnreadableWebhook):
        parse_webhook({}, body)


def test_bodies_the_simulator_spoils() -> None:
    reply = Reply("701234567", "5531987654321", "1", campos={"id_tabela": "15"})
    with pytest.raises(UnreadableWebhook):
        parse_webhook(JSON, broken(build_body(reply)))
    (recebida,) = parse_webhook(JSON, build_body(reply, unfilled=["telefone"], empty=["id_tabela"]))
    assert (recebida.telefone, recebida.atendimento_id) == (None, None)


async def test_the_simulator_posts_as_n8n_does() -> None:
    seen: list[tuple[dict[str, str], bytes]] = []

    async def take(request: web.BaseRequest) -> web.Response:
        seen.append(({key.lower(): value for key, value in request.headers.items()}, await request.read()))
        return web.json_response({"success": True}, status=503 if len(seen) == 1 else 200)

    runner = web.ServerRunner(web.Server(take))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook/botconversa"
    async with aiohttp.ClientSession() as session:
        outgoing = Outgoing(session, url, shared_secret="segredo", signing_secret="chave")
        reply = Reply("701234567", "5531987654321", "1", enviada_em=datetime(2026, 3, 2, 13, tzinfo=UTC))
        answered = await outgoing.post(build_body(reply), request_id="r-1", copies=2)
    await runner.cleanup()
    assert [answer.status for answer in answered] == [200, 200]
    assert len(seen) == 3  # the 503 was repeated, identical
    assert seen[0] == seen[1] == seen[2]
    headers, body = seen[0]
    assert (headers["x-webhook-secret"], headers["x-request-id"]) == ("segredo", "r-1")
    assert headers["x-webhook-signature"] == sign(body, "chave")
