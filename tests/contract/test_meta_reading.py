"""Whatever Meta tells, in every shape of the contract and in none."""

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.providers.base import UnreadableWebhook
from app.providers.meta.payload import parse_webhook
from app.schemas.recebida import Recebida
from app.simulator.meta import FakeMeta, MetaOptions, Person, said
from tests.contract.casos import cases
from tests.contract.conftest import StillClock
from tests.contract.meta_bancada import DIGITS, MARIA

NUMBER, ACCOUNT = "106540352242922", "102290129340398"


def read(body: bytes) -> tuple[Recebida, ...]:
    return tuple(parse_webhook(body, phone_number_id=NUMBER, waba_id=ACCOUNT))


def shown(recebida: Recebida) -> dict[str, Any]:
    sent_at = recebida.sent_at.isoformat() if recebida.sent_at else None
    return asdict(recebida) | {"sent_at": sent_at, "corpo": None}


def has_part(case: Any) -> bool:
    """Tell whether a case's event is kept: an answer, or a receipt whose word nobody knows."""
    (expected,) = case.values[0]["expected"] or [{"kind": "conta"}]
    return expected["kind"] == "resposta" or (expected["kind"] == "status" and expected.get("estado") is None)


@pytest.mark.parametrize("case", cases("meta/respostas", "meta/recibos", "meta/conta", "meta/ignorados"))
def test_each_shape(case: dict[str, Any]) -> None:
    wanted = [asdict(Recebida(kind=row["kind"])) | row for row in case["expected"]]
    assert [shown(recebida) for recebida in read(json.dumps(case["body"]).encode())] == wanted


@pytest.mark.parametrize("case", [case for case in cases("meta/respostas", "meta/recibos") if has_part(case)])
def test_beside_others_each_event_keeps_its_own_part(case: dict[str, Any]) -> None:
    """The part is kept in the event's place, and read again if it could not be applied."""
    both = {**case["body"], "entry": [*case["body"]["entry"], *stranger()["entry"]]}
    first, second = read(json.dumps(both).encode())
    assert first.corpo is not None
    (again,) = read(first.corpo.encode())
    assert (shown(again), again.corpo) == (shown(first), None)
    assert second.texto == "0"
    assert "Joana" not in first.corpo


@pytest.mark.parametrize("case", [case for case in cases("meta/recibos", "meta/conta") if not has_part(case)])
def test_ordinary_news_leave_no_body_behind(case: dict[str, Any]) -> None:
    both = {**case["body"], "entry": [*case["body"]["entry"], *stranger()["entry"]]}
    first, second = read(json.dumps(both).encode())
    assert (first.corpo, second.corpo is not None) == (None, True)


def stranger() -> dict[str, Any]:
    value = {
        "metadata": {"phone_number_id": NUMBER},
        "contacts": [{"profile": {"name": "Joana"}, "wa_id": "5511977776666"}],
        "messages": [{"from": "5511977776666", "id": "wamid.B", "type": "text", "text": {"body": "0"}}],
    }
    entry = {"id": ACCOUNT, "changes": [{"field": "messages", "value": value}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def test_beside_news_of_no_interest_the_part_is_kept_too() -> None:
    body = stranger()
    body["entry"][0]["changes"].append({"field": "hologram_update", "value": {"phone": "553187654321"}})
    recebida, novidade = read(json.dumps(body).encode())
    assert recebida.corpo is not None
    assert "553187654321" not in recebida.corpo
    assert read(str(novidade.corpo).encode()) == (replace(novidade, corpo=None),)


def test_a_thousand_in_one_body() -> None:
    fake = FakeMeta(StillClock(), MetaOptions())
    people = [Person(f"55319{70000000 + n}", f"Paciente {n}", only_bsuid=n % 3 == 0) for n in range(1000)]
    received = read(fake.receive_all([(person, said.text(str(n))) for n, person in enumerate(people)]).body)
    assert [recebida.texto for recebida in received] == [str(n) for n in range(1000)]
    assert [recebida.subscriber_id for recebida in received] == [person.user_id for person in people]
    assert [recebida.telefone for recebida in received] == [None if p.only_bsuid else p.wa_id for p in people]
    assert [recebida.nome for recebida in received] == [person.nome for person in people]
    for n, recebida in enumerate(received):
        kept = recebida.corpo or ""
        assert f'"Paciente {n}"' in kept
        assert kept.count('"Paciente ') == kept.count('"user_id"') == 1
        (again,) = read(kept.encode())
        assert shown(again) == shown(recebida)


def test_messages_receipts_and_errors_of_one_change_in_their_order() -> None:
    value = {
        "metadata": {"phone_number_id": NUMBER},
        "messages": [{"from": DIGITS, "id": "a", "type": "text", "text": {"body": "1"}}],
        "statuses": [{"id": "b", "status": "read"}, {"id": "c", "status": "sent"}],
        "errors": [{"code": 131042}],
    }
    entry = {"id": ACCOUNT, "changes": [{"field": "messages", "value": value}]}
    received = read(json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode())
    assert [(recebida.kind, recebida.about_id) for recebida in received] == [
        ("resposta", None),
        ("status", "b"),
        ("status", "c"),
        ("conta", None),
    ]


@pytest.mark.parametrize("texto", ["", "👍", "x" * 10_000, "{sim}", "null", "1️⃣", '"', "\\", "\u202e", "Não\n\tvou"])
def test_whatever_a_person_writes_is_an_answer(texto: str) -> None:
    fake = FakeMeta(StillClock())
    (recebida,) = read(fake.receive(MARIA, said.text(texto)).body)
    assert (recebida.kind, recebida.texto, recebida.nome) == ("resposta", texto, "Maria Souza")


def test_half_an_emoji_loses_nobody() -> None:
    body = json.dumps(stranger()).replace('"0"', '"0 \\ud83d"').encode()
    (recebida,) = read(body)
    assert recebida.texto == "0 ?"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b"", "json_invalido", id="nothing"),
        pytest.param(b'{"object":"whatsapp_business_account","entry":[', "json_invalido", id="cut"),
        pytest.param(b"\xff\xfe", "json_invalido", id="no text"),
        pytest.param(b'{"entry":NaN}', "json_invalido", id="no number"),
        pytest.param(b"[" * 100_000, "json_invalido", id="without end"),
        pytest.param(b"[]", "formato_desconhecido", id="a list"),
        pytest.param(b"{}", "formato_desconhecido", id="no entry"),
        pytest.param(b'{"entry":{}}', "formato_desconhecido", id="entry of another type"),
    ],
)
def test_what_is_no_notice_of_meta(body: bytes, code: str) -> None:
    with pytest.raises(UnreadableWebhook) as refused:
        read(body)
    assert refused.value.code == code
    assert refused.value.mensagem.endswith(".")


