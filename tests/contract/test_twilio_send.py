"""Messages that leave, as Twilio takes them, and those that are refused before anybody is called."""

import json
from typing import Any

import pytest

from app.providers.base import (
    Ambiguous,
    BadNumber,
    Misconfigured,
    OutsideWindow,
    ProviderError,
    Rejected,
    Template,
    TemplateRefused,
    Throttled,
    Unavailable,
)
from app.simulator.gateway import Fault
from app.simulator.twilio import FakeTwilio, magic_phone
from tests.contract.twilio_bancada import (  # noqa: F401 - fixtures
    BUTTONS,
    COM_BOTOES,
    CONFIRMA,
    PENDENTE,
    PHONE,
    SENDER,
    SERVICE,
    SIMPLES,
    failure_of,
    make_provider_factory,
    message,
    start_twilio,
    template,
)


async def test_a_text_inside_the_24_hours(twilio: FakeTwilio, make: Any) -> None:
    twilio.conversations.open(PHONE)
    receipt = await make(webhook_url="https://h.test/webhook/c1").send(message(text="Olá & até já = 1+1\n👍"))
    assert twilio.forms == [
        {
            "To": f"whatsapp:{PHONE}",
            "From": f"whatsapp:{SENDER}",
            "Body": "Olá & até já = 1+1\n👍",
            "StatusCallback": "https://h.test/webhook/c1?k=m1-2026.a",
        }
    ]
    assert (receipt.message_id, receipt.subscriber_id, receipt.requests) == (twilio.rows[0]["sid"], None, 1)
    assert [(step.step, step.ok, step.id) for step in receipt.steps] == [("mensagem", True, receipt.message_id)]
    assert [taken.text for taken in twilio.delivered] == ["Olá & até já = 1+1\n👍"]


async def test_without_a_public_address_nothing_is_told_later(twilio: FakeTwilio, make: Any) -> None:
    provider = make()
    await provider.send(message())
    assert "StatusCallback" not in twilio.forms[0]
    assert not provider.capabilities.receipts
    assert make(webhook_url="https://h.test/w").capabilities.receipts


async def test_an_address_that_has_a_query_keeps_it(twilio: FakeTwilio, make: Any) -> None:
    await make(webhook_url="https://h.test/w?a=1").send(message())
    assert twilio.forms[0]["StatusCallback"] == "https://h.test/w?a=1&k=m1-2026.a"


async def test_a_template_outside_the_24_hours(twilio: FakeTwilio, make: Any) -> None:
    await make().send(message(session_open=False, template=template(CONFIRMA, "Maria", "12/08 às 8h")))
    form = twilio.forms[0]
    assert "Body" not in form
    assert form["ContentSid"] == CONFIRMA
    assert json.loads(form["ContentVariables"]) == {"1": "Maria", "2": "12/08 às 8h"}
    assert twilio.delivered[0].text == "Olá Maria, confirma em 12/08 às 8h? Responda 1 ou 0."


async def test_a_template_without_variables_sends_none(twilio: FakeTwilio, make: Any) -> None:
    await make().send(message(session_open=False, template=Template(SIMPLES, "pt_BR")))
    assert "ContentVariables" not in twilio.forms[0]
    assert len(twilio.delivered) == 1


async def test_named_variables_keep_their_names(twilio: FakeTwilio, make: Any) -> None:
    await make().send(message(session_open=False, template=template(CONFIRMA, "Maria", "12/08", named=True)))
    assert json.loads(twilio.forms[0]["ContentVariables"]) == {"v1": "Maria", "v2": "12/08"}


