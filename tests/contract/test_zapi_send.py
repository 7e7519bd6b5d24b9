"""Messages on their way to Z-API, over real HTTP: what arrives, what is refused, what each failure becomes."""

import json
import traceback
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from app.providers.base import (
    Ambiguous,
    BadNumber,
    Button,
    Misconfigured,
    OutboundMessage,
    ProviderError,
    Rejected,
    Template,
    Throttled,
    Unavailable,
)
from app.providers.http import HttpClient
from app.providers.zapi import ZapiProvider
from app.simulator.zapi import FakeZapi, Fault
from tests.contract.zapi_bancada import (
    BUTTONS,
    CLIENT_TOKEN,
    INSTANCE,
    PHONE,
    TOKEN,
    make_provider,
    message,
    running_fake,
)


@pytest.fixture
async def fake(clock: Any) -> AsyncIterator[FakeZapi]:
    async with running_fake(clock) as server:
        yield server


@pytest.fixture
def provider(fake: FakeZapi, http: HttpClient, clock: Any) -> ZapiProvider:
    return make_provider(fake.url, http, clock)


async def failure_of(provider: ZapiProvider, outbound: OutboundMessage) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await provider.send(outbound)
    return raised.value


async def test_a_text(fake: FakeZapi, provider: ZapiProvider) -> None:
    receipt = await provider.send(message("Olá, *Maria*\nConfirma?"))
    (taken,) = fake.delivered
    assert (taken.phone, taken.text, taken.kind) == (PHONE, "Olá, *Maria*\nConfirma?", "text")
    assert (receipt.message_id, receipt.subscriber_id, receipt.requests) == (taken.id, None, 1)
    assert [(step.ok, step.id) for step in receipt.steps] == [(True, taken.id)]
    assert fake.bodies == [{"phone": PHONE, "message": "Olá, *Maria*\nConfirma?"}]
    assert fake.requests == provider.cost(message()) == 1


async def test_buttons_where_the_channel_wants_them(fake: FakeZapi, http: HttpClient, clock: Any) -> None:
    provider = make_provider(fake.url, http, clock, botoes=True)
    assert provider.capabilities.buttons
    receipt = await provider.send(message(buttons=BUTTONS))
    assert [taken.kind for taken in fake.delivered] == ["buttons"]
    shown = [{"id": "c:51177197", "label": "Confirmar"}, {"id": "n:51177197", "label": "Não vou"}]
    assert fake.bodies[0]["buttonList"] == {"buttons": shown}
    assert receipt.message_id == fake.delivered[0].id


async def test_elsewhere_the_text_says_it_in_words(fake: FakeZapi, provider: ZapiProvider) -> None:
    assert not provider.capabilities.buttons
    await provider.send(message(buttons=BUTTONS))
    assert [taken.kind for taken in fake.delivered] == ["text"]


async def test_a_template_goes_as_the_text_it_says(fake: FakeZapi, provider: ZapiProvider) -> None:
    await provider.send(message(template=Template("confirmacao", "pt_BR"), session_open=False))
    assert [taken.kind for taken in fake.delivered] == ["text"]


@pytest.mark.parametrize(
    ("outbound", "expected"),
    [
        pytest.param(message(""), Rejected, id="no text"),
        pytest.param(message(" \n"), Rejected, id="nothing but space"),
        pytest.param(message("x" * 4097), Rejected, id="too long"),
        pytest.param(message(flow="confirmacao"), Rejected, id="a flow"),
        pytest.param(message(buttons=[Button("p", "t")] * 4), Rejected, id="four buttons"),
        pytest.param(message(buttons=[Button("p", "t" * 21)]), Rejected, id="a long title"),
        pytest.param(message(buttons=[Button("p", "")]), Rejected, id="no title"),
        pytest.param(message(to="5531987654321"), BadNumber, id="not E.164"),
        pytest.param(message(to="+55 31 98765-4321"), BadNumber, id="a mask"),
        pytest.param(message(to=""), BadNumber, id="no phone"),
    ],
)
async def test_refused_before_anything_is_spent(
    fake: FakeZapi, provider: ZapiProvider, outbound: OutboundMessage, expected: type[ProviderError]
) -> None:
    error = await failure_of(provider, outbound)
    assert (type(error), error.requests, fake.requests) == (expected, 0, 0)


async def test_the_longest_text_passes(fake: FakeZapi, provider: ZapiProvider) -> None:
    await provider.send(message("x" * 4096))
    assert len(fake.delivered) == 1


