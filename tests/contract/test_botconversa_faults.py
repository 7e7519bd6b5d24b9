"""What each failure of the gateway becomes, and what it may lead to."""

import asyncio
from typing import Any

import pytest

from app.providers.base import (
    Ambiguous,
    Misconfigured,
    OutboundMessage,
    ProviderError,
    Rejected,
    Setup,
    Throttled,
    Unavailable,
)
from app.providers.botconversa import BotconversaProvider
from app.providers.botconversa.provider import build
from app.providers.http import HttpClient
from app.simulator.botconversa import FakeBotconversa, Fault, FaultPlan


def message(subscriber_id: str | None = None, to: str = "+5531987654321") -> OutboundMessage:
    return OutboundMessage(
        key="m1",
        to=to,
        first_name="Maria",
        last_name="Souza",
        text="Confirma?",
        subscriber_id=subscriber_id,
        fields={"id_tabela": "15"},
    )


def delivered(fake: FakeBotconversa) -> int:
    return sum(row["entregue"] for row in fake.log)


async def failure_of(provider: BotconversaProvider, outbound: OutboundMessage) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await provider.send(outbound)
    return raised.value


@pytest.mark.parametrize(
    ("fault", "expected", "arrived"),
    [
        pytest.param(Fault.LOST_ANSWER, Ambiguous, 1, id="delivered, answer lost"),
        pytest.param(Fault.ERROR_AFTER, Ambiguous, 1, id="delivered, answered 500"),
        pytest.param(Fault.SILENT, Ambiguous, 1, id="delivered, never answered"),
        pytest.param(Fault.REFUSED_500, Ambiguous, 0, id="500 without delivery looks the same"),
        pytest.param(Fault.RESET, Ambiguous, 0, id="a cut connection looks the same"),
        pytest.param(Fault.THROTTLE, Throttled, 0, id="429 took nothing"),
    ],
)
@pytest.mark.parametrize("operation", ["send_message", "send_flow"])
async def test_the_send_itself_fails(
    fake: FakeBotconversa,
    make_provider: Any,
    *,
    fault: Fault,
    expected: type[ProviderError],
    arrived: int,
    operation: str,
) -> None:
    modo = {"modo": "oficial", "flow_id": 987654} if operation == "send_flow" else {}
    contact = fake.add_contact("5531987654321")
    fake.fail_next(operation, fault)
    error = await failure_of(make_provider(**modo), message(str(contact.id)))
    assert type(error) is expected
    assert (error.requests, error.subscriber_id) == (1, str(contact.id))
    assert [step.ok for step in error.steps] == [False]
    assert delivered(fake) == arrived
    assert len(fake.log) == 1  # nothing is tried twice in here


@pytest.mark.parametrize("operation", ["find", "create", "set_field", "list_custom_fields"])
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.LOST_ANSWER, Unavailable),
        (Fault.ERROR_AFTER, Unavailable),
        (Fault.REFUSED_500, Unavailable),
        (Fault.RESET, Unavailable),
        (Fault.SILENT, Unavailable),
        (Fault.THROTTLE, Throttled),
    ],
)
async def test_what_comes_before_may_be_repeated(
    fake: FakeBotconversa, make_provider: Any, *, operation: str, fault: Fault, expected: type[ProviderError]
) -> None:
    provider = make_provider(campos={"id_tabela": "id_tabela"})
    fake.fail_next(operation, fault)
    error = await failure_of(provider, message())
    assert type(error) is expected
    assert error.requests == len(fake.log)
    assert delivered(fake) == 0
    await provider.send(message())
    assert delivered(fake) == 1
    assert len(fake.account.contacts) == 1


@pytest.mark.parametrize("operation", ["find", "create", "list_custom_fields"])
async def test_garbage_where_an_answer_matters(fake: FakeBotconversa, make_provider: Any, operation: str) -> None:
    fake.fail_next(operation, Fault.GARBAGE)
    assert type(await failure_of(make_provider(campos={"id_tabela": "id_tabela"}), message())) is Unavailable


@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.SLOW])
async def test_a_send_accepted_with_garbage_or_late_is_accepted(
    fake: FakeBotconversa, make_provider: Any, fault: Fault
) -> None:
    fake.fail_next("send_message", fault)
    await make_provider().send(message())
    assert delivered(fake) == 1


@pytest.mark.parametrize("fault", [Fault.THROTTLE, Fault.REFUSED_500, Fault.RESET, Fault.LOST_ANSWER])
async def test_after_the_text_no_failure_invites_a_second_text(
    fake: FakeBotconversa, make_provider: Any, fault: Fault
) -> None:
    fake.fail_next("send_flow", fault)
    error = await failure_of(make_provider(modo="mensagem_e_fluxo", flow_id=555), message())
    assert type(error) is Ambiguous
    assert [step.step for step in error.steps if step.ok][-1] == "mensagem"


