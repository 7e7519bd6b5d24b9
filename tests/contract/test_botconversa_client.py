"""Every operation of the API, spoken to over HTTP, and the fake's refusals."""

from typing import Any

import aiohttp
import pytest

from app.providers.base import BadNumber, Misconfigured, Rejected, Unavailable
from app.providers.botconversa import BotconversaClient, Named
from app.providers.botconversa.client import NotFound
from app.providers.http import HttpClient, HttpLimits
from app.services.botconversa_service import BotconversaService
from app.simulator.botconversa import FakeBotconversa, FakeOptions

KEY = {"API-KEY": "chave-de-teste-0001"}


@pytest.fixture
def client(make_provider: Any) -> BotconversaClient:
    made: BotconversaClient = make_provider().client
    return made


async def test_lists(client: BotconversaClient) -> None:
    assert await client.list_flows() == [Named(987654, "confirmacao"), Named(555, "so espera")]
    assert await client.list_tags() == [Named(1001, "confirmacao")]
    assert await client.list_campaigns() == [Named(2001, "Confirmações")]
    assert [row.name for row in await client.list_custom_fields()] == [
        "id_tabela",
        "nr_seq_agenda",
        "subscriber_id",
    ]
    assert await client.list_sequences() == [Named(4001, "Pós-consulta")]
    assert await client.list_bot_fields() == [Named(5001, "nome_do_hospital")]


async def test_the_life_of_a_contact(fake: FakeBotconversa, client: BotconversaClient) -> None:
    created = await client.create_subscriber("5531987654321", "Maria", "Souza")
    assert created is not None
    assert (created.phone, created.created) == ("+553187654321", True)
    number = created.id
    await client.set_custom_field(number, 3001, "15")
    await client.add_tag(number, 1001)
    await client.add_to_campaign(number, 2001)
    await client.add_to_sequence(number, 4001)
    await client.change_conversation_status(number, is_open=True, manager=1)
    found = await client.find_subscriber("%2B553187654321")
    assert found is not None
    assert found.variables["id_tabela"] == "15"
    contact = fake.account.contacts[int(number)]
    assert (contact.tags, contact.campaigns, contact.sequences, contact.live_chat_open) == (
        {1001},
        {2001},
        {4001},
        True,
    )
    await client.clear_custom_field(number, 3001)
    await client.remove_tag(number, 1001)
    await client.remove_from_campaign(number, 2001)
    await client.remove_from_sequence(number, 4001)
    assert (contact.values, contact.tags, contact.campaigns, contact.sequences) == ({}, set(), set(), set())
    await client.delete_subscriber(number)
    assert await client.find_subscriber("553187654321") is None


@pytest.mark.parametrize("existing_is_401", [True, False])
async def test_creating_whom_the_account_has(
    fake: FakeBotconversa, client: BotconversaClient, *, existing_is_401: bool
) -> None:
    fake.options.existing_is_401 = existing_is_401
    contact = fake.add_contact("5531987654321")
    created = await client.create_subscriber("5531987654321", "Outro", "Nome")
    assert created is None if existing_is_401 else (created and created.id) == str(contact.id)
    assert contact.first_name == "Contato"


async def test_campaigns_and_managers(client: BotconversaClient) -> None:
    made = await client.create_campaign("Mutirão")
    number = int(str(made["id"]))
    assert (await client.read_campaign(number))["name"] == "Mutirão"
    await client.delete_campaign(number)
    with pytest.raises(NotFound):
        await client.read_campaign(number)
    manager = int(str((await client.create_manager({"full_name": "Ana"}))["id"]))
    assert (await client.update_manager(manager, {"full_name": "Bia"}))["full_name"] == "Bia"
    assert (await client.read_manager(manager))["full_name"] == "Bia"
    await client.delete_manager(manager)
    assert [row["id"] for row in await client.list_managers()] == [1]
    await client.set_bot_field(5001, "Santa Casa")