async def test_payloads_are_variables_only_where_the_content_has_them(twilio: FakeTwilio, make: Any) -> None:
    with_payload = make(modelos_com_payload=[COM_BOTOES])
    payloads = ("c.15", "n.15")
    await with_payload.send(
        message(session_open=False, template=template(COM_BOTOES, "Maria", "12/08", payloads=payloads))
    )
    await with_payload.send(
        message(session_open=False, template=template(CONFIRMA, "Maria", "12/08", payloads=payloads))
    )
    sent = [json.loads(form["ContentVariables"]) for form in twilio.forms]
    assert sent == [{"1": "Maria", "2": "12/08", "3": "c.15", "4": "n.15"}, {"1": "Maria", "2": "12/08"}]
    assert len(twilio.delivered) == 2


async def test_an_open_conversation_needs_no_template(twilio: FakeTwilio, make: Any) -> None:
    await make().send(message(template=template()))
    assert "Body" in twilio.forms[0]
    assert "ContentSid" not in twilio.forms[0]


async def test_a_free_text_has_no_buttons_and_needs_none(twilio: FakeTwilio, make: Any) -> None:
    provider = make()
    await provider.send(message(buttons=BUTTONS))
    assert twilio.forms[0]["Body"] == message().text
    assert not provider.capabilities.buttons


async def test_a_messaging_service_chooses_the_sender(twilio: FakeTwilio, make: Any) -> None:
    await make(messaging_service_sid=SERVICE).send(message())
    assert twilio.forms[0]["MessagingServiceSid"] == SERVICE
    assert "From" not in twilio.forms[0]


async def test_an_api_key_instead_of_the_token(twilio: FakeTwilio, make: Any) -> None:
    provider = make(credentials={"api_key_sid": "SK1", "api_key_secret": "segredo"})
    await provider.send(message())
    assert len(twilio.messages) == 1
    assert (await provider.check()).ok


@pytest.mark.parametrize("length", [1, 1600])
async def test_the_longest_and_the_shortest_text(twilio: FakeTwilio, make: Any, length: int) -> None:
    await make().send(message(text="á" * length))
    assert len(twilio.messages) == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"text": "x" * 1601}, Rejected, id="a text too long"),
        pytest.param({"text": ""}, Rejected, id="no text"),
        pytest.param({"flow": "confirmacao"}, Rejected, id="a flow"),
        pytest.param({"session_open": False}, OutsideWindow, id="nothing approved"),
        pytest.param(
            {"session_open": False, "template": Template("confirmacao", "pt_BR")}, TemplateRefused, id="a name, no sid"
        ),
        pytest.param(
            {"session_open": False, "template": template(CONFIRMA, *("v",) * 101)}, TemplateRefused, id="101 variables"
        ),
    ],
)
async def test_what_it_cannot_do_is_said_without_a_call(
    twilio: FakeTwilio, make: Any, *, changes: dict[str, Any], expected: type[ProviderError]
) -> None:
    error = await failure_of(make(), message(**changes))
    assert (type(error), error.requests, error.steps) == (expected, 0, ())
    assert twilio.requests == 0


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
async def test_the_send_fails(
    twilio: FakeTwilio, make: Any, *, fault: Fault, expected: type[ProviderError], arrived: int
) -> None:
    twilio.fail_next("send", fault)
    error = await failure_of(make(), message())
    assert (type(error), error.requests, [step.ok for step in error.steps]) == (expected, 1, [False])
    assert len(twilio.messages) == arrived
    assert twilio.requests == 1  # nothing is tried twice in here


async def test_taken_with_garbage_for_an_answer_is_taken(twilio: FakeTwilio, make: Any) -> None:
    twilio.fail_next("send", Fault.GARBAGE)
    receipt = await make().send(message())
    assert (receipt.message_id, receipt.requests) == (None, 1)


async def test_taken_late_is_taken(twilio: FakeTwilio, make: Any) -> None:
    twilio.fail_next("send", Fault.SLOW)
    assert (await make().send(message())).message_id is not None


