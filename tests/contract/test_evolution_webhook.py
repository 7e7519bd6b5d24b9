"""Calls as received, what is read in them, and who may make them."""

import base64
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.providers.base import UnreadableWebhook, WebhookCall
from app.providers.evolution.payload import instant, parse_webhook
from app.providers.evolution.proof import is_proven
from app.schemas import Recebida
from app.simulator.evolution import bearer
from tests.contract.casos import cases
from tests.contract.evolution_bancada import SECRET, fake_fixture, make_provider_fixture  # noqa: F401

NOW = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
# made with openssl: iat 13:00, exp 13:10
TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJpYXQiOjE3NzI0NTY0MDAsImV4cCI6MTc3MjQ1NzAwMCwiYXBwIjoiZXZvbHV0aW9uIiwiYWN0aW9uIjoid2ViaG9vayJ9."
    "U9bXZT6KGtyB9OdGXg7_Py6IWS17lo-hZXxu7XbsQ6g"
)
OTHER = "outro-segredo-de-teste"


@pytest.mark.parametrize("case", [*cases("evolution/respostas"), *cases("evolution/avisos")])
def test_readable(case: dict[str, Any]) -> None:
    received = parse_webhook(json.dumps(case["body"]).encode())
    assert len(received) == len(case["expected"])
    for recebida, expected in zip(received, case["expected"], strict=True):
        got = {**asdict(recebida), "corpo": None}
        got["sent_at"] = recebida.sent_at.isoformat() if recebida.sent_at else None
        assert got == asdict(Recebida(kind="resposta")) | expected


@pytest.mark.parametrize("case", cases("evolution/ignorados"))
def test_ignored(case: dict[str, Any]) -> None:
    assert parse_webhook(json.dumps(case["body"]).encode()) == ()


@pytest.mark.parametrize("case", cases("evolution/recusados"))
def test_refused(case: dict[str, Any]) -> None:
    with pytest.raises(UnreadableWebhook) as refused:
        parse_webhook(case["raw"].encode())
    assert (refused.value.code, refused.value.campo) == (case["refused"], case.get("campo"))
    assert refused.value.mensagem.endswith(".")


def test_of_several_events_each_keeps_its_own_part() -> None:
    (case,) = [
        param.values[0] for param in cases("evolution/respostas") if param.id.endswith(": an array of two people")
    ]
    first, second = parse_webhook(json.dumps(case["body"]).encode())
    assert first.corpo is not None
    assert "João" not in first.corpo
    assert "token-da-instancia" not in first.corpo
    assert [parse_webhook(str(one.corpo).encode())[0].telefone for one in (first, second)] == [
        "553187654321",
        "5511987654321",
    ]
    assert parse_webhook(json.dumps({**case["body"], "data": case["body"]["data"][0]}).encode())[0].corpo is None


@pytest.mark.parametrize("texto", ["", "👍", "x" * 10_000, "null", "1️⃣", '"', "\\", "\u202e", "\ud83d", "a\x00b"])
def test_whatever_a_person_writes_is_an_answer(texto: str) -> None:
    key = {"remoteJid": "553187654321@s.whatsapp.net", "fromMe": False, "id": "3EB0AAAA00000001"}
    data = {"key": key, "message": {"conversation": texto}}
    body = json.dumps({"event": "messages.upsert", "instance": "santacasa", "data": data}).encode()
    (recebida,) = parse_webhook(body)
    assert recebida.kind == "resposta"
    assert "\x00" not in recebida.texto
    recebida.texto.encode()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1772456860, 1772456860),
        ("1772456860", 1772456860),
        ({"low": 1772456860, "high": 0}, 1772456860),
        ({"low": -2, "high": 0}, 4294967294),
        ({"low": 5}, 5),
        ({"high": 5}, None),
        ({"low": "5", "high": None}, None),
        (0, None),
        (-1, None),
        (True, None),
        (10**30, None),
        ("9" * 5000, None),
        ("²", None),
        (1.5, None),
        (None, None),
        ([], None),
    ],
)
def test_instants(value: object, seconds: int | None) -> None:
    assert instant(value) == (None if seconds is None else datetime.fromtimestamp(seconds, UTC))


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
names = st.sampled_from(
    [
        "key",
        "remoteJid",
        "fromMe",
        "id",
        "keyId",
        "status",
        "state",
        "statusReason",
        "message",
        "conversation",
        "ephemeralMessage",
        "interactiveResponseMessage",
        "nativeFlowResponseMessage",
        "paramsJson",
        "listResponseMessage",
        "imageMessage",
        "contextInfo",
        "stanzaId",
        "messageTimestamp",
        "low",
        "pushName",
    ]
)
jids = st.sampled_from(["553187654321@s.whatsapp.net", "114001234567890@lid", "1@g.us", "@", "status@broadcast"])
trees = st.recursive(
    scalars | jids, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=20
)
events = st.sampled_from(["messages.upsert", "messages.update", "send.message", "connection.update"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events, trees)
def test_any_event_is_read_or_left_out(event: str, data: object) -> None:
    body = json.dumps({"event": event, "instance": "santacasa", "data": data}).encode()
    for recebida in parse_webhook(body):
        assert recebida.kind == "conta" or recebida.telefone or recebida.subscriber_id or recebida.about_id
        recebida.texto.encode()


@settings(deadline=None)
@given(st.binary() | trees.map(lambda tree: json.dumps(tree).encode()))
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableWebhook):
        parse_webhook(body)