async def test_long_lists_come_in_pages(fake: FakeBotconversa, client: BotconversaClient) -> None:
    for n in range(250):
        fake.add_contact(f"55119{70000000 + n}")
    assert len(await client.list_subscribers()) == 250
    assert len(await client.list_subscribers(page=3)) == 50
    assert len(fake.log) == 4


async def test_pages_end_at_a_maximum(fake: FakeBotconversa, make_provider: Any) -> None:
    fake.options.page_size = 1
    fake.account.lists["tags"] = dict(enumerate("abcdef", 1))
    assert len(await make_provider(max_paginas=3).client.list_tags()) == 3


async def test_the_key_never_follows_a_page_to_another_host(fake: FakeBotconversa, client: BotconversaClient) -> None:
    fake.account.lists["tags"] = dict(enumerate("abcdef", 1))
    fake.options.page_size, fake.options.next_host = 2, "http://gateway.invalid/api/v1/webhook"
    with pytest.raises(Rejected):
        await client.list_tags()
    assert len(fake.log) == 1


async def test_a_page_on_our_host_keeps_our_scheme_and_port(fake: FakeBotconversa, client: BotconversaClient) -> None:
    """Behind a proxy the service tells its inner address."""
    fake.account.lists["tags"] = dict(enumerate("abcdef", 1))
    fake.options.page_size, fake.options.next_host = 2, "https://127.0.0.1/api/v1/webhook"
    assert len(await client.list_tags()) == 6


async def test_an_answer_without_end_is_cut(fake: FakeBotconversa) -> None:
    http = HttpClient(HttpLimits(body_bytes=500))
    client = BotconversaClient(http, fake.url, KEY["API-KEY"])
    fake.account.lists["tags"] = dict.fromkeys(range(1, 99), "etiqueta")
    with pytest.raises(Unavailable):
        await client.list_tags()
    await http.close()


async def test_redirects_are_not_followed(fake: FakeBotconversa, http: HttpClient) -> None:
    client = BotconversaClient(http, fake.url, KEY["API-KEY"])
    with pytest.raises(Misconfigured):
        await client._call("GET", "/tags")
    assert len(fake.log) == 1


@pytest.mark.parametrize("subscriber_id", ["", "../1", "1/2", "1?x=1", "á"])
async def test_what_is_no_id_never_reaches_a_path(
    fake: FakeBotconversa, client: BotconversaClient, subscriber_id: str
) -> None:
    with pytest.raises(NotFound):
        await client.send_message(subscriber_id, "x")
    assert fake.log == []


