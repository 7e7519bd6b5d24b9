"""A message on its way through Evolution, and what each failure of it means."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.providers.base import (
    Ambiguous,
    BadNumber,
    Misconfigured,
    OutboundMessage,
    ProviderError,
    Rejected,
    Template,
    Throttled,
    Unavailable,
    WhatsAppProvider,
)
from app.simulator.evolution import ClosedAnswer, FakeEvolution
from app.simulator.gateway import Fault
from tests.contract.evolution_bancada import (
    BUTTONS,
    PHONE,
    ask,
    fake_fixture,  # noqa: F401
    make_provider_fixture,  # noqa: F401
    message,
)


def sent(fake: FakeEvolution) -> list[tuple[str, str]]:
    return [(taken.kind, taken.text) for taken in fake.delivered]


async def failure_of(provider: WhatsAppProvider, outbound: OutboundMessage) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await provider.send(outbound)
    assert PHONE not in raised.value.reason
    assert "Maria" not in raised.value.reason
    return raised.value


def test_what_it_says_it_can_do(make_provider: Any) -> None:
    can = make_provider().capabilities
    assert (can.text, can.receipts, can.quotes, can.message_ids) == (True, True, True, True)
    assert (can.buttons, can.templates, can.flows, can.query, can.idempotent) == (False, False, False, False, False)
    assert (can.needs_template, can.rate_unit, can.rate_per_minute) == (False, "message", 20)
    tuned = make_provider(botoes=True, taxa_por_minuto=45).capabilities
    assert (tuned.buttons, tuned.rate_per_minute) == (True, 45)


@pytest.mark.parametrize(
    ("config", "changes", "kind"),
    [
        pytest.param({}, {}, "sendText", id="a text"),
        pytest.param({}, {"buttons": BUTTONS}, "sendText", id="buttons off: the text says it in words"),
        pytest.param({"botoes": True}, {"buttons": BUTTONS}, "sendButtons", id="buttons on"),
        pytest.param({"botoes": True}, {}, "sendText", id="buttons on, none to show"),
        pytest.param({}, {"template": Template("t", "pt_BR")}, "sendText", id="a text gets through: no template"),
        pytest.param({}, {"text": "Olá, 😀\n\"1\" ou '0'"}, "sendText", id="any sign"),
    ],
)
async def test_what_is_sent(
    fake: FakeEvolution, make_provider: Any, *, config: Mapping[str, Any], changes: Mapping[str, Any], kind: str
) -> None:
    provider, outbound = make_provider(**config), message(**changes)
    receipt = await provider.send(outbound)
    assert sent(fake) == [(kind, outbound.text)]
    assert (receipt.message_id, receipt.requests) == (fake.messages[0].id, provider.cost(outbound))
    assert fake.messages[0].phone == PHONE
    assert receipt.subscriber_id is None  # the person is the phone


async def test_the_privacy_id_of_the_answer_is_kept(fake: FakeEvolution, make_provider: Any) -> None:
    fake.lids[PHONE] = "114001234567890@lid"
    receipt = await make_provider().send(message())
    assert receipt.subscriber_id == "114001234567890@lid"


async def test_an_instance_with_a_difficult_name_and_its_own_key(fake: FakeEvolution, make_provider: Any) -> None:
    fake.instance = "santa casa/vitória"
    fake.states[fake.instance] = "open"
    fake.tokens["token"] = fake.instance
    await make_provider(api_key="token").send(message())
    assert fake.log[-1]["caminho"].endswith("/santa%20casa%2Fvit%C3%B3ria")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"text": " "}, Rejected, id="nothing to say"),
        pytest.param({"text": "x" * 4097}, Rejected, id="too long"),
        pytest.param({"flow": "confirmacao"}, Rejected, id="a flow"),
        pytest.param({"buttons": BUTTONS * 2}, Rejected, id="four buttons"),
        pytest.param({"to": ""}, BadNumber, id="no number"),
        pytest.param({"to": "+55319876"}, BadNumber, id="a short number reaches the gateway"),
    ],
)
async def test_what_is_refused_aloud(
    fake: FakeEvolution, make_provider: Any, changes: Mapping[str, Any], expected: type[ProviderError]
) -> None:
    fake.without_whatsapp.add("55319876")
    error = await failure_of(make_provider(botoes=True), message(**changes))
    assert type(error) is expected
    assert error.requests == fake.requests  # nothing is asked for in vain
    assert sent(fake) == []


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"api_key": "outra"}, id="wrong key"),
        pytest.param({"instancia": "outra"}, id="no such instance"),
    ],
)
async def test_a_wrong_set_up(make_provider: Any, config: Mapping[str, Any]) -> None:
    error = await failure_of(make_provider(**config), message())
    assert (type(error), error.requests) == (Misconfigured, 1)


async def test_a_key_opens_its_own_instance_only(fake: FakeEvolution, make_provider: Any) -> None:
    fake.tokens["token"] = "outra"
    fake.states["outra"] = "open"
    assert type(await failure_of(make_provider(api_key="token"), message())) is Misconfigured


async def test_a_number_without_whatsapp(fake: FakeEvolution, make_provider: Any) -> None:
    fake.without_whatsapp.add(PHONE)
    error = await failure_of(make_provider(), message())
    assert (type(error), error.reason, error.requests) == (BadNumber, "HTTP 400 exists:false", 1)


@pytest.mark.parametrize("closed", list(ClosedAnswer))
async def test_a_closed_connection_keeps_the_message(
    fake: FakeEvolution, make_provider: Any, closed: ClosedAnswer
) -> None:
    provider = make_provider()
    fake.switch("close", 428)
    fake.closed_answer = closed
    error = await failure_of(provider, message())
    assert (type(error), error.requests) == (Unavailable, 1)
    assert not (await provider.check()).ok
    fake.switch("open")
    await provider.send(message())
    assert len(sent(fake)) == 1


async def test_a_400_after_the_message_left_is_no_refusal(fake: FakeEvolution, make_provider: Any) -> None:
    fake.breaks_after_send = True
    error = await failure_of(make_provider(), message())
    assert (type(error), error.reason) == (Ambiguous, "HTTP 400 exception")
    assert len(sent(fake)) == 1


@pytest.mark.parametrize(
    ("fault", "expected", "arrived"),
    [
        pytest.param(Fault.LOST_ANSWER, Ambiguous, 1, id="sent, answer lost"),
        pytest.param(Fault.ERROR_AFTER, Ambiguous, 1, id="sent, answered 500"),
        pytest.param(Fault.SILENT, Ambiguous, 1, id="sent, never answered"),
        pytest.param(Fault.REFUSED_500, Ambiguous, 0, id="500 without sending looks the same"),
        pytest.param(Fault.RESET, Ambiguous, 0, id="a cut connection looks the same"),
        pytest.param(Fault.THROTTLE, Throttled, 0, id="429 took nothing"),
    ],
)
async def test_faults(
    fake: FakeEvolution, make_provider: Any, *, fault: Fault, expected: type[ProviderError], arrived: int
) -> None:
    fake.fail_next("send", fault)
    error = await failure_of(make_provider(), message())
    assert (type(error), error.requests, len(sent(fake))) == (expected, 1, arrived)
    assert fake.requests == 1  # nothing is tried twice in here
    if isinstance(error, Throttled):
        assert error.retry_after == 7.0


@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.SLOW])
async def test_taken_is_taken_however_it_is_answered(fake: FakeEvolution, make_provider: Any, fault: Fault) -> None:
    fake.fail_next("send", fault)
    receipt = await make_provider().send(message())
    assert len(sent(fake)) == 1
    assert receipt.message_id == (None if fault is Fault.GARBAGE else fake.messages[0].id)


async def test_nobody_there(fake: FakeEvolution, make_provider: Any) -> None:
    provider = make_provider()
    await fake.stop()
    error = await failure_of(provider, message())
    assert (type(error), error.requests) == (Unavailable, 0)
    assert not (await provider.check()).ok


@pytest.mark.parametrize(
    ("state", "ok", "says"),
    [
        ("open", True, "conectado"),
        ("connecting", False, "se conectando"),
        ("close", False, "QR code"),
        ("", False, "reinicie"),
    ],
)
async def test_check_tells_the_connection(
    fake: FakeEvolution, make_provider: Any, *, state: str, ok: bool, says: str
) -> None:
    fake.states[fake.instance] = state
    health = await make_provider().check()
    assert (health.ok, says in health.detail) == (ok, True)


@pytest.mark.parametrize(
    ("config", "says"), [({"api_key": "outra"}, "recusou a chave"), ({"instancia": "outra"}, "não existe")]
)
async def test_check_tells_a_wrong_set_up(make_provider: Any, config: Mapping[str, Any], says: str) -> None:
    health = await make_provider(**config).check()
    assert (health.ok, says in health.detail) == (False, True)


async def test_check_survives_an_outage(fake: FakeEvolution, make_provider: Any) -> None:
    fake.outage = 502
    assert (await make_provider().check()).detail == "HTTP 502"


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/message/sendText/santacasa", {"text": "oi"}, "number"),
        ("/message/sendText/santacasa", {"number": PHONE}, "text"),
        ("/message/sendText/santacasa", {"number": PHONE, "text": ""}, "required"),
        ("/message/sendButtons/santacasa", {"number": PHONE, "title": "t", "description": "d"}, "one button"),
        ("/webhook/set/santacasa", {"enabled": True, "url": "https://x.test"}, "webhook"),
        ("/webhook/set/santacasa", {"webhook": {"enabled": True, "url": "x"}}, "url"),
    ],
)
async def test_the_fake_is_as_strict_as_the_contract(
    fake: FakeEvolution, path: str, body: Mapping[str, Any], says: str
) -> None:
    status, answer = await ask(fake, path, body)
    assert status == 400
    assert says in answer["response"]["message"][0]
