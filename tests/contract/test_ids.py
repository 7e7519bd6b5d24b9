"""Whatever a gateway calls an id: what is none does not reach the database, and takes nobody's answer with it."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from aiohttp import web

from app.domain.entrega import Falha
from app.providers.base import OutboundMessage, Setup, WebhookCall
from app.providers.http import HttpClient
from app.providers.ids import read_code, read_id, read_name
from app.providers.registry import build_provider
from app.schemas.recebida import Recebida

PHONE: Final = "5531987654321"
LONG: Final = "x" * 201
ODD: Final = [
    pytest.param(LONG, id="longer than any id"),
    pytest.param("a\x00b", id="with a NUL"),
    pytest.param("a\nb", id="with a line break"),
    pytest.param("a\ud83db", id="with half a character"),
]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("wamid.HBg=", "wamid.HBg="),
        (" id ", "id"),
        ("x" * 200, "x" * 200),
        (701234567, "701234567"),
        (LONG, None),
        ("a\x00b", None),
        ("a\x1fb", None),
        ("\ud83d", None),
        ("", None),
        (10**400, None),
        (True, None),
        (1.5, None),
        (["a"], None),
        (None, None),
    ],
)
def test_what_is_an_id(value: object, expected: str | None) -> None:
    assert read_id(value) == expected


def test_the_name_of_an_event_is_kept_whatever_it_is() -> None:
    assert read_name(LONG + "\x00") == LONG
    assert (read_name("\x00"), read_name(None), read_name(7)) == (None, None, "7")


@pytest.mark.parametrize(
    ("value", "expected"), [("131026", 131026), (0, 0), ("9" * 10, None), ("9" * 5000, None), ("²", None), ("-1", None)]
)
def test_a_code_has_few_digits(value: object, expected: int | None) -> None:
    assert read_code(value) == expected


def evolution(event: str, data: Mapping[str, Any]) -> bytes:
    return json.dumps({"event": event, "instance": "santacasa", "data": data}).encode()


def meta(**value: Any) -> bytes:
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def answers(odd: str) -> Mapping[str, bytes]:
    """Return an answer at each gateway in which every id is `odd`."""
    key = {"remoteJid": f"{PHONE}@s.whatsapp.net", "id": odd}
    told = {"extendedTextMessage": {"text": "1", "contextInfo": {"stanzaId": odd}}}
    said = {
        "from": PHONE,
        "from_user_id": odd,
        "id": odd,
        "type": "text",
        "text": {"body": "1"},
        "context": {"id": odd},
    }
    form = {"AccountSid": "AC", "MessageSid": odd, "From": PHONE, "Body": "1", "OriginalRepliedMessageSid": odd}
    zapi = {"type": "ReceivedCallback", "phone": PHONE, "chatLid": f"{odd}@lid", "referenceMessageId": odd}
    flat = {"telefone": PHONE, "subscriber_id": odd, "resposta": "1", "mensagem_id": odd}
    return {
        "botconversa": json.dumps(flat).encode(),
        "evolution": evolution("messages.upsert", {"key": key, "message": told}),
        "meta": meta(messages=[said]),
        "twilio": urlencode(form, errors="replace").encode(),
        "zapi": json.dumps({**zapi, "messageId": odd, "text": {"message": "1"}}).encode(),
    }


def receipts(odd: str) -> Mapping[str, bytes]:
    form = {"AccountSid": "AC", "MessageSid": odd, "To": PHONE, "MessageStatus": "delivered"}
    status = {"id": "wamid.A", "biz_opaque_callback_data": odd, "recipient_user_id": odd, "status": "failed"}
    return {
        "evolution": evolution("connection.update", {"state": "close", "statusReason": 10**30}),
        "meta": meta(statuses=[{**status, "errors": [{"code": odd}]}], errors=[{"code": "9" * 5000}]),
        "twilio": urlencode(form, errors="replace").encode(),
        "zapi": json.dumps({"type": "MessageStatusCallback", "status": "READ", "phone": PHONE, "ids": [odd]}).encode(),
    }


CONFIGS: Final[Mapping[str, tuple[Mapping[str, object], Mapping[str, str]]]] = {
    "botconversa": ({}, {"api_key": "k"}),
    "evolution": ({"instancia": "santacasa"}, {"api_key": "k"}),
    "meta": ({"phone_number_id": "1"}, {"token": "t"}),
    "twilio": ({"account_sid": "AC" + "0" * 32, "remetente": "+553130000000"}, {"auth_token": "t"}),
    "zapi": ({}, {"instance_id": "I", "instance_token": "T"}),
}
each_gateway = pytest.mark.parametrize("kind", sorted(CONFIGS))
Reader = Callable[[str, bytes], Sequence[Recebida]]


@pytest.fixture(name="read")
def make_reader(http: HttpClient, clock: Any) -> Reader:
    def read(kind: str, body: bytes) -> Sequence[Recebida]:
        config, credentials = CONFIGS[kind]
        setup = Setup({"base_url": "https://gateway.test", **config}, credentials, http, clock)
        return build_provider(kind, setup).parse_webhook(WebhookCall(body))

    return read


@each_gateway
@pytest.mark.parametrize("odd", ODD)
def test_an_answer_with_odd_ids_is_an_answer_without_them(kind: str, odd: str, read: Reader) -> None:
    (recebida,) = read(kind, answers(odd)[kind])
    assert (recebida.telefone, recebida.texto) == (PHONE, "1")
    ids = [told for told in (recebida.quoted_id, recebida.subscriber_id) if told is not None]
    assert odd not in ids
    assert [read_id(told) for told in ids] == ids, "some texts lose their NUL before anything else"
    assert "\x00" not in (recebida.message_id or "")


@pytest.mark.parametrize("kind", sorted(receipts("")))
def test_news_with_odd_ids_are_about_nothing(kind: str, read: Reader) -> None:
    for recebida in read(kind, receipts(LONG)[kind]):
        odd = (recebida.our_key, recebida.codigo, recebida.subscriber_id)
        assert (odd, recebida.about_id in {None, "wamid.A"}) == ((None, None, None), True)
        assert recebida.falha in {None, Falha.PASSAGEIRA, Falha.RECUSADA}


def test_what_a_patient_wrote_at_meta_can_be_stored(read: Reader) -> None:
    said = {"from": PHONE, "id": "wamid.A", "type": "text", "text": {"body": "a\x00b"}}
    (recebida,) = read("meta", meta(messages=[said], contacts=[{"wa_id": PHONE, "profile": {"name": "Mar\x00ia"}}]))
    assert (recebida.texto, recebida.nome) == ("ab", "Maria")


ACCEPTED: Final = {
    "botconversa": {"id": LONG, "message_id": LONG},
    "evolution": {"key": {"remoteJid": f"{PHONE}@s.whatsapp.net", "id": LONG}},
    "meta": {"messages": [{"id": LONG}], "contacts": [{"user_id": LONG}]},
    "twilio": {"sid": LONG},
    "zapi": {"messageId": LONG},
}


@each_gateway
async def test_an_accepted_message_with_odd_ids_is_accepted(kind: str, http: HttpClient, clock: Any) -> None:
    async def answer(_: web.BaseRequest) -> web.Response:
        return web.json_response(ACCEPTED[kind])

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    config, credentials = CONFIGS[kind]
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    provider = build_provider(kind, Setup({"base_url": url, **config}, credentials, http, clock))
    known = "1" if kind == "botconversa" else None
    message = OutboundMessage("m1", f"+{PHONE}", "Maria", "", "Confirma?", subscriber_id=known, session_open=True)
    receipt = await provider.send(message)
    await runner.cleanup()
    assert (receipt.message_id, receipt.subscriber_id) == (None, known)
    assert [step.id for step in receipt.steps if step.id] == []
