"""What Twilio can be asked: whether it has a message, and which texts it approved."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest

from app.providers.base import (
    Doubt,
    Inquiry,
    ProviderError,
    TemplateDirectory,
    TemplateState,
    Throttled,
    Unavailable,
)
from app.providers.twilio.contents import read_contents
from app.providers.twilio.inquiry import choose
from app.simulator.gateway import Fault
from app.simulator.twilio import Content, FakeTwilio
from tests.contract.conftest import StillClock
from tests.contract.twilio_bancada import (  # noqa: F401 - fixtures
    PHONE,
    SERVICE,
    failure_of,
    make_provider_factory,
    message,
    start_twilio,
    template,
)

TEXT = message().text
RENDERED = "Olá Maria, confirma em 12/08? Responda 1 ou 0."


def doubt(clock: StillClock, **changes: Any) -> Doubt:
    return Doubt(**{"to": PHONE, "text": TEXT, "started_at": clock(), **changes})


def test_the_protocols(make: Any) -> None:
    assert isinstance(make(), Inquiry)
    assert isinstance(make("twilio_sms"), Inquiry)
    assert isinstance(make(), TemplateDirectory)
    assert not isinstance(make("twilio_sms"), TemplateDirectory)


@pytest.mark.parametrize("config", [{}, {"messaging_service_sid": SERVICE}])
async def test_a_message_whose_answer_was_lost(
    twilio: FakeTwilio, make: Any, clock: StillClock, config: dict[str, str]
) -> None:
    provider = make(**config)
    twilio.fail_next("send", Fault.LOST_ANSWER)
    asked = doubt(clock)
    await failure_of(provider, message())
    clock.advance(timedelta(minutes=10))
    receipt = await provider.find(asked)
    assert (receipt.message_id, receipt.requests) == (twilio.rows[0]["sid"], 1)


async def test_a_message_that_never_arrived(twilio: FakeTwilio, make: Any, clock: StillClock) -> None:
    twilio.fail_next("send", Fault.RESET)
    await failure_of(make(), message())
    assert await make().find(doubt(clock)) is None


async def test_the_same_text_of_yesterday_is_another_message(make: Any, clock: StillClock) -> None:
    await make().send(message())
    clock.advance(timedelta(days=1))
    assert await make().find(doubt(clock)) is None


async def test_another_text_or_another_phone_is_another_message(make: Any, clock: StillClock) -> None:
    await make().send(message(text="Até amanhã."))
    await make().send(message(to="+5531987650000"))
    assert await make().find(doubt(clock)) is None


async def test_another_sender_of_the_account_is_another_channel(
    twilio: FakeTwilio, make: Any, clock: StillClock
) -> None:
    twilio.options.senders = (*twilio.options.senders, "whatsapp:+553140000000")
    await make(remetente="whatsapp:+553140000000").send(message())
    assert await make().find(doubt(clock)) is None


async def test_through_many_pages(twilio: FakeTwilio, make: Any, clock: StillClock) -> None:
    twilio.options.page_size = 2
    await make().send(message())
    for number in range(6):
        await make().send(message(text=f"aviso {number}"))
    receipt = await make().find(doubt(clock))
    assert (receipt.message_id, receipt.requests) == (twilio.rows[0]["sid"], 4)


async def test_a_list_too_long_is_no_answer(twilio: FakeTwilio, make: Any, clock: StillClock) -> None:
    twilio.options.page_size = 1
    for number in range(3):
        await make().send(message(text=f"aviso {number}"))
    with pytest.raises(Unavailable) as raised:
        await make(max_paginas=2).find(doubt(clock))
    assert raised.value.requests == 2


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://alheio.test/2010-04-01/Accounts/AC1/Messages.json?Page=1",
        "//alheio.test/2010-04-01",
        "@alheio.test/",
        "/2010-04-01/Accounts/AC99999999999999999999999999999999/Messages.json?Page=1",
    ],
)
async def test_the_key_goes_nowhere_else(twilio: FakeTwilio, make: Any, clock: StillClock, elsewhere: str) -> None:
    twilio.options.next_page = elsewhere
    with pytest.raises(Unavailable) as raised:
        await make().find(doubt(clock))
    assert (raised.value.requests, twilio.requests) == (1, 1)
    assert "alheio" not in raised.value.reason


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.LOST_ANSWER, Unavailable),
        (Fault.REFUSED_500, Unavailable),
        (Fault.GARBAGE, Unavailable),
        (Fault.THROTTLE, Throttled),
    ],
)
async def test_a_question_without_an_answer(
    twilio: FakeTwilio, make: Any, clock: StillClock, *, fault: Fault, expected: type[ProviderError]
) -> None:
    twilio.fail_next("list", fault)
    with pytest.raises(expected) as raised:
        await make().find(doubt(clock))
    assert raised.value.requests == 1


async def test_a_trial_account_writes_a_line_before(twilio: FakeTwilio, make: Any, clock: StillClock) -> None:
    twilio.options.trial = True
    await make().send(message())
    assert await make().find(doubt(clock)) is not None


async def test_a_template_by_its_text(make: Any, clock: StillClock) -> None:
    await make().send(message(session_open=False, template=template()))
    assert await make().find(doubt(clock, text=RENDERED)) is not None


async def test_a_template_in_other_words_proves_nothing(make: Any, clock: StillClock) -> None:
    """Another visit's message of the same moment may have the same template: only the words tell them apart."""
    await make().send(message(session_open=False, template=template()))
    assert await make().find(doubt(clock)) is None


