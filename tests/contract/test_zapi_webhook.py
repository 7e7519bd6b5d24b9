"""Calls of Z-API as received, what is read in them, and who may make them."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from time import process_time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.providers.base import UnreadableWebhook, WebhookCall
from app.providers.http import HttpClient
from app.providers.zapi import ZapiProvider
from app.providers.zapi.payload import parse_webhook
from app.schemas import Recebida
from app.simulator.zapi import Calls, Patient
from tests.contract.casos import body_of, cases
from tests.contract.zapi_bancada import INSTANCE, PHONE, make_provider

NOW = datetime(2026, 3, 2, 13, tzinfo=UTC)
MARIA = Patient(PHONE)
OLD, NEW = "segredo-antigo", "segredo-novo-é"


def shown(recebida: Recebida) -> dict[str, Any]:
    return asdict(recebida) | {"sent_at": recebida.sent_at.isoformat() if recebida.sent_at else None}


def read(body: dict[str, Any]) -> Recebida:
    (recebida,) = parse_webhook(json.dumps(body).encode())
    return recebida


@pytest.mark.parametrize("case", cases("zapi/respostas", "zapi/noticias", "zapi/ignorados"))
def test_readable(case: dict[str, Any]) -> None:
    wanted = [asdict(Recebida(kind="resposta")) | expected for expected in case["expected"]]
    assert [shown(recebida) for recebida in parse_webhook(body_of(case))] == wanted


@pytest.mark.parametrize("case", cases("zapi/recusados"))
def test_refused(case: dict[str, Any]) -> None:
    with pytest.raises(UnreadableWebhook) as refused:
        parse_webhook(body_of(case))
    assert (refused.value.code, refused.value.campo) == (case["refused"], case.get("campo"))
    assert refused.value.mensagem.endswith(".")


def test_one_call_tells_of_several_messages() -> None:
    body = Calls(INSTANCE, lambda: NOW).status("READ", PHONE, "A", "B")
    received = parse_webhook(json.dumps(body).encode())
    assert [(recebida.about_id, recebida.corpo) for recebida in received] == [("A", None), ("B", None)]


def test_receipts_whose_word_nobody_knows_keep_a_part_each() -> None:
    body = {**Calls(INSTANCE, lambda: NOW).status("THOUGHT_OF", PHONE, "A", "B"), "extra": "x" * 1000}
    received = parse_webhook(json.dumps(body).encode())
    assert all("xxx" not in (recebida.corpo or "") for recebida in received)
    assert [json.loads(recebida.corpo or "")["ids"] for recebida in received] == [["A"], ["B"]]
    assert [parse_webhook((recebida.corpo or "").encode())[0].about_id for recebida in received] == ["A", "B"]
    assert replace(parse_webhook((received[0].corpo or "").encode())[0], corpo=received[0].corpo) == received[0]


def test_a_corrected_answer_is_no_repetition_of_the_first() -> None:
    calls = Calls(INSTANCE, lambda: NOW)
    first = calls.text(MARIA, "1")
    edited = calls.edited(first, "0")
    assert read(first).message_id != read(edited).message_id
    assert read(edited).message_id == read(edited).message_id
    assert read(edited).texto == "0"


@pytest.mark.parametrize("ninth_digit", [False, True])
def test_what_the_simulator_says_is_understood(*, ninth_digit: bool) -> None:
    calls = Calls(INSTANCE, lambda: NOW)
    calls.ninth_digit = ninth_digit
    phone = PHONE if ninth_digit else "553187654321"
    text = read(calls.text(MARIA, "Sim", quoted="D1"))
    assert (text.texto, text.quoted_id, text.telefone, text.sent_at) == ("Sim", "D1", phone, NOW)
    button = read(calls.button(MARIA, "c:1", "Confirmar", quoted="D1"))
    assert (button.texto, button.botao, button.quoted_id) == ("Confirmar", "c:1", "D1")
    chosen = read(calls.list_choice(MARIA, "c:1", "Confirmar", quoted="D1", description="Vou"))
    assert (chosen.texto, chosen.botao) == ("Confirmar", "c:1")
    hidden = read(calls.hidden(calls.text(MARIA, "1"), MARIA))
    assert (hidden.telefone, hidden.subscriber_id) == (None, MARIA.lid)
    assert read(calls.reaction(MARIA, "👍", about="D1")).quoted_id == "D1"
    assert read(calls.media(MARIA, "image", caption="guia")).texto == "guia"
    kinds = ("image", "audio", "video", "document", "sticker", "location", "contact")
    assert tuple(read(calls.media(MARIA, kind)).midia for kind in kinds) == kinds
    assert read(calls.media(MARIA, "poll")).midia == "other"
    nobody = (calls.own(MARIA, "1"), calls.group(MARIA, "1"), calls.waiting(MARIA), calls.missed_call(MARIA))
    assert [parse_webhook(json.dumps(body).encode()) for body in nobody] == [()] * 4


@pytest.mark.parametrize(
    "texto", ["", "👍", "x" * 10_000, "{sim}", "null", "1️⃣", '"', "\\", "\u202e", "\ud83d", "a\x00b"]
)
def test_whatever_a_person_writes_is_an_answer(texto: str) -> None:
    body = {**Calls(INSTANCE, lambda: NOW).text(MARIA, ""), "text": {"message": texto}}
    recebida = read(body)
    assert recebida.kind == "resposta"
    assert "\x00" not in recebida.texto
    recebida.texto.encode()


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
keys = st.sampled_from(
    [
        "phone", "chatLid", "messageId", "zaapId", "ids", "status", "momment", "error", "errorCode", "text", "message",
        "image", "caption", "reaction", "value", "referencedMessage", "buttonsResponseMessage", "listResponseMessage",
        "isEdit", "senderName", "notification", "instanceId",
    ]
)  # fmt: skip
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=3), max_leaves=6
)
types = st.sampled_from(["ReceivedCallback", "MessageStatusCallback", "DeliveryCallback", "DisconnectedCallback", "?"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(types, st.dictionaries(keys, values))
def test_any_object_is_read_or_refused(kind: str, data: dict[str, Any]) -> None:
    try:
        received = parse_webhook(json.dumps({"type": kind, **data}).encode())
    except UnreadableWebhook as refused:
        assert refused.mensagem  # noqa: PT017 - either way out is right
        return
    for recebida in received:
        named = recebida.telefone or recebida.subscriber_id or recebida.about_id
        unheard_of = recebida.kind == "status" and recebida.estado is None
        assert named or unheard_of or recebida.kind == "conta"
        recebida.texto.encode()


@settings(deadline=None)
@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with pytest.raises(UnreadableWebhook):
        parse_webhook(body)


# who calls


@pytest.fixture
def provider(http: HttpClient, clock: Any) -> ZapiProvider:
    return make_provider("https://gateway.test", http, clock)


def call(token: str | None = None, **changes: Any) -> WebhookCall:
    body = {**Calls(INSTANCE, lambda: NOW).text(MARIA, "1"), **changes}
    return WebhookCall(json.dumps(body).encode(), {"z-api-token": token} if token is not None else {})


def at(rest: str, token: str | None = None, **changes: Any) -> WebhookCall:
    return replace(call(token, **changes), url=f"https://confirma.test/webhook/canal{rest}")


@pytest.mark.parametrize(
    ("made", "secrets", "expected"),
    [
        pytest.param(call(), (), False, id="without secrets the instance alone proves nothing"),
        pytest.param(call("qualquer"), (), False, id="a header nobody asked for changes nothing"),
        pytest.param(at(f"?segredo={OLD}"), (OLD,), True, id="the secret in the address"),
        pytest.param(at(f"?x=1&segredo={quote(NEW)}#y"), (OLD, NEW), True, id="the new secret, written for an address"),
        pytest.param(at(f"?segredo={OLD}", "errado"), (OLD,), True, id="the secret in the address beside their own"),
        pytest.param(at(f"?segredo={OLD}", instanceId="OUTRA"), (OLD,), False, id="the address, of another instance"),
        pytest.param(at(f"?segredo={OLD}x"), (OLD,), False, id="an altered secret in the address"),
        pytest.param(at(f"?segredos={OLD}"), (OLD,), False, id="another parameter"),
        pytest.param(at(f"/{OLD}?segredo="), (OLD,), False, id="an empty parameter"),
        pytest.param(at("?segredo="), ("",), False, id="an empty parameter and an empty secret"),
        pytest.param(at(f"?{'a=1&' * 20}segredo={OLD}"), (OLD,), False, id="more parameters than we registered"),
        pytest.param(call(OLD, instanceId=INSTANCE.lower()), (OLD,), False, id="the instance in other letters"),
        pytest.param(call(OLD, instanceId=None), (OLD,), False, id="no instance"),
        pytest.param(call(OLD, instanceId=[INSTANCE]), (OLD,), False, id="an instance that is no text"),
        pytest.param(call(OLD, instanceId="\ud83d"), (OLD,), False, id="half a character"),
        pytest.param(call(OLD), (OLD,), True, id="the secret"),
        pytest.param(call(NEW), (OLD, NEW), True, id="the new secret while both are valid"),
        pytest.param(call(OLD), (OLD, NEW), True, id="the old secret while both are valid"),
        pytest.param(call(OLD), (NEW,), False, id="the old secret afterwards"),
        pytest.param(call(OLD + "x"), (OLD,), False, id="an altered secret"),
        pytest.param(call(), (OLD,), False, id="no header"),
        pytest.param(call(OLD, instanceId="OUTRA"), (OLD,), False, id="the secret, of another instance"),
        pytest.param(call(""), ("",), False, id="an empty secret opens nothing"),
        pytest.param(call(), ("",), False, id="an empty secret is a secret nevertheless"),
        pytest.param(call("\udcff"), (OLD,), False, id="bytes that are no text"),
        pytest.param(WebhookCall(b"nada", {"z-api-token": OLD}), (OLD,), False, id="no JSON"),
        pytest.param(WebhookCall(b"[]", {"z-api-token": OLD}), (OLD,), False, id="no object"),
    ],
)
def test_who_may_call(provider: ZapiProvider, made: WebhookCall, secrets: tuple[str, ...], *, expected: bool) -> None:
    assert provider.is_authentic(made, secrets, now=NOW) is expected


def test_a_strangers_body_is_not_even_read(provider: ZapiProvider) -> None:
    heavy = WebhookCall(b"[" + b"{}," * 1_000_000 + b"{}]", {"z-api-token": "errado"})
    started = process_time()
    assert not provider.is_authentic(heavy, (OLD,), now=NOW)
    assert process_time() - started < 0.05


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(), st.text(), st.text())
def test_a_stranger_is_refused_without_a_fault(provider: ZapiProvider, body: bytes, token: str, secret: str) -> None:
    assert not provider.is_authentic(WebhookCall(body, {"z-api-token": token}), (secret,), now=NOW)
    assert not provider.is_authentic(call(token, instanceId=token), (secret,), now=NOW)


def test_the_simulator_signs_as_told(provider: ZapiProvider) -> None:
    calls = Calls(INSTANCE, lambda: NOW, token=OLD)
    aviso = calls.aviso(calls.disconnected())
    made = WebhookCall(aviso.body, aviso.headers)
    assert provider.is_authentic(made, (OLD,), now=NOW)
    assert provider.parse_webhook(made)[0].kind == "conta"
    calls.token = "errado"
    wrong = calls.aviso(calls.connected())
    assert not provider.is_authentic(WebhookCall(wrong.body, wrong.headers), (OLD,), now=NOW)