def test_a_bottomless_body_is_refused() -> None:
    with pytest.raises(UnreadableWebhook):
        parse_webhook(b"[" * 200_000)


@pytest.mark.parametrize(
    ("headers", "secrets", "proven"),
    [
        pytest.param({"x-webhook-secret": SECRET}, [SECRET], True, id="the secret"),
        pytest.param({"x-webhook-secret": SECRET}, [OTHER, SECRET], True, id="one of two while they change"),
        pytest.param({"x-webhook-secret": SECRET}, [OTHER], False, id="the one before"),
        pytest.param({"x-webhook-secret": SECRET + " "}, [SECRET], False, id="nearly the secret"),
        pytest.param({"x-webhook-secret": ""}, [""], False, id="an empty secret lets nobody in"),
        pytest.param({"x-webhook-secret": "ç\udc80"}, [SECRET], False, id="a header nobody can encode"),
        pytest.param({"x-webhook-secret": SECRET}, [], False, id="nothing set up"),
        pytest.param({}, [SECRET], False, id="no header"),
        pytest.param({"authorization": f"Bearer {TOKEN}"}, [SECRET], True, id="the token"),
        pytest.param({"authorization": f"bearer {TOKEN}"}, [OTHER, SECRET], True, id="the token, while secrets change"),
        pytest.param({"authorization": f"Bearer {TOKEN}"}, [OTHER], False, id="the token of another secret"),
        pytest.param({"authorization": f"Bearer {TOKEN[:-2]}AA"}, [SECRET], False, id="an altered signature"),
        pytest.param({"authorization": f"Bearer {TOKEN.rpartition('.')[0]}."}, [SECRET], False, id="no signature"),
        pytest.param({"authorization": f"Bearer {TOKEN}.x"}, [SECRET], False, id="a part too many"),
        pytest.param({"authorization": f"Basic {TOKEN}"}, [SECRET], False, id="not a bearer"),
        pytest.param({"authorization": f"Bearer {SECRET}"}, [SECRET], False, id="the secret where a token belongs"),
        pytest.param({"authorization": "Bearer ç.é.ã"}, [SECRET], False, id="no token's letters"),
        pytest.param({"authorization": "Bearer"}, [SECRET], False, id="a bearer of nothing"),
    ],
)
def test_who_is_believed(headers: dict[str, str], secrets: list[str], *, proven: bool) -> None:
    assert is_proven(headers, secrets, NOW) is proven


@pytest.mark.parametrize(
    ("token", "proven"),
    [
        pytest.param(bearer(SECRET, NOW), True, id="as it is made"),
        pytest.param(bearer(SECRET, NOW - timedelta(seconds=620)), True, id="20 s late: two clocks"),
        pytest.param(bearer(SECRET, NOW - timedelta(seconds=640)), False, id="expired"),
        pytest.param(bearer(SECRET, NOW, app="outro"), False, id="made for something else"),
        pytest.param(bearer(SECRET, NOW, exp=None), False, id="without an end"),
        pytest.param(bearer(SECRET, NOW, exp="9999999999"), False, id="an end that is no number"),
        pytest.param(bearer(SECRET, NOW, head={"alg": "none"}), False, id="alg none"),
        pytest.param(bearer(SECRET, NOW, head={"alg": "HS512"}), False, id="another algorithm"),
        pytest.param(bearer(SECRET, NOW, head={"typ": "JWT"}), False, id="no algorithm"),
    ],
)
def test_tokens(token: str, *, proven: bool) -> None:
    assert is_proven({"authorization": token}, [SECRET], NOW) is proven


def test_altered_claims_are_refused() -> None:
    head, claims, signature = TOKEN.split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    longer = base64.urlsafe_b64encode(json.dumps({**told, "exp": 9999999999}).encode()).decode().rstrip("=")
    assert not is_proven({"authorization": f"Bearer {head}.{longer}.{signature}"}, [SECRET], NOW)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_no_header_is_too_strange(value: str) -> None:
    assert not is_proven({"authorization": f"Bearer {value}", "x-webhook-secret": value}, [SECRET], NOW)


@pytest.mark.parametrize(
    ("body", "authentic"),
    [
        pytest.param({"event": "messages.upsert", "instance": "santacasa"}, True, id="our instance"),
        pytest.param({"event": "messages.upsert", "instance": "outra"}, False, id="another of the same server"),
        pytest.param({"event": "messages.upsert"}, False, id="no instance"),
        pytest.param([], True, id="no envelope: its reader will say so"),
    ],
)
def test_the_instance_must_be_ours(make_provider: Any, body: object, *, authentic: bool) -> None:
    provider, sent = make_provider(), json.dumps(body).encode()
    assert provider.is_authentic(WebhookCall(sent, {"x-webhook-secret": SECRET}), [SECRET], now=NOW) is authentic
    assert not provider.is_authentic(WebhookCall(sent, {"x-webhook-secret": OTHER}), [SECRET], now=NOW)


def test_a_broken_body_of_a_proven_caller_is_explained(make_provider: Any) -> None:
    provider, call = make_provider(), WebhookCall(b"{", {"x-webhook-secret": SECRET})
    assert provider.is_authentic(call, [SECRET], now=NOW)
    with pytest.raises(UnreadableWebhook):
        provider.parse_webhook(call)