@pytest.mark.parametrize(
    ("credentials", "reason"),
    [
        ({"client_token": ""}, "HTTP 400 CLIENT_TOKEN"),
        ({"client_token": "outro"}, "HTTP 400 CLIENT_TOKEN"),
        ({"instance_id": "OUTRA"}, "HTTP 400 INSTANCE_NOT_FOUND"),
        ({"instance_token": "OUTRO"}, "HTTP 400 INSTANCE_NOT_FOUND"),
    ],
)
async def test_wrong_credentials(
    fake: FakeZapi, http: HttpClient, clock: Any, *, credentials: dict[str, str], reason: str
) -> None:
    provider = make_provider(fake.url, http, clock, credentials=credentials)
    error = await failure_of(provider, message())
    assert (type(error), error.reason, error.requests) == (Misconfigured, reason, 1)
    health = await provider.check()
    assert (health.ok, health.detail) == (False, "a Z-API recusou a instância, o token ou o Client-Token")


async def test_the_documented_sentence_and_status_say_the_same(fake: FakeZapi, http: HttpClient, clock: Any) -> None:
    fake.refusals.unauthorized, fake.refusals.instance_status = "null not allowed", 404
    without = make_provider(fake.url, http, clock, credentials={"client_token": ""})
    assert (await failure_of(without, message())).reason == "HTTP 400 CLIENT_TOKEN"
    unknown = make_provider(fake.url, http, clock, credentials={"instance_id": "OUTRA"})
    assert type(await failure_of(unknown, message())) is Misconfigured


async def test_an_address_that_is_not_the_api(fake: FakeZapi, http: HttpClient, clock: Any) -> None:
    assert type(await failure_of(make_provider(f"{fake.url}/v2", http, clock), message())) is Misconfigured


async def test_an_expired_subscription(fake: FakeZapi, provider: ZapiProvider) -> None:
    fake.refusals.subscribed = False
    error = await failure_of(provider, message())
    assert (type(error), error.reason) == (Misconfigured, "HTTP 400 SUBSCRIPTION")


async def test_a_number_that_z_api_refuses_at_once(fake: FakeZapi, provider: ZapiProvider) -> None:
    fake.refusals.without_whatsapp.add(PHONE)
    fake.refusals.refuses_at_once = True
    error = await failure_of(provider, message())
    assert (type(error), error.reason, error.requests) == (BadNumber, "HTTP 400 PHONE_NOT_EXISTS", 1)


async def test_the_rate_is_careful_unless_told_otherwise(http: HttpClient, clock: Any) -> None:
    assert make_provider("https://gateway.test", http, clock).capabilities.rate_per_minute == 30
    quick = make_provider("https://gateway.test/", http, clock, taxa_por_minuto="60")
    assert (quick.capabilities.rate_per_minute, quick.config.base_url) == (60, "https://gateway.test")


# disconnected


async def test_what_is_accepted_while_disconnected_waits_at_z_api(fake: FakeZapi, provider: ZapiProvider) -> None:
    fake.connected = False
    receipt = await provider.send(message())
    assert (receipt.message_id is not None, len(fake.delivered)) == (True, 0)
    health = await provider.check()
    assert (health.ok, health.detail) == (False, "o WhatsApp está desconectado da Z-API: leia o QR code no painel dela")
    await fake.reconnect()
    assert [taken.id for taken in fake.delivered] == [receipt.message_id]
    assert (await provider.check()).ok


async def test_a_full_queue_stops_the_channel_and_not_the_message(fake: FakeZapi, provider: ZapiProvider) -> None:
    fake.connected, fake.refusals.queue_limit = False, 1
    await provider.send(message())
    error = await failure_of(provider, message())
    assert (type(error), error.reason) == (Misconfigured, "HTTP 400 QUEUE_FULL")


async def test_an_instance_that_says_it_is_disconnected(fake: FakeZapi, provider: ZapiProvider) -> None:
    fake.connected, fake.refusals.says_disconnected = False, True
    error = await failure_of(provider, message())
    assert (type(error), error.reason) == (Misconfigured, "HTTP 400 NOT_CONNECTED")


# faults


@pytest.mark.parametrize(
    ("fault", "expected", "arrived"),
    [
        pytest.param(Fault.LOST_ANSWER, Ambiguous, 1, id="taken, answer lost"),
        pytest.param(Fault.ERROR_AFTER, Ambiguous, 1, id="taken, answered 500"),
        pytest.param(Fault.SILENT, Ambiguous, 1, id="taken, never answered"),
        pytest.param(Fault.REFUSED_500, Ambiguous, 0, id="500 without taking looks the same"),
        pytest.param(Fault.RESET, Ambiguous, 0, id="a cut connection looks the same"),
        pytest.param(Fault.THROTTLE, Throttled, 0, id="429 took nothing"),
    ],
)
@pytest.mark.parametrize("botoes", [False, True])
async def test_the_send_fails(
    fake: FakeZapi,
    http: HttpClient,
    clock: Any,
    *,
    fault: Fault,
    expected: type[ProviderError],
    arrived: int,
    botoes: bool,
) -> None:
    fake.fail_next("send", fault)
    error = await failure_of(make_provider(fake.url, http, clock, botoes=botoes), message(buttons=BUTTONS))
    assert (type(error), error.requests, [step.ok for step in error.steps]) == (expected, 1, [False])
    assert (len(fake.delivered), fake.requests) == (arrived, 1)  # nothing is tried twice in here
    if isinstance(error, Throttled):
        assert error.retry_after == 7.0