ROW = {"sid": "SM1", "body": TEXT, "direction": "outbound-api", "date_created": "Mon, 02 Mar 2026 13:00:05 +0000"}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, "SM1"),
        ({"direction": "inbound"}, None),
        ({"direction": None}, "SM1"),
        ({"date_created": "Mon, 02 Mar 2026 12:58:00 +0000"}, None),
        ({"date_created": "Mon, 02 Mar 2026 12:59:30 +0000"}, "SM1"),
        ({"date_created": "Mon, 02 Mar 2026 13:00:05"}, "SM1"),
        ({"date_created": None}, "SM1"),
        ({"body": "  Confirma?   Responda 1 ou 0.\n"}, "SM1"),
        ({"body": f"Não entendi. {TEXT}"}, None),
        ({"body": None}, None),
        ({"messaging_service_sid": "MGoutro"}, None),
        ({"messaging_service_sid": "MGnosso"}, "SM1"),
    ],
)
def test_which_row_is_the_message(clock: StillClock, *, changes: dict[str, Any], found: str | None) -> None:
    assert choose([{**ROW, **changes}], doubt(clock), service="MGnosso") == found


@pytest.mark.parametrize("sid", [None, "", "x" * 201, "S\x00M"])
def test_a_message_without_an_id_that_serves_proves_nothing(clock: StillClock, sid: object) -> None:
    assert choose([{**ROW, "sid": sid}], doubt(clock), service=None) is None
    assert choose([{**ROW, "sid": sid}, ROW], doubt(clock), service=None) == "SM1"


def test_a_text_without_letters_is_compared_as_it_is(clock: StillClock) -> None:
    assert choose([{**ROW, "body": "👍"}], doubt(clock, text="👍"), service=None) == "SM1"
    assert choose([{**ROW, "body": "👎"}], doubt(clock, text="👍"), service=None) is None


def test_smart_encoding_changes_quotes(clock: StillClock) -> None:
    row = {**ROW, "body": 'A "Santa Casa" - 1 ou 0'}
    assert choose([row], doubt(clock, text="A “Santa Casa” – 1 ou 0"), service=None) == "SM1"


async def test_the_approved_texts(twilio: FakeTwilio, make: Any) -> None:
    twilio.options.page_size = 3
    states = await make().list_templates()
    assert [(one.name[-1], one.state, list(one.variables), one.buttons) for one in states] == [
        ("1", "aprovado", ["1", "2"], 0),
        ("2", "aprovado", ["1", "2"], 2),  # 3 and 4 are the payloads of its buttons
        ("3", "aprovado", [], 0),
        ("4", "pendente", ["1"], 0),
        ("5", "recusado", ["1"], 0),
        ("6", "pausado", ["1", "paciente"], 0),
    ]  # what was never submitted is for open conversations only
    assert {(one.language, one.category) for one in states} == {("pt_BR", "UTILITY")}
    assert [one.named for one in states] == [False] * 5 + [True]
    assert states[4].reason == "INVALID_FORMAT"
    assert states[0].reason is None


async def test_the_approved_texts_cannot_be_had(twilio: FakeTwilio, make: Any) -> None:
    twilio.fail_next("list_contents", Fault.REFUSED_500)
    with pytest.raises(Unavailable):
        await make().list_templates()


def test_variables_go_by_number() -> None:
    content = Content("HX1", "x", [str(number) for number in range(11, 0, -1)])
    (state,) = read_contents([content.as_row()])
    assert list(state.variables) == [str(number) for number in range(1, 12)]


@pytest.mark.parametrize(
    "changes",
    [
        {"variables": None},
        {"variables": "x"},
        {"types": None},
        {"types": {"twilio/quick-reply": None}},
        {"types": {"twilio/quick-reply": {"actions": ["x", None]}}},
        {"approval_requests": [{"status": "approved", "category": "UTILITY"}]},
    ],
)
def test_contents_with_less_in_them(changes: dict[str, Any]) -> None:
    (state,) = read_contents([{**Content("HX1", "x").as_row(), **changes}])
    wanted = TemplateState("HX1", "pt_BR", "aprovado", "UTILITY", [])
    assert asdict(state) == asdict(wanted)


@pytest.mark.parametrize("word", ["unsubmitted", None])
def test_contents_never_submitted(word: str | None) -> None:
    assert read_contents([{**Content("HX1", "x", approval=word).as_row()}, {"sid": None}, {}]) == []


def test_a_word_nobody_knows_is_no_permission() -> None:
    (state,) = read_contents([Content("HX1", "x", approval="em_revisao").as_row()])
    assert state.state == "pendente"


def test_the_quick_replies_of_a_card() -> None:
    actions = [{"type": "QUICK_REPLY", "title": "Sim", "id": "{{2}}"}, {"type": "URL", "url": "https://h.test/{{1}}"}]
    row = {**Content("HX1", "x", ("1", "2")).as_row(), "types": {"whatsapp/card": {"actions": actions}}}
    (state,) = read_contents([row])
    assert (state.buttons, list(state.variables)) == (1, ["1"])