async def test_a_flow_deleted_between_text_and_flow(fake: FakeBotconversa, make_provider: Any) -> None:
    contact = fake.add_contact("5531987654321")
    error = await failure_of(make_provider(modo="mensagem_e_fluxo", flow_id=1), message(str(contact.id)))
    assert type(error) is Ambiguous
    assert delivered(fake) == 1


async def test_wrong_key(fake: FakeBotconversa, make_provider: Any) -> None:
    error = await failure_of(make_provider(api_key="outra"), message())
    assert (type(error), error.requests) == (Misconfigured, 1)
    health = await make_provider(api_key="outra").check()
    assert (health.ok, health.detail) == (False, "a Botconversa recusou a chave ou o endereço")
    assert delivered(fake) == 0


async def test_nobody_listens(fake: FakeBotconversa, make_provider: Any) -> None:
    provider = make_provider()
    await fake.stop()
    error = await failure_of(provider, message("701234567"))
    assert (type(error), error.requests) == (Unavailable, 0)
    assert not (await provider.check()).ok


async def test_a_name_nobody_resolves(http: HttpClient, clock: Any) -> None:
    provider = build(Setup({"base_url": "https://gateway.invalid/api"}, {"api_key": "k"}, http, clock))
    assert type(await failure_of(provider, message("701234567"))) is Unavailable


@pytest.mark.parametrize(
    ("outage", "expected"),
    [(0, Ambiguous), (500, Ambiguous), (503, Ambiguous), (301, Misconfigured), (403, Misconfigured)],
)
async def test_outages(fake: FakeBotconversa, make_provider: Any, outage: int, expected: type[ProviderError]) -> None:
    fake.options.outage = outage
    assert type(await failure_of(make_provider(), message("701234567"))) is expected


async def test_the_rate_is_the_keys(fake: FakeBotconversa, make_provider: Any) -> None:
    fake.options.per_minute = 3
    contact = fake.add_contact("5531987654321")
    provider = make_provider()
    results = await asyncio.gather(*(provider.send(message(str(contact.id))) for _ in range(5)), return_exceptions=True)
    waits = [result.retry_after for result in results if isinstance(result, Throttled)]
    assert waits == [61.0, 61.0]
    assert delivered(fake) == 3


async def test_the_wait_is_read_from_the_body_when_no_header_tells_it(
    fake: FakeBotconversa, make_provider: Any
) -> None:
    fake.options.per_minute, fake.options.retry_after_header = 0, False
    fake.options.per_minute = 1
    provider = make_provider()
    await provider.check()
    error = await failure_of(provider, message("701234567"))
    assert isinstance(error, Throttled)
    assert error.retry_after == 61.0


async def test_a_contact_unknown_for_good(fake: FakeBotconversa, make_provider: Any) -> None:
    """The id is dead and the number is refused: said once, after one new look-up."""
    error = await failure_of(make_provider(), message("123456789", to="+551"))
    assert isinstance(error, Rejected)
    assert [row["operacao"] for row in fake.log].count("create") == 1


async def test_reasons_hold_no_personal_data(fake: FakeBotconversa, make_provider: Any) -> None:
    provider = make_provider()
    reasons: list[str] = []
    for fault in Fault:
        fake.fail_next("send_message", fault)
        try:
            await provider.send(message())
        except ProviderError as error:
            reasons += [error.reason, *(step.detail for step in error.steps)]
    assert reasons
    assert not [reason for reason in reasons if "8765" in reason or "Maria" in reason]


async def test_faults_are_drawn_by_phone_and_not_by_arrival(fake: FakeBotconversa, make_provider: Any) -> None:
    """Two runs in opposite order: each phone meets the same fate."""
    fake.faults = FaultPlan(7, {Fault.REFUSED_500: 0.3, Fault.THROTTLE: 0.2}, only={"send_message"})
    phones = [f"+55119765432{n:02}" for n in range(30)]
    contacts = {phone: str(fake.add_contact(phone).id) for phone in phones}
    fates: list[dict[str, str]] = []
    for order in (phones, phones[::-1]):
        fake._ordinals.clear()
        provider = make_provider()
        outcomes = await asyncio.gather(
            *(provider.send(message(contacts[phone], phone)) for phone in order), return_exceptions=True
        )
        fates.append({phone: type(outcome).__name__ for phone, outcome in zip(order, outcomes, strict=True)})
    assert fates[0] == fates[1]
    assert set(fates[0].values()) == {"Receipt", "Ambiguous", "Throttled"}