@pytest.mark.parametrize(("fault", "has_id"), [(Fault.GARBAGE, False), (Fault.SLOW, True)])
async def test_accepted_with_garbage_or_late_is_accepted(
    fake: FakeZapi, provider: ZapiProvider, *, fault: Fault, has_id: bool
) -> None:
    fake.fail_next("send", fault)
    receipt = await provider.send(message())
    assert (receipt.message_id is not None, receipt.requests, len(fake.delivered)) == (has_id, 1, 1)


@pytest.mark.parametrize(
    ("outage", "expected"),
    [(0, Ambiguous), (500, Ambiguous), (503, Ambiguous), (301, Misconfigured), (403, Misconfigured)],
)
async def test_outages(fake: FakeZapi, provider: ZapiProvider, *, outage: int, expected: type[ProviderError]) -> None:
    fake.outage = outage
    assert type(await failure_of(provider, message())) is expected
    assert not (await provider.check()).ok


async def test_nobody_listens(fake: FakeZapi, provider: ZapiProvider) -> None:
    await fake.stop()
    error = await failure_of(provider, message())
    assert (type(error), error.requests) == (Unavailable, 0)
    assert not (await provider.check()).ok


# health


async def test_health(fake: FakeZapi, provider: ZapiProvider) -> None:
    health = await provider.check()
    assert (health.ok, health.detail) == (True, "a Z-API está conectada ao WhatsApp")
    fake.fail_next("status", Fault.GARBAGE, Fault.THROTTLE, Fault.RESET)
    told = [await provider.check() for _ in range(3)]
    assert [one.ok for one in told] == [False, False, False]
    assert [one.detail for one in told[:2]] == [
        "a Z-API respondeu algo que não se entende",
        "a Z-API pede para ir mais devagar",
    ]


async def test_check_spends_no_message(fake: FakeZapi, provider: ZapiProvider, clock: Any) -> None:
    clock.advance(timedelta(days=1))
    await provider.check()
    assert ([row["operacao"] for row in fake.log], fake.messages) == (["status"], [])
    await provider.close()


# secrets and people


async def test_reasons_hold_neither_people_nor_secrets(fake: FakeZapi, provider: ZapiProvider) -> None:
    fake.refusals.unauthorized = f"client-token {PHONE} Maria"
    shown: list[str] = []
    for fault in Fault:
        fake.fail_next("send", fault)
        try:
            await provider.send(message())
        except ProviderError as error:
            shown += [error.reason, *(step.detail for step in error.steps), *traceback.format_exception(error)]
    await fake.stop()
    shown += traceback.format_exception(await failure_of(provider, message()))
    told = "".join(shown)
    assert shown
    assert not [word for word in (PHONE, "Maria", INSTANCE, TOKEN, CLIENT_TOKEN) if word in told]


async def test_nobody_sees_the_token_by_printing(provider: ZapiProvider) -> None:
    assert TOKEN not in f"{provider!r} {provider.config!r}"


# the fake itself


ROOT = f"/instances/{INSTANCE}/token/{TOKEN}"
JSON = {"content-type": "application/json", "client-token": CLIENT_TOKEN}


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "/send-text", JSON, None, 405),
        ("POST", "/status", JSON, {}, 405),
        ("POST", "/send-pigeon", JSON, {}, 404),
        ("POST", "/send-text", {"client-token": CLIENT_TOKEN, "content-type": "text/plain"}, {}, 415),
        ("POST", "/send-text", JSON, {}, 400),
        ("POST", "/send-text", JSON, {"phone": "+5531987654321", "message": "x"}, 400),
        ("POST", "/send-text", JSON, {"phone": "(31) 98765-4321", "message": "x"}, 400),
        ("POST", "/send-text", JSON, {"phone": PHONE, "message": " "}, 400),
        ("POST", "/send-text", JSON, {"phone": PHONE, "message": "x", "delayMessage": 16}, 400),
        ("POST", "/send-text", JSON, {"phone": PHONE, "message": "x", "text": "x"}, 400),
        ("POST", "/send-button-list", JSON, {"phone": PHONE, "message": "x"}, 400),
        ("POST", "/send-button-list", JSON, {"phone": PHONE, "message": "x", "buttonList": {"buttons": [{}]}}, 400),
        ("POST", "/send-text", JSON, {"phone": PHONE, "message": "x", "delayMessage": 15}, 200),
        ("GET", "/queue", JSON, None, 200),
    ],
)
async def test_the_fake_refuses_what_z_api_refuses(
    fake: FakeZapi, http: HttpClient, *, method: str, path: str, headers: dict[str, str], body: object, status: int
) -> None:
    encoded = json.dumps(body).encode() if body is not None else None
    response = await http.request(method, fake.url + ROOT + path, headers=headers, body=encoded)
    assert response.status == status
    assert len(fake.delivered) == (status == 200 and method == "POST")
