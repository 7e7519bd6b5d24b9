"""What every gateway promises, held against each kind there is: capabilities, failures, receipts, calls."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.confirmacao import EstadoMensagem
from app.providers.base import (
    Ambiguous,
    Button,
    Doubt,
    Inquiry,
    Misconfigured,
    OutsideWindow,
    ProviderError,
    Receipt,
    Rejected,
    TemplateDirectory,
    Throttled,
    Unavailable,
    UnreadableWebhook,
    WebhookCall,
    WhatsAppProvider,
)
from app.providers.http import HttpClient
from app.providers.registry import PROVIDERS
from app.schemas.recebida import Recebida
from app.simulator.gateway import Fault, Receipts
from tests.bancadas.base import EMAIL, PHONE, TEXT, Bancada, ouvindo
from tests.bancadas.todas import BANCADAS, running
from tests.contract.conftest import StillClock

M: Final = EstadoMensagem
each_kind = pytest.mark.parametrize("kind", sorted(PROVIDERS), indirect=True)
BUTTONS: Final = (Button("c:1", "Confirmar"), Button("n:1", "Não vou"))
# What a fault at the send is, whoever commits it; a row of two is one where the gateways' own words decide.
OUTCOMES: Final[dict[Fault, tuple[type[Receipt | ProviderError], ...]]] = {
    Fault.LOST_ANSWER: (Ambiguous,),
    Fault.SILENT: (Ambiguous,),
    Fault.ERROR_AFTER: (Ambiguous,),
    Fault.GARBAGE: (Receipt,),
    Fault.SLOW: (Receipt,),
    Fault.RESET: (Ambiguous,),
    Fault.REFUSED_500: (Ambiguous,),
    Fault.THROTTLE: (Throttled,),
}
# An answer of SMTP is a protocol's own, not a status of somebody's proxy: 451 "not taken", other words say nothing.
OF_SMTP: Final[dict[Fault, tuple[type[Receipt | ProviderError], ...]]] = {
    Fault.ERROR_AFTER: (Unavailable,),
    Fault.REFUSED_500: (Unavailable,),
    Fault.GARBAGE: (Ambiguous,),
}


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def bancada(kind: str, clock: StillClock) -> AsyncIterator[Bancada]:
    async with running(kind, clock) as opened:
        yield opened


@pytest.fixture
def provider(bancada: Bancada, http: HttpClient) -> WhatsAppProvider:
    return bancada.build(http)


async def outcome_of(provider: WhatsAppProvider, message: Any) -> Receipt | ProviderError:
    try:
        return await provider.send(message)
    except ProviderError as error:
        return error


def test_every_kind_has_a_bench() -> None:
    assert set(BANCADAS) == set(PROVIDERS)


@each_kind
async def test_an_ordinary_message_arrives_once(bancada: Bancada, provider: WhatsAppProvider) -> None:
    most = provider.cost(bancada.message())
    receipt = await provider.send(bancada.message())
    assert bancada.arrived == 1
    assert receipt.requests == bancada.requests <= most
    assert (receipt.message_id is not None) is provider.capabilities.message_ids
    assert receipt.steps
    assert all(step.ok for step in receipt.steps)
    assert receipt.steps[-1].id == receipt.message_id
    assert provider.name == bancada.kind


@each_kind
@pytest.mark.parametrize("fault", list(Fault))
async def test_a_fault_is_one_outcome_and_never_a_second_send(
    kind: str, fault: Fault, bancada: Bancada, provider: WhatsAppProvider
) -> None:
    await provider.send(bancada.message(key="20260305-40"))  # what it learns of an account is known
    before, arrived = bancada.requests, bancada.arrived
    bancada.fail_next(fault)
    outcome = await outcome_of(provider, bancada.message())
    wanted = OF_SMTP.get(fault, OUTCOMES[fault]) if kind == "email" else OUTCOMES[fault]
    assert type(outcome) in wanted
    assert bancada.arrived - arrived <= 1
    assert outcome.requests == bancada.requests - before
    if isinstance(outcome, ProviderError):
        assert [step.ok for step in outcome.steps][-1:] == [False]  # where it failed is told
    if isinstance(outcome, Throttled):
        assert 0 < outcome.retry_after <= 3600
    if isinstance(outcome, Receipt | Ambiguous):
        return
    assert await outcome_of(provider, bancada.message())  # what was not taken may be said again
    assert bancada.arrived - arrived >= 1


@each_kind
@pytest.mark.parametrize("fault", list(Fault))
async def test_a_reason_names_nobody(fault: Fault, bancada: Bancada, provider: WhatsAppProvider) -> None:
    bancada.fail_next(fault)
    outcome = await outcome_of(provider, bancada.message())
    told = [step.detail for step in outcome.steps]
    if isinstance(outcome, ProviderError):
        told += [outcome.reason, str(outcome), repr(outcome), str(outcome.__cause__ or "")]
    secret = (PHONE, PHONE[2:], PHONE[4:], EMAIL, "Joaquina", TEXT, *bancada.hidden)
    assert [word for text in told for word in secret if word in text] == []


@each_kind
async def test_a_key_that_is_refused_stops_the_channel(bancada: Bancada, provider: WhatsAppProvider) -> None:
    bancada.refuse_key()
    outcome = await outcome_of(provider, bancada.message())
    assert isinstance(outcome, Misconfigured)
    assert bancada.arrived == 0
    assert not (await provider.check()).ok


@each_kind
async def test_a_gateway_that_is_gone_took_nothing(bancada: Bancada, provider: WhatsAppProvider) -> None:
    await bancada.stop()
    outcome = await outcome_of(provider, bancada.message())
    assert isinstance(outcome, Unavailable)
    assert outcome.requests == 0
    assert not (await provider.check()).ok


@each_kind
async def test_a_check_tells_an_outage(bancada: Bancada, provider: WhatsAppProvider) -> None:
    well = await provider.check()
    bancada.fall(503)
    fallen = await provider.check()
    assert (well.ok, fallen.ok) == (True, False)
    assert well.detail != fallen.detail != ""
    assert bancada.arrived == 0


@each_kind
async def test_closing_twice_harms_nobody(bancada: Bancada, provider: WhatsAppProvider, http: HttpClient) -> None:
    await provider.send(bancada.message())
    await provider.close()
    await provider.close()
    await bancada.build(http).send(bancada.message(key="20260305-42"))  # the HTTP session is everybody's
    assert bancada.arrived == 2


# what is declared works, and what is not is refused aloud


@each_kind
async def test_flows(bancada: Bancada, provider: WhatsAppProvider, http: HttpClient) -> None:
    message = bancada.message(flow="confirmacao")
    if provider.capabilities.flows:
        starter = bancada.build(http, modo="mensagem_e_fluxo")
        assert (await starter.send(message)).requests > 1
        return
    outcome = await outcome_of(provider, message)
    assert type(outcome) is Rejected
    assert outcome.requests == bancada.arrived == 0


@each_kind
async def test_templates(bancada: Bancada, provider: WhatsAppProvider) -> None:
    """Where only an approved text starts a conversation, there is one; elsewhere the text itself goes, at any hour."""
    bare = bancada.message(template=None)
    assert provider.capabilities.needs_template is (bancada.template() is not None)
    assert isinstance(provider, TemplateDirectory) is provider.capabilities.needs_template
    if not provider.capabilities.needs_template:
        await provider.send(bare)
        assert bancada.arrived == 1
        return
    outcome = await outcome_of(provider, bare)
    assert type(outcome) is OutsideWindow
    assert outcome.requests == bancada.requests == 0
    await provider.send(bancada.message())
    assert bancada.arrived == 1
    assert isinstance(provider, TemplateDirectory)
    assert [state.state for state in await provider.list_templates()] == ["aprovado"]


@each_kind
async def test_buttons_never_cost_the_message(bancada: Bancada, provider: WhatsAppProvider) -> None:
    """The text says in words what may be answered, so a channel without buttons leaves them out."""
    await provider.send(bancada.message(buttons=BUTTONS, template=bancada.template()))
    assert bancada.arrived == 1


@each_kind
async def test_an_empty_text_is_refused_before_anything_is_spent(bancada: Bancada, provider: WhatsAppProvider) -> None:
    outcome = await outcome_of(provider, bancada.message(text="", template=None, session_open=True))
    assert isinstance(outcome, Rejected)
    assert outcome.requests == bancada.requests == 0


@each_kind
async def test_an_address_is_needed_where_it_is_said(bancada: Bancada, provider: WhatsAppProvider) -> None:
    outcome = await outcome_of(provider, bancada.message(email=None))
    assert isinstance(outcome, Rejected) is provider.capabilities.needs_email
    assert (bancada.arrived == 0) is provider.capabilities.needs_email


@each_kind
async def test_nothing_is_idempotent_that_does_not_say_so(bancada: Bancada, provider: WhatsAppProvider) -> None:
    await provider.send(bancada.message())
    await provider.send(bancada.message())
    assert bancada.arrived == (1 if provider.capabilities.idempotent else 2)


@each_kind
async def test_a_lost_answer_can_be_asked_for_where_it_is_said(bancada: Bancada, provider: WhatsAppProvider) -> None:
    assert isinstance(provider, Inquiry) is provider.capabilities.query
    if not isinstance(provider, Inquiry):
        return
    message = bancada.message(template=None, session_open=True)
    doubt = Doubt(message.to, message.text, bancada.clock())
    assert await provider.find(doubt) is None
    bancada.fail_next(Fault.LOST_ANSWER)
    assert isinstance(await outcome_of(provider, message), Ambiguous)
    found = await provider.find(doubt)
    assert found is not None
    assert found.message_id is not None


@each_kind
def test_rates_are_figures_of_a_channel(provider: WhatsAppProvider) -> None:
    can = provider.capabilities
    assert can.text
    assert can.rate_per_minute > 0
    assert can.pair_interval_s >= 0
    assert can.last_resort or not can.needs_email


# what it tells


@each_kind
@pytest.mark.parametrize("how", list(Receipts))
async def test_receipts(how: Receipts, bancada: Bancada, http: HttpClient, clock: StillClock) -> None:
    async with ouvindo() as ouvinte:
        bancada.listen_at(f"{ouvinte.origin}/webhook/canal")
        provider = bancada.build(http)
        bancada.tell(how)
        receipt = await provider.send(bancada.message())
        early = len(ouvinte.calls)
        await bancada.settle()
    told = [event for call in ouvinte.calls for event in read(provider, call) if event.kind == "status"]
    if how is Receipts.NEVER or not provider.capabilities.receipts:
        assert ouvinte.calls == []
        return
    assert all(provider.is_authentic(call, bancada.segredos, now=clock()) for call in ouvinte.calls)
    assert {event.about_id for event in told} == {receipt.message_id}
    assert {event.estado for event in told} >= {M.ENVIADA, M.ENTREGUE}
    assert (early > 0) is (how is Receipts.EARLY)
    assert {event.falha for event in told} == {None}


@each_kind
async def test_a_number_without_whatsapp_is_told_at_once_or_later(
    bancada: Bancada, http: HttpClient, kind: str
) -> None:
    nobody = bancada.refuse_number()
    async with ouvindo() as ouvinte:
        bancada.listen_at(f"{ouvinte.origin}/webhook/canal")
        provider = bancada.build(http)
        outcome = await outcome_of(provider, bancada.message(to=f"+{nobody or PHONE}"))
        await bancada.settle()
    later = {event.falha for call in ouvinte.calls for event in read(provider, call)} - {None}
    told = type(outcome).__name__ if isinstance(outcome, ProviderError) else ", ".join(sorted(later))
    assert told in {"BadNumber", "numero"} or (nobody is None and kind == "botconversa")
    assert bancada.arrived == (nobody is None)


@each_kind
async def test_nobody_else_is_believed(bancada: Bancada, provider: WhatsAppProvider, clock: StillClock) -> None:
    body = bancada.answer("1")
    call = bancada.sign(body) if body is not None else None
    if call is None:
        assert not provider.capabilities.takes_answers
        assert not provider.is_authentic(WebhookCall(b"{}"), ["segredo"], now=clock())
        return
    assert provider.capabilities.takes_answers
    assert provider.is_authentic(call, bancada.segredos, now=clock())
    assert provider.is_authentic(call, ["outro", *bancada.segredos], now=clock())  # while one replaces the other
    assert not provider.is_authentic(call, ["outro"], now=clock())
    assert not provider.is_authentic(replace(call, headers={}), bancada.segredos, now=clock())
    assert [(event.kind, event.texto) for event in read(provider, call)] == [("resposta", "1")]


@each_kind
def test_an_event_nobody_knows_is_no_event(bancada: Bancada, provider: WhatsAppProvider) -> None:
    body = bancada.novelty()
    if body is None:
        return
    call = bancada.sign(body)
    assert call is not None
    assert [event for event in read(provider, call) if event.estado is not None or event.kind == "resposta"] == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    "type",
                    "phone",
                    "entry",
                    "changes",
                    "value",
                    "messages",
                    "statuses",
                    "event",
                    "data",
                    "key",
                    "contact",
                )
            )
            | st.text(max_size=6),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_BODIES = st.binary(max_size=64) | _JSON.map(msgspec.json.encode)


@each_kind
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_BODIES, headers=st.dictionaries(st.text(max_size=12), st.text(max_size=12), max_size=2))
def test_whatever_is_posted_is_read_or_refused(
    bancada: Bancada, provider: WhatsAppProvider, clock: StillClock, *, body: bytes, headers: dict[str, str]
) -> None:
    call = WebhookCall(body, headers, bancada.webhook_url)
    assert provider.is_authentic(call, bancada.segredos, now=clock()) is False
    assert all(isinstance(event, Recebida) for event in read(provider, bancada.sign(body) or call))


def read(provider: WhatsAppProvider, call: WebhookCall) -> list[Recebida]:
    with suppress(UnreadableWebhook):
        return list(provider.parse_webhook(call))
    return []
