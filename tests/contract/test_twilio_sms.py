"""SMS by the same account: text only, for whom nothing else reaches."""

from typing import Any

import pytest

from app.domain.confirmacao import EstadoMensagem
from app.providers.base import BadNumber, Doubt, Misconfigured, OutsideWindow, Rejected, Stopped
from app.simulator.gateway import Fault
from app.simulator.twilio import FakeTwilio, Inbound, magic_phone
from tests.contract.twilio_bancada import (  # noqa: F401 - fixtures
    BUTTONS,
    PHONE,
    SENDER,
    TOKEN,
    Listener,
    failure_of,
    make_provider_factory,
    message,
    start_listener,
    start_twilio,
    template,
)


async def test_a_text_at_any_time(twilio: FakeTwilio, make: Any) -> None:
    receipt = await make("twilio_sms").send(message(session_open=False))
    assert twilio.forms == [{"To": PHONE, "From": SENDER, "Body": message().text}]
    assert receipt.message_id == twilio.rows[0]["sid"]
    assert len(twilio.delivered) == 1


async def test_neither_template_nor_buttons_are_needed(twilio: FakeTwilio, make: Any) -> None:
    await make("twilio_sms").send(message(session_open=False, template=template(), buttons=BUTTONS))
    assert twilio.forms == [{"To": PHONE, "From": SENDER, "Body": message().text}]
    assert len(twilio.delivered) == 1


async def test_a_name_as_sender(twilio: FakeTwilio, make: Any) -> None:
    await make("twilio_sms", remetente="Hospital").send(message())
    assert twilio.forms[0]["From"] == "Hospital"


@pytest.mark.parametrize("changes", [{"text": "x" * 1601}, {"text": ""}, {"flow": "confirmacao"}])
async def test_what_it_cannot_do_is_said_without_a_call(twilio: FakeTwilio, make: Any, changes: Any) -> None:
    error = await failure_of(make("twilio_sms"), message(**changes))
    assert (type(error), error.requests) == (Rejected, 0)
    assert twilio.requests == 0


async def test_a_long_text_leaves_whole(twilio: FakeTwilio, make: Any) -> None:
    await make("twilio_sms").send(message(text="á" * 1600))
    assert twilio.forms[0]["Body"] == "á" * 1600


def test_what_it_can_do(make: Any) -> None:
    can = make("twilio_sms", webhook_url="https://h.test/w").capabilities
    assert (can.text, can.receipts, can.query, can.message_ids, can.last_resort) == (True,) * 5
    assert (can.templates, can.needs_template, can.buttons, can.quotes, can.flows) == (False,) * 5
    assert (can.rate_per_minute, can.pair_interval_s) == (60, 0.0)
    assert can.acknowledgement is not None


@pytest.mark.parametrize(("code", "expected"), [(21614, BadNumber), (21610, Stopped), (21408, Misconfigured)])
async def test_refused(make: Any, code: int, expected: type[Exception]) -> None:
    assert type(await failure_of(make("twilio_sms"), message(to=magic_phone(code)))) is expected


async def test_never_outside_a_window(make: Any) -> None:
    error = await failure_of(make(), message(session_open=False))
    assert type(error) is OutsideWindow
    await make("twilio_sms").send(message(session_open=False))


async def test_its_receipts_and_answers(twilio: FakeTwilio, listener: Listener, make: Any) -> None:
    provider = make("twilio_sms", webhook_url=listener.url)
    receipt = await provider.send(message())
    await provider.send(message(to=magic_phone(30006, later=True), key="m2"))
    await twilio.avisos.settled()
    await twilio.avisos.post(Inbound(listener.url, TOKEN, sender=SENDER).text("1"))
    assert all(provider.is_authentic(call, [TOKEN], now=twilio.clock()) for call in listener.calls)
    events = [event for call in listener.calls for event in provider.parse_webhook(call)]
    states = [event.estado for event in events if event.about_id == receipt.message_id]
    assert EstadoMensagem.ENTREGUE in states
    assert EstadoMensagem.LIDA not in states  # nobody knows who read an SMS
    assert [(event.codigo, event.our_key) for event in events if event.falha] == [("30006", "m2")]
    assert [(event.texto, event.telefone) for event in events if event.kind == "resposta"] == [("1", PHONE)]


async def test_a_message_whose_answer_was_lost(twilio: FakeTwilio, make: Any, clock: Any) -> None:

    twilio.fail_next("send", Fault.ERROR_AFTER)
    await failure_of(make("twilio_sms"), message())
    receipt = await make("twilio_sms").find(Doubt(PHONE, message().text, clock()))
    assert receipt.message_id == twilio.rows[0]["sid"]
    assert await make().find(Doubt(PHONE, message().text, clock())) is None  # not on WhatsApp
