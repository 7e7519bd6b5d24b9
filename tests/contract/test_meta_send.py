"""What leaves for the Cloud API, over HTTP against the fake, and what each answer becomes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.entrega import Falha
from app.providers.base import (
    Ambiguous,
    BadNumber,
    Button,
    Misconfigured,
    OutsideWindow,
    ProviderError,
    Rejected,
    Stopped,
    Template,
    TemplateRefused,
    Throttled,
    TooSoon,
    Unavailable,
    Withheld,
    falha_of,
)
from app.providers.http import HttpClient, HttpLimits
from app.providers.meta.codes import WAITS
from app.simulator.gateway import Fault
from app.simulator.meta import FakeMeta, Person, said
from tests.contract.meta_bancada import (
    BUTTONS,
    DIGITS,
    MARIA,
    PHONE,
    TEMPLATE,
    VALUES,
    by_template,
    channel,
    failure_of,
    options,
    outbound,
    running,
)


@pytest.fixture
async def fake(clock: Any) -> AsyncIterator[FakeMeta]:
    async with running(clock) as server:
        yield server


@pytest.fixture
def provider(fake: FakeMeta, http: HttpClient, clock: Any) -> Any:
    return channel(fake, http, clock)


@pytest.mark.parametrize(
    ("message", "kind", "text"),
    [
        pytest.param(outbound(), "text", outbound().text, id="a text"),
        pytest.param(outbound(buttons=BUTTONS), "interactive", outbound().text, id="buttons"),
        pytest.param(outbound(template=TEMPLATE), "text", outbound().text, id="inside the window no template is paid"),
        pytest.param(
            by_template(),
            "template",
            "Olá Maria, você tem consulta em 12/08/2026 14:30. Podemos confirmar?",
            id="a template with named variables",
        ),
        pytest.param(
            by_template(Template("lembrete", "pt_BR", (("1", "Maria"), ("2", "amanhã")))),
            "template",
            "Lembrete: amanhã, para Maria, no endereço.",
            id="a template whose variables go by order",
        ),
        pytest.param(outbound(text="x" * 4096), "text", "x" * 4096, id="the longest text"),
        pytest.param(outbound(text="x" * 1025, buttons=BUTTONS), "text", "x" * 1025, id="too long for buttons: text"),
    ],
)
async def test_what_reaches_the_phone(fake: FakeMeta, provider: Any, *, message: Any, kind: str, text: str) -> None:
    receipt = await provider.send(message)
    (taken,) = fake.delivered
    assert (taken.kind, taken.text, taken.phone, taken.key) == (kind, text, DIGITS, "out-000123")
    assert (receipt.message_id, receipt.subscriber_id, receipt.requests) == (taken.id, None, 1)
    assert [(step.ok, step.detail, step.id) for step in receipt.steps] == [(True, "accepted", taken.id)]
    assert fake.requests == provider.cost(message) == 1


async def test_buttons_can_be_switched_off(fake: FakeMeta, http: HttpClient, clock: Any) -> None:
    provider = channel(fake, http, clock, botoes=False)
    await provider.send(outbound(buttons=BUTTONS))
    assert fake.delivered[0].kind == "text"
    assert not provider.capabilities.buttons


async def test_a_person_without_a_number_is_written_to_by_their_id(fake: FakeMeta, provider: Any) -> None:
    receipt = await provider.send(outbound(to="", subscriber_id=MARIA.user_id))
    assert fake.delivered[0].phone == DIGITS
    assert receipt.subscriber_id == MARIA.user_id


async def test_a_message_held_for_a_look_is_accepted(clock: Any, http: HttpClient) -> None:
    async with running(clock, options(message_status="held_for_quality_assessment")) as fake:
        receipt = await channel(fake, http, clock).send(by_template())
    assert receipt.steps[0].detail == "held_for_quality_assessment"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(by_template(None), OutsideWindow, id="outside the window nothing is approved"),
        pytest.param(outbound(text=" "), Rejected, id="no text"),
        pytest.param(outbound(text="x" * 4097), Rejected, id="too long"),
        pytest.param(outbound(flow="1"), Rejected, id="a flow"),
        pytest.param(outbound(to="31987654321"), BadNumber, id="no +"),
        pytest.param(outbound(to="", subscriber_id="553187654321"), BadNumber, id="nobody"),
        pytest.param(outbound(buttons=(*BUTTONS, Button("a", "A"), Button("b", "B"))), Rejected, id="four buttons"),
        pytest.param(outbound(buttons=(Button("a", "x" * 21),)), Rejected, id="a long title"),
        pytest.param(outbound(buttons=(Button("a", " "),)), Rejected, id="no title"),
        pytest.param(outbound(buttons=(Button("a", "A"), Button("a", "B"))), Rejected, id="one payload twice"),
        pytest.param(outbound(buttons=(Button("a", "A"), Button("b", "A"))), Rejected, id="one title twice"),
        pytest.param(outbound(buttons=(Button("x" * 257, "A"),)), Rejected, id="a long payload"),
        pytest.param(by_template(Template("", "pt_BR")), Rejected, id="a template without a name"),
        pytest.param(by_template(replace(TEMPLATE, values=(("data", "a\nb"),))), Rejected, id="a line break"),
        pytest.param(by_template(replace(TEMPLATE, values=(("data", "a     b"),))), Rejected, id="five spaces"),
        pytest.param(by_template(replace(TEMPLATE, values=(("data", ""),))), Rejected, id="an empty variable"),
        pytest.param(by_template(replace(TEMPLATE, payloads=("",))), Rejected, id="an empty payload"),
        pytest.param(by_template(replace(TEMPLATE, payloads=("a",) * 11)), Rejected, id="eleven payloads"),
    ],
)
async def test_what_cannot_go_costs_nothing(
    fake: FakeMeta, provider: Any, *, message: Any, expected: type[ProviderError]
) -> None:
    error = await failure_of(provider, message)
    assert (type(error), error.requests, fake.requests) == (expected, 0, 0)


@pytest.mark.parametrize(
    ("template", "code"),
    [
        pytest.param(replace(TEMPLATE, name="outro"), 132001, id="no such template"),
        pytest.param(replace(TEMPLATE, language="en_US"), 132001, id="not in that language"),
        pytest.param(replace(TEMPLATE, values=VALUES[:1]), 132000, id="a variable too few"),
        pytest.param(replace(TEMPLATE, values=(*VALUES, ("x", "y"))), 132000, id="a variable too many"),
        pytest.param(replace(TEMPLATE, values=(VALUES[0], ("dia", "x"))), 132000, id="another name"),
        pytest.param(replace(TEMPLATE, named=False), 132000, id="by order where names are wanted"),
        pytest.param(replace(TEMPLATE, payloads=("a", "b", "c")), 132012, id="a button too many"),
        pytest.param(Template("pausado", "pt_BR", (("nome", "x"),), named=True), 132015, id="paused"),
        pytest.param(Template("desativado", "pt_BR", (("nome", "x"),), named=True), 132016, id="disabled"),
    ],
)
async def test_a_template_that_does_not_fit(fake: FakeMeta, provider: Any, *, template: Template, code: int) -> None:
    error = await failure_of(provider, by_template(template))
    assert (type(error), error.reason, error.requests) == (TemplateRefused, f"código {code}", 1)
    assert (falha_of(error), fake.messages) == (Falha.MODELO, [])


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (190, Misconfigured),
        (10, Misconfigured),
        (200, Misconfigured),
        (368, Misconfigured),
        (131042, Misconfigured),
        (4, Throttled),
        (80007, Throttled),
        (130429, Throttled),
        (131056, TooSoon),
        (131048, Throttled),
        (1, Ambiguous),
        (2, Unavailable),
        (131000, Ambiguous),
        (131016, Unavailable),
        (131057, Unavailable),
        (131026, BadNumber),
        (131047, OutsideWindow),
        (131049, Withheld),
        (130472, Withheld),
        (131050, Stopped),
        (132012, TemplateRefused),
        (100, Rejected),
        (131009, Rejected),
        (987654, Rejected),
    ],
)
async def test_each_code(fake: FakeMeta, provider: Any, *, code: int, expected: type[ProviderError]) -> None:
    fake.options.refused[DIGITS] = code
    error = await failure_of(provider, outbound(subscriber_id="BR.1"))
    assert (type(error), error.requests, error.subscriber_id) == (expected, 1, "BR.1")
    assert [(step.ok, step.detail) for step in error.steps] == [(False, error.reason)]
    assert str(code) in error.reason
    assert DIGITS not in f"{error} {error!r} {error.reason}"  # the fake's details repeat the number, as Meta's do
    assert len(fake.log) == 1
    if isinstance(error, Throttled) and code in WAITS:
        assert error.retry_after == WAITS[code]


@pytest.mark.parametrize("status", [400, 429])
async def test_throttling_is_told_by_its_code_whatever_the_status(clock: Any, http: HttpClient, status: int) -> None:
    async with running(clock, options(throttle_status=status)) as fake:
        fake.fail_next("send", Fault.THROTTLE)
        error = await failure_of(channel(fake, http, clock), outbound())
    assert isinstance(error, Throttled)
    assert error.retry_after == WAITS[130429]


@pytest.mark.parametrize(
    ("fault", "expected", "arrived"),
    [
        pytest.param(Fault.LOST_ANSWER, Ambiguous, 1, id="taken, answer lost"),
        pytest.param(Fault.ERROR_AFTER, Ambiguous, 1, id="taken, answered 500"),
        pytest.param(Fault.SILENT, Ambiguous, 1, id="taken, never answered"),
        pytest.param(Fault.REFUSED_500, Ambiguous, 0, id="a 500 without a code looks the same"),
        pytest.param(Fault.RESET, Ambiguous, 0, id="a cut connection looks the same"),
        pytest.param(Fault.THROTTLE, Throttled, 0, id="throttled: nothing was taken"),
    ],
)
@pytest.mark.parametrize("message", [outbound(), outbound(buttons=BUTTONS), by_template()])
async def test_each_fault(
    fake: FakeMeta, provider: Any, *, message: Any, fault: Fault, expected: type[ProviderError], arrived: int
) -> None:
    fake.fail_next("send", fault)
    error = await failure_of(provider, message)
    assert (type(error), error.requests, len(fake.delivered), len(fake.log)) == (expected, 1, arrived, 1)
    assert error.steps[0].detail == error.reason


async def test_an_answer_in_garbage_was_accepted(fake: FakeMeta, provider: Any) -> None:
    fake.fail_next("send", Fault.GARBAGE)
    receipt = await provider.send(outbound(subscriber_id="BR.1"))
    assert (receipt.message_id, receipt.subscriber_id, receipt.requests) == (None, "BR.1", 1)
    assert len(fake.delivered) == 1


async def test_an_answer_cut_at_its_limit_was_accepted(fake: FakeMeta, clock: Any) -> None:
    http = HttpClient(HttpLimits(body_bytes=20))
    receipt = await channel(fake, http, clock).send(outbound())
    await http.close()
    assert (receipt.message_id, len(fake.delivered)) == (None, 1)


async def test_a_slow_answer_is_an_answer(fake: FakeMeta, provider: Any) -> None:
    fake.fail_next("send", Fault.SLOW)
    assert (await provider.send(outbound())).message_id == fake.delivered[0].id


async def test_nobody_there(clock: Any, http: HttpClient, fake: FakeMeta) -> None:
    provider = channel(fake, http, clock)
    await fake.stop()
    error = await failure_of(provider, outbound())
    assert (type(error), error.requests) == (Unavailable, 0)


@pytest.mark.parametrize(
    ("config", "token"),
    [
        pytest.param({}, "outro", id="a token that is no longer one"),
        pytest.param({"phone_number_id": "999"}, None, id="a number of somebody else's"),
    ],
)
async def test_a_wrong_channel_stops_instead_of_losing_its_messages(
    fake: FakeMeta, http: HttpClient, clock: Any, *, config: dict[str, str], token: str | None
) -> None:
    provider = channel(fake, http, clock, token=token, **config)
    assert isinstance(await failure_of(provider, outbound()), Misconfigured)
    health = await provider.check()
    assert (health.ok, health.detail) == (False, "a Meta recusou o token ou o phone_number_id")


async def test_a_visitor_of_a_closed_country_does_not_stop_the_channel(fake: FakeMeta, provider: Any) -> None:
    fake.options.refused |= {"5351234567": 130497, DIGITS: 130497}
    assert isinstance(await failure_of(provider, outbound(to="+5351234567")), BadNumber)
    assert isinstance(await failure_of(provider, outbound()), Misconfigured)


async def test_eighty_in_a_second(fake: FakeMeta, provider: Any, clock: Any) -> None:
    phones = [f"+55319{70000000 + n}" for n in range(80)]
    for phone in phones[:79]:  # what Maria wrote counts too
        await provider.send(by_template(to=phone))
    assert isinstance(await failure_of(provider, by_template(to=phones[79])), Throttled)
    clock.advance(timedelta(seconds=1))
    await provider.send(by_template(to=phones[79]))
    assert len(fake.delivered) == 80


async def test_one_person_in_six_seconds_after_a_burst(provider: Any, clock: Any) -> None:
    for _ in range(45):
        await provider.send(outbound())
    error = await failure_of(provider, outbound())
    assert (type(error), error.reason) == (TooSoon, "código 131056")
    await provider.send(by_template(to="+5511987654321"))
    clock.advance(timedelta(seconds=provider.capabilities.pair_interval_s))
    await provider.send(outbound())


async def test_a_free_text_after_24_hours_is_accepted_and_arrives_nowhere(
    fake: FakeMeta, provider: Any, clock: Any
) -> None:
    clock.advance(timedelta(hours=24))
    await provider.send(outbound())
    assert [taken.failure for taken in fake.messages] == ["131047"]
    fake.receive(Person(DIGITS), said.text("Oi"))
    await provider.send(outbound(to=PHONE))
    assert len(fake.delivered) == 1


def test_what_it_can_do(provider: Any) -> None:
    can = provider.capabilities
    assert (can.text, can.templates, can.buttons, can.needs_template) == (True, True, True, True)
    assert (can.receipts, can.quotes, can.message_ids) == (True, True, True)
    assert (can.flows, can.query, can.idempotent) == (False, False, False)
    assert (can.rate_unit, can.rate_per_minute, can.pair_interval_s) == ("message", 4800, 6.0)


def test_the_highest_tier_is_a_setting(fake: FakeMeta, http: HttpClient, clock: Any) -> None:
    assert channel(fake, http, clock, taxa_por_minuto=60_000).capabilities.rate_per_minute == 60_000