def test_deep_inside_a_message() -> None:
    body = json.dumps(stranger()).replace('{"body": "0"}', '{"body": ' * 900 + "0" + "}" * 900)
    deep = json.loads(body)
    deep["entry"] *= 2  # written again for each event
    try:
        received = read(json.dumps(deep).encode())
    except UnreadableWebhook as refused:
        assert refused.code == "json_invalido"  # noqa: PT017 - either way out is right
        return
    assert len(received) == 2


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
words = st.sampled_from(
    [
        *(
            "text",
            "button",
            "interactive",
            "system",
            "image",
            "reaction",
            "messages",
            "failed",
            "read",
            "account_update",
        ),
        *("message_template_status_update", NUMBER, ACCOUNT, "5531987654321", "BR.1A", "1763906400", "131026"),
    ]
)
keys = st.sampled_from(
    [
        *(
            "type",
            "text",
            "button",
            "interactive",
            "button_reply",
            "system",
            "reaction",
            "context",
            "id",
            "from",
            "body",
        ),
        *(
            "from_user_id",
            "timestamp",
            "status",
            "errors",
            "code",
            "recipient_id",
            "wa_id",
            "user_id",
            "profile",
            "name",
        ),
        *("payload", "title", "event", "reason", "alert_info", "biz_opaque_callback_data", "group_id"),
    ]
)
values = st.recursive(
    scalars | words, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)
rows = st.lists(st.dictionaries(keys, values, max_size=6) | values, max_size=3) | values
exchanged = st.fixed_dictionaries(
    {}, optional={"messages": rows, "statuses": rows, "errors": rows, "contacts": rows, "metadata": values}
)
changes = st.fixed_dictionaries({"field": words | values, "value": exchanged | values})
entries = st.fixed_dictionaries(
    {}, optional={"id": words | values, "time": values, "changes": st.lists(changes) | rows}
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(entries | values, max_size=3))
def test_any_json_is_read_or_refused(entry: list[Any]) -> None:
    body = json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode()
    try:
        received = read(body)
    except UnreadableWebhook as refused:
        assert refused.mensagem  # noqa: PT017 - either way out is right
        return
    for recebida in received:
        assert recebida.kind in {"resposta", "status", "conta"}
        for told in (recebida.texto, recebida.telefone, recebida.subscriber_id, recebida.nome, recebida.corpo):
            (told or "").encode("utf-8")
        if recebida.corpo is not None:
            (again,) = read(recebida.corpo.encode())
            assert shown(again) == shown(recebida)


@settings(deadline=None)
@given(values)
def test_any_envelope_is_read_or_refused(data: Any) -> None:
    try:
        assert read(json.dumps(data).encode()) == ()
    except UnreadableWebhook as refused:
        assert refused.mensagem  # noqa: PT017 - either way out is right


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(UnreadableWebhook):
        read(body)