@pytest.mark.parametrize(
    ("outage", "expected"),
    [
        (0, Ambiguous),
        (500, Ambiguous),
        (503, Ambiguous),
        (301, Misconfigured),
        (403, Misconfigured),
        (404, Misconfigured),
    ],
)
async def test_outages(twilio: FakeTwilio, make: Any, outage: int, expected: type[ProviderError]) -> None:
    twilio.outage = outage
    assert type(await failure_of(make(), message())) is expected
    assert not (await make().check()).ok


async def test_a_wrong_key(twilio: FakeTwilio, make: Any) -> None:
    provider = make(credentials={"auth_token": "outro"})
    error = await failure_of(provider, message())
    assert (type(error), error.requests, error.reason) == (Misconfigured, 1, "HTTP 401, código 20003")
    health = await provider.check()
    assert (health.ok, health.detail) == (False, "a Twilio recusou a conta, a chave ou o endereço")
    assert not twilio.messages


async def test_another_account(make: Any) -> None:
    assert type(await failure_of(make(account_sid="AC" + "9" * 32), message())) is Misconfigured


async def test_a_sender_the_account_does_not_have(make: Any) -> None:
    assert type(await failure_of(make(remetente="+5511999990000"), message())) is Misconfigured
    assert type(await failure_of(make(messaging_service_sid="MG" + "9" * 32), message())) is Misconfigured


async def test_a_content_the_account_does_not_have(make: Any) -> None:
    outbound = message(session_open=False, template=Template("HX" + "9" * 32, "pt_BR"))
    assert type(await failure_of(make(), outbound)) is TemplateRefused


async def test_a_number_that_is_none(make: Any) -> None:
    assert type(await failure_of(make(), message(to="+0"))) is BadNumber


async def test_nobody_listens(twilio: FakeTwilio, make: Any) -> None:
    provider = make()
    await twilio.stop()
    error = await failure_of(provider, message())
    assert (type(error), error.requests) == (Unavailable, 0)
    assert not (await provider.check()).ok


async def test_its_health(twilio: FakeTwilio, make: Any) -> None:
    health = await make().check()
    assert (health.ok, health.detail) == (True, "a Twilio respondeu")
    twilio.fail_next("list", Fault.THROTTLE, Fault.GARBAGE)
    assert (await make().check()).detail == "a Twilio pede para ir mais devagar"
    assert (await make().check()).detail == "resposta ilegível"
    assert not twilio.messages


async def test_what_it_can_do(make: Any) -> None:
    can = make(webhook_url="https://h.test/w").capabilities
    assert (can.text, can.templates, can.needs_template, can.quotes, can.receipts, can.query) == (True,) * 6
    assert (can.buttons, can.flows, can.idempotent, can.last_resort) == (False,) * 4
    assert (can.rate_unit, can.rate_per_minute, can.pair_interval_s) == ("message", 4800, 6.0)
    assert can.acknowledgement == ("text/xml", b'<?xml version="1.0" encoding="UTF-8"?><Response/>')
    assert make(taxa_por_minuto="20").capabilities.rate_per_minute == 20  # the sandbox
    assert make().cost(message()) == 1
    await make().close()


async def test_reasons_hold_no_personal_data(twilio: FakeTwilio, make: Any) -> None:
    provider = make(webhook_url="https://h.test/w")
    refused = [message(to=magic_phone(code)) for code in (21211, 63016, 20429, 99999)]
    refused += [message(text="Maria" * 400), message(session_open=False, template=template(PENDENTE, "Maria"))]
    reasons: list[str] = []
    for outbound in refused + [message()] * len(Fault):
        if outbound.to == PHONE and len(outbound.text) < 100 and outbound.session_open:
            twilio.fail_next("send", list(Fault)[len(reasons) % len(Fault)])
        try:
            await provider.send(outbound)
        except ProviderError as error:
            reasons += [error.reason, str(error), *(step.detail for step in error.steps)]
    assert reasons
    private = ("8765", "9000", "Maria", SENDER[1:], "h.test", twilio.url, "AC0")
    assert [reason for reason in reasons if any(part in reason for part in private)] == []
