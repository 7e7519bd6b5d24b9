"""A message on its way through Botconversa: modes, look-ups, fields, and what it costs."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from app.providers.base import BadNumber, Misconfigured, OutboundMessage, Receipt, Rejected, WhatsAppProvider
from app.providers.botconversa.contacts import phone_variants
from app.simulator.botconversa import FakeBotconversa, LookupForm, SendBody

PHONE = "+5531987654321"
CAMPOS = {"id_tabela": "id_tabela", "nr_seq_agenda": "nr_seq_agenda", "subscriber_id": "subscriber_id"}


def message(**changes: Any) -> OutboundMessage:
    wanted: dict[str, Any] = {
        "key": "m1",
        "to": PHONE,
        "first_name": "Maria",
        "last_name": "",
        "text": "Confirma a sua consulta?",
        "fields": {"id_tabela": "15", "nr_seq_agenda": "51177197", "data": "02/03"},
    }
    return OutboundMessage(**(wanted | changes))


def operations(fake: FakeBotconversa) -> list[str]:
    return [row["operacao"] for row in fake.log]


def delivered(fake: FakeBotconversa) -> list[tuple[str, str]]:
    return [(row["tipo"], row["texto"]) for row in fake.log if row["entregue"]]


def test_is_a_provider(make_provider: Any) -> None:
    provider: WhatsAppProvider = make_provider()
    assert (provider.name, provider.capabilities.rate_unit) == ("botconversa", "request")
    assert not provider.capabilities.receipts


async def test_a_new_contact_is_created_and_written_to(fake: FakeBotconversa, make_provider: Any) -> None:
    receipt = await make_provider().send(message())
    contact = fake.account.by_phone["553187654321"]
    assert delivered(fake) == [("text", "Confirma a sua consulta?")]
    assert (contact.first_name, contact.last_name) == ("Maria", ".")
    assert receipt.subscriber_id == str(contact.id)
    assert receipt.requests == len(fake.log)
    assert [(step.step, step.ok) for step in receipt.steps] == [("contato", True), ("mensagem", True)]


async def test_a_known_id_costs_one_request(fake: FakeBotconversa, make_provider: Any) -> None:
    contact = fake.add_contact(PHONE)
    provider = make_provider()
    outbound = message(subscriber_id=str(contact.id))
    receipt = await provider.send(outbound)
    assert receipt.requests == provider.cost(outbound) == 1


@pytest.mark.parametrize(
    ("config", "changes", "expected"),
    [
        pytest.param({}, {}, ["text"], id="unofficial: text"),
        pytest.param({"modo": "oficial", "flow_id": 987654}, {}, ["flow"], id="official: the flow alone"),
        pytest.param({"modo": "oficial", "flow_id": 987654}, {"session_open": True}, ["text"], id="open session: text"),
        pytest.param({"modo": "mensagem_e_fluxo", "flow_id": 987654}, {}, ["text", "flow"], id="text, then flow"),
        pytest.param({"modo": "mensagem_e_fluxo", "flow_id": 987654}, {"flow": ""}, ["text"], id="no flow asked for"),
        pytest.param({"modo": "oficial", "flow_name": " Confirmacao "}, {}, ["flow"], id="flow found by name"),
        pytest.param({"modo": "oficial"}, {"flow": "confirmacao"}, ["flow"], id="the message names its flow"),
    ],
)
async def test_modes(
    fake: FakeBotconversa,
    make_provider: Any,
    *,
    config: Mapping[str, Any],
    changes: Mapping[str, Any],
    expected: list[str],
) -> None:
    await make_provider(**config).send(message(**changes))
    assert [kind for kind, _ in delivered(fake)] == expected


async def test_fields_are_all_written_before_the_flow(fake: FakeBotconversa, make_provider: Any) -> None:
    provider = make_provider(modo="oficial", flow_name="confirmacao", campos=CAMPOS)
    receipt = await provider.send(message())
    sent = fake.log[-1]
    assert sent["campos"] == {
        "id_tabela": "15",
        "nr_seq_agenda": "51177197",
        "subscriber_id": receipt.subscriber_id,
    }
    assert sent["texto"] == "Olá Maria, confirma a consulta 15?"
    assert operations(fake)[-4:] == ["set_field", "set_field", "set_field", "send_flow"]


async def test_tag_and_campaign_come_before_the_message(fake: FakeBotconversa, make_provider: Any) -> None:
    receipt = await make_provider(tag="confirmacao", campanha="confirmações").send(message())
    contact = fake.account.contacts[int(receipt.subscriber_id)]
    assert (contact.tags, contact.campaigns) == ({1001}, {2001})
    assert operations(fake)[-1] == "send_message"


async def test_a_missing_tag_does_not_keep_the_patient_from_being_asked(
    fake: FakeBotconversa, make_provider: Any
) -> None:
    receipt = await make_provider(tag="apagada").send(message())
    assert [(step.step, step.ok) for step in receipt.steps if not step.ok] == [("etiqueta", False)]
    assert delivered(fake)


@pytest.mark.parametrize(
    ("config", "changes"),
    [
        pytest.param({"modo": "oficial"}, {}, id="no flow configured"),
        pytest.param({"modo": "oficial", "flow_name": "outro"}, {}, id="no flow of that name"),
        pytest.param({"modo": "oficial", "flow_id": 1}, {}, id="no flow with that id"),
        pytest.param({"campos": {"id_tabela": "apagado"}}, {}, id="no such custom field"),
        pytest.param({"api_key": "outra"}, {}, id="wrong key"),
        pytest.param({"modo": "mensagem_e_fluxo", "flow_name": "outro"}, {}, id="no text without its flow"),
    ],
)
async def test_a_wrong_set_up_stops_before_the_patient(
    fake: FakeBotconversa, make_provider: Any, config: Mapping[str, Any], changes: Mapping[str, Any]
) -> None:
    with pytest.raises(Misconfigured):
        await make_provider(**config).send(message(**changes))
    assert not delivered(fake)


@pytest.mark.parametrize(
    ("form", "status", "normalises"),
    [
        (form, status, normalises)
        for form in (LookupForm.ANY, LookupForm.ONLY_PLUS, LookupForm.ONLY_DIGITS)
        for status in (404, 400)
        for normalises in (False, True)
    ],
)
async def test_a_contact_without_its_ninth_digit_is_found(
    fake: FakeBotconversa, make_provider: Any, form: LookupForm, status: int, *, normalises: bool
) -> None:
    fake.options.lookup_form, fake.options.lookup_missing_status = form, status
    fake.options.lookup_normalises = normalises
    contact = fake.add_contact(PHONE)
    receipt = await make_provider().send(message())
    assert receipt.subscriber_id == str(contact.id)
    assert "create" not in operations(fake)


@pytest.mark.parametrize("form", [LookupForm.ONLY_PLUS, LookupForm.ONLY_DIGITS, LookupForm.ANY])
async def test_the_first_contact_teaches_how_phones_are_written(
    fake: FakeBotconversa, make_provider: Any, form: LookupForm
) -> None:
    fake.options.lookup_form = form
    provider = make_provider()
    messages = [message(key=str(n), to=f"+55319876543{n:02}") for n in range(20)]
    dearest = provider.cost(messages[0])
    receipts: list[Receipt] = await asyncio.gather(*(provider.send(one) for one in messages))
    spent = [receipt.requests for receipt in receipts]
    assert spent[0] <= dearest
    assert spent[1:] == [4] * 19  # two look-ups, creation, message
    assert provider.cost(messages[1]) == 4


async def test_a_creation_answered_without_an_id_is_looked_up(fake: FakeBotconversa, make_provider: Any) -> None:
    fake.options.omit_id_on_create = True
    receipt = await make_provider().send(message())
    assert receipt.subscriber_id == str(fake.account.by_phone["553187654321"].id)


async def test_another_persons_contact_is_never_written_to(fake: FakeBotconversa, make_provider: Any) -> None:
    """A search that answers with somebody else: the number of the answer decides, not the search."""
    stranger = fake.add_contact("5531911112222")
    fake.account.by_phone["5531987654321"] = stranger
    receipt = await make_provider().send(message())
    assert receipt.subscriber_id != str(stranger.id)


async def test_a_dead_cached_id_is_looked_up_again_once(fake: FakeBotconversa, make_provider: Any) -> None:
    provider = make_provider(campos=CAMPOS)
    first = await provider.send(message())
    fake.account.delete(fake.account.contacts[int(first.subscriber_id)])
    again = await provider.send(message(subscriber_id="123456789"))
    assert again.subscriber_id is not None
    assert again.subscriber_id != "123456789"
    assert len(delivered(fake)) == 2
    assert again.requests == len(fake.log) - first.requests


async def test_a_field_made_anew_gets_its_new_id(fake: FakeBotconversa, make_provider: Any) -> None:
    provider = make_provider(campos={"id_tabela": "id_tabela"})
    await provider.send(message())
    fake.account.lists["custom_fields"] = {7777: "id_tabela"}
    receipt = await provider.send(message())
    assert fake.account.contacts[int(receipt.subscriber_id)].values[7777] == "15"


async def test_a_flow_made_anew_does_not_repeat_the_text(fake: FakeBotconversa, make_provider: Any) -> None:
    provider = make_provider(modo="mensagem_e_fluxo", flow_name="so espera")
    await provider.send(message())
    fake.account.flows[556] = fake.account.flows.pop(555)
    fake.account.lists["flows"] = {556: "so espera"}
    await provider.send(message(text="Segunda"))
    assert [text for kind, text in delivered(fake) if kind == "text"] == ["Confirma a sua consulta?", "Segunda"]


async def test_what_is_tried_again_enrols_once(fake: FakeBotconversa, make_provider: Any) -> None:
    """A campaign may write to the patient too."""
    provider = make_provider(modo="mensagem_e_fluxo", flow_name="so espera", campanha="Confirmações")
    await provider.send(message())
    fake.account.flows[556] = fake.account.flows.pop(555)
    fake.account.lists["flows"] = {556: "so espera"}
    await provider.send(message())
    assert operations(fake).count("add_campaign") == 2


@pytest.mark.parametrize("body", list(SendBody))
async def test_any_2xx_is_an_acceptance(fake: FakeBotconversa, make_provider: Any, body: SendBody) -> None:
    fake.options.send_body = body
    receipt = await make_provider().send(message())
    assert (receipt.message_id is not None) == (body is SendBody.WITH_ID)


async def test_a_number_the_gateway_refuses(make_provider: Any) -> None:
    with pytest.raises(BadNumber) as refused:
        await make_provider().send(message(to="+551"))
    assert refused.value.requests == 3


@pytest.mark.parametrize("text", ["", "x" * 4097], ids=["empty", "longer than WhatsApp takes"])
async def test_a_text_nobody_can_send_costs_nothing(fake: FakeBotconversa, make_provider: Any, text: str) -> None:
    with pytest.raises(Rejected):
        await make_provider().send(message(text=text))
    assert fake.log == []


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("5531987654321", ("5531987654321", "553187654321")),
        ("553187654321", ("553187654321", "5531987654321")),
        ("5511987654321", ("5511987654321", "551187654321")),
        ("553132345678", ("553132345678",)),
        ("351912345678", ("351912345678",)),
    ],
    ids=["with the ninth digit", "without it", "São Paulo", "a landline has no other form", "another country"],
)
def test_phone_variants(digits: str, expected: tuple[str, ...]) -> None:
    assert phone_variants(digits) == expected


@pytest.mark.parametrize(
    ("config", "known", "expected"),
    [
        pytest.param({}, True, 1, id="known contact, text"),
        pytest.param({}, False, 8, id="unknown contact, account not yet known"),
        pytest.param({"campos": CAMPOS}, True, 5, id="three fields and their list"),
        pytest.param({"modo": "oficial", "flow_id": 987654, "campos": CAMPOS}, True, 5, id="flow by id"),
        pytest.param({"modo": "mensagem_e_fluxo", "flow_name": "so espera"}, True, 3, id="text, flow, list of flows"),
        pytest.param({"tag": "confirmacao", "campanha": "Confirmações"}, True, 5, id="tag and campaign"),
    ],
)
async def test_a_send_costs_at_most_what_was_said(
    fake: FakeBotconversa, make_provider: Any, config: Mapping[str, Any], *, known: bool, expected: int
) -> None:
    provider = make_provider(**config)
    outbound = message(subscriber_id=str(fake.add_contact(PHONE).id) if known else None)
    assert provider.cost(outbound) == expected
    assert (await provider.send(outbound)).requests <= expected


async def test_official_text_outside_the_window_reaches_nobody(fake: FakeBotconversa, make_provider: Any) -> None:
    fake.options.official = True
    await make_provider().send(message())
    assert not delivered(fake)