GOOD_CONTACT = {"phone": "5531987654321", "first_name": "M", "last_name": "S", "has_opt_in_whatsapp": True}


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "expected"),
    [
        pytest.param("GET", "/tags/", None, {}, 401, id="no key"),
        pytest.param("GET", "/tags/", None, {"API-KEY": "x"}, 401, id="wrong key"),
        pytest.param("GET", "/tags/", None, {"Authorization": "Bearer chave-de-teste-0001"}, 401, id="bearer"),
        pytest.param("PATCH", "/subscriber/{id}/", {"x": 1}, KEY, 404, id="no such operation: PATCH"),
        pytest.param("GET", "/subscriber/{id}/", None, KEY, 404, id="no such operation: read by id"),
        pytest.param("GET", "/subscriber/{id}/messages/", None, KEY, 404, id="no history"),
        pytest.param("PUT", "/tags/", {}, KEY, 405, id="wrong method"),
        pytest.param("POST", "/messages/", {}, KEY, 404, id="a path of another invention"),
        pytest.param("POST", "/subscriber", GOOD_CONTACT, KEY, 404, id="post without its slash"),
        pytest.param("POST", "/subscriber/", {**GOOD_CONTACT, "has_opt_in_whatsapp": False}, KEY, 400, id="no opt-in"),
        pytest.param("POST", "/subscriber/", {**GOOD_CONTACT, "last_name": ""}, KEY, 400, id="no surname"),
        pytest.param("POST", "/subscriber/", {**GOOD_CONTACT, "phone": "987654321"}, KEY, 400, id="local number"),
        pytest.param("POST", "/subscriber/{id}/send_message/", {"type": "hsm", "value": "x"}, KEY, 400, id="type"),
        pytest.param("POST", "/subscriber/{id}/send_message/", {"type": "text", "value": ""}, KEY, 400, id="no text"),
        pytest.param("POST", "/subscriber/1/send_message/", {"type": "text", "value": "x"}, KEY, 404, id="nobody"),
        pytest.param("POST", "/subscriber/{id}/send_flow/", {}, KEY, 400, id="a flow must be named"),
        pytest.param("POST", "/subscriber/{id}/send_flow/", {"flow": "987654"}, KEY, 400, id="flow as text"),
        pytest.param("POST", "/subscriber/{id}/send_flow/", {"flow": 1}, KEY, 404, id="no such flow"),
        pytest.param("POST", "/subscriber/{id}/custom_fields/3001/", {"value": 15}, KEY, 400, id="number as value"),
        pytest.param("POST", "/subscriber/{id}/custom_fields/1/", {"value": "x"}, KEY, 404, id="no such field"),
        pytest.param("POST", "/subscriber/{id}/tags/1/", {}, KEY, 404, id="no such tag"),
    ],
)
async def test_the_fake_refuses_what_the_service_refuses(
    fake: FakeBotconversa, *, method: str, path: str, body: Any, headers: dict[str, str], expected: int
) -> None:
    contact = fake.add_contact("5531911112222")
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, fake.url + path.format(id=contact.id), json=body, headers=headers) as response,
    ):
        assert response.status == expected
    assert contact.messages == []


def test_every_fake_starts_with_its_own_switches() -> None:
    first, second = FakeOptions(), FakeOptions()
    first.outage = 503
    assert second.outage is None


async def test_conversations_show_both_sides(fake: FakeBotconversa, make_provider: Any) -> None:
    heard: list[tuple[str, str]] = []
    fake.on_delivered = lambda contact, text: heard.append((contact.first_name, text))
    contact = fake.add_contact("5531987654321", "Maria", "Souza")
    client = make_provider().client
    await client.send_message(str(contact.id), "Confirma?")
    await client.send_flow(str(contact.id), 555)
    fake.receive(contact.id, "1")
    shown = fake.conversations()[0]
    assert shown["telefone"] == "+553187654321"
    messages = shown["mensagens"]
    assert isinstance(messages, list)
    assert [(m["direcao"], m["texto"]) for m in messages] == [("saida", "Confirma?"), ("entrada", "1")]
    assert heard == [("Maria", "Confirma?")]


async def test_the_service_names_things(fake: FakeBotconversa, make_provider: Any) -> None:
    provider = make_provider()
    service = BotconversaService(provider.client, provider, provider.catalog)
    contact = await service.create_subscriber("+5531987654321", "Maria", "Souza")
    found = await service.find_subscriber("(31) 98765-4321")
    assert found is not None
    assert found.id == contact.id
    with pytest.raises(BadNumber):
        await service.find_subscriber("1234")
    await service.send_flow(contact.id, flow_name="confirmacao")
    await service.send_message(contact.id, "Olá")
    await service.set_custom_field(contact.id, "id_tabela", "15")
    await service.add_tag(contact.id, "confirmacao")
    await service.add_to_campaign(contact.id, "Confirmações")
    await service.add_to_sequence(contact.id, "Pós-consulta")
    held = fake.account.contacts[int(contact.id)]
    assert (held.tags, held.campaigns, held.sequences, held.values) == ({1001}, {2001}, {4001}, {3001: "15"})
    assert [row["tipo"] for row in fake.log if row["entregue"]] == ["flow", "text"]
    with pytest.raises(Rejected):
        await service.add_tag(contact.id, "não existe")
