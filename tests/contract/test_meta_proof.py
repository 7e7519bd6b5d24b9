"""Who called, the greeting before the first call, and the receipts of a message as the fake tells them over HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.confirmacao import EstadoMensagem, advance
from app.domain.entrega import Falha
from app.providers.base import Handshake, TemplateDirectory, WebhookCall
from app.providers.http import HttpClient
from app.providers.meta import MetaProvider
from app.simulator.gateway import Avisos, Receipts
from app.simulator.meta import FakeMeta, Person, said
from tests.contract.meta_bancada import (
    BUTTONS,
    DIGITS,
    MARIA,
    VERIFY_TOKEN,
    Listener,
    by_template,
    channel,
    listening,
    options,
    outbound,
    running,
    told,
)

SECRET = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"
NOW = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
# Meta escapes what is not ASCII: the six characters \u00e9 are part of what was signed.
BODY = (
    rb'{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":'
    rb'"whatsapp","metadata":{"display_phone_number":"553130000000","phone_number_id":"106540352242922"},"contacts":'
    rb'[{"profile":{"name":"Jos\u00e9"},"wa_id":"553187654321"}],"messages":[{"from":"553187654321","id":'
    rb'"wamid.HBgMNTUzMTg3NjU0MzIxFQIAEhgUM0EAAAAAAAAAAAAAAAAA","timestamp":"1763906400","type":"text","text":'
    rb'{"body":"Sim"}}]},"field":"messages"}]}]}'
)
SIGNATURE = "sha256=105729ac6791865e1160b06f64274d2cb139b026892ec650537a92b22e8f4f1b"
HEADER = "x-hub-signature-256"


@pytest.fixture
async def fake(clock: Any) -> AsyncIterator[FakeMeta]:
    async with running(clock) as server:
        yield server


@pytest.fixture
def provider(fake: FakeMeta, http: HttpClient, clock: Any) -> MetaProvider:
    return channel(fake, http, clock)


@pytest.fixture
async def listener(fake: FakeMeta) -> AsyncIterator[Listener]:
    async with listening(fake) as heard:
        yield heard


def proves(provider: MetaProvider, headers: dict[str, str], body: bytes = BODY, secrets: tuple[str, ...] = ()) -> bool:
    return provider.is_authentic(WebhookCall(body, headers), secrets or (SECRET,), now=NOW)


def test_the_vector_of_the_contract(provider: MetaProvider) -> None:
    assert len(BODY) == 463
    assert proves(provider, {HEADER: SIGNATURE})
    (recebida,) = provider.parse_webhook(WebhookCall(BODY))
    assert (recebida.nome, recebida.texto, recebida.telefone) == ("José", "Sim", "553187654321")


@pytest.mark.parametrize("secrets", [(SECRET, OTHER), (OTHER, SECRET)])
def test_two_secrets_while_one_replaces_the_other(provider: MetaProvider, secrets: tuple[str, ...]) -> None:
    assert proves(provider, {HEADER: SIGNATURE}, secrets=secrets)


@pytest.mark.parametrize(
    ("headers", "body", "secrets"),
    [
        pytest.param({}, BODY, (SECRET,), id="no signature"),
        pytest.param({HEADER: ""}, BODY, (SECRET,), id="an empty one"),
        pytest.param({HEADER: "sha256="}, BODY, (SECRET,), id="nothing but its scheme"),
        pytest.param({HEADER: SIGNATURE.removeprefix("sha256=")}, BODY, (SECRET,), id="without its scheme"),
        pytest.param({HEADER: SIGNATURE[:-1] + "c"}, BODY, (SECRET,), id="altered"),
        pytest.param({HEADER: "sha256=ção"}, BODY, (SECRET,), id="no hexadecimal"),
        pytest.param({HEADER: SIGNATURE}, BODY, (OTHER,), id="another secret"),
        pytest.param({HEADER: SIGNATURE}, BODY, ("",), id="an empty secret lets nobody in"),
        pytest.param({HEADER: SIGNATURE}, BODY + b" ", (SECRET,), id="another body"),
        pytest.param({HEADER: SIGNATURE}, BODY.replace(rb"\u00e9", "é".encode()), (SECRET,), id="written anew"),
        pytest.param({"x-hub-signature": SIGNATURE}, BODY, (SECRET,), id="the header of SHA-1"),
        pytest.param({"x-webhook-secret": SECRET}, BODY, (SECRET,), id="Meta never sends the secret itself"),
    ],
)
def test_a_stranger(provider: MetaProvider, *, headers: dict[str, str], body: bytes, secrets: tuple[str, ...]) -> None:
    assert not proves(provider, headers, body, secrets)


def test_no_secret_set_up(provider: MetaProvider) -> None:
    assert not provider.is_authentic(WebhookCall(BODY, {HEADER: SIGNATURE}), (), now=NOW)


GREETING = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN}


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        pytest.param(GREETING, "1158201444", id="our word"),
        pytest.param({**GREETING, "hub.verify_token": "outra"}, None, id="another word"),
        pytest.param({**GREETING, "hub.verify_token": "ção\ud800"}, None, id="no word at all"),
        pytest.param({**GREETING, "hub.mode": "unsubscribe"}, None, id="another wish"),
        pytest.param({key: GREETING[key] for key in ("hub.mode", "hub.challenge")}, None, id="no word"),
        pytest.param({key: GREETING[key] for key in ("hub.mode", "hub.verify_token")}, None, id="no challenge"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_greeting(provider: MetaProvider, query: dict[str, str], answer: str | None) -> None:
    assert provider.greet(query) == answer


def test_a_channel_without_a_word_greets_nobody(http: HttpClient, provider: MetaProvider, clock: Any) -> None:
    silent = MetaProvider(provider.config, http, token="t", clock=clock)
    assert silent.greet({**GREETING, "hub.verify_token": ""}) is None
    assert isinstance(silent, Handshake)
    assert isinstance(silent, TemplateDirectory)


async def test_greeting_over_http(fake: FakeMeta, provider: MetaProvider, listener: Listener) -> None:
    listener.greet = provider.greet
    assert await fake.greet(VERIFY_TOKEN) == (200, "1158201444")
    assert (await fake.greet("outra"))[0] == 403


def heard(provider: MetaProvider, listener: Listener) -> list[Any]:
    assert all(provider.is_authentic(call, (SECRET,), now=NOW) for call in listener.calls)
    return [recebida for call in listener.calls for recebida in provider.parse_webhook(call)]


@pytest.mark.parametrize(
    ("receipts", "states"),
    [
        (Receipts.NORMAL, ["enviada", "entregue", "lida"]),
        (Receipts.EARLY, ["enviada", "entregue", "lida"]),
        (Receipts.TWICE, ["enviada", "enviada", "entregue", "entregue", "lida", "lida"]),
        (Receipts.REVERSED, ["lida", "entregue", "enviada"]),
        (Receipts.NEVER, []),
    ],
)
async def test_receipts(
    fake: FakeMeta, provider: MetaProvider, listener: Listener, *, receipts: Receipts, states: list[str]
) -> None:
    fake.receipts = receipts
    receipt = await provider.send(outbound(buttons=BUTTONS))
    if receipts is Receipts.EARLY:
        assert len(listener.calls) == 3  # before the answer to the send
    await told(fake)
    received = heard(provider, listener)
    assert sorted(str(r.estado) for r in received) == sorted(states)
    assert {(r.about_id, r.our_key, r.telefone) for r in received} <= {
        (receipt.message_id, "out-000123", "553187654321")
    }
    estado = EstadoMensagem.EM_ENVIO
    for recebida in received:
        estado = advance(estado, recebida.estado)
    assert estado is (EstadoMensagem.LIDA if states else EstadoMensagem.EM_ENVIO)


async def test_read_without_delivered(fake: FakeMeta, provider: MetaProvider, listener: Listener) -> None:
    fake.options.skip_delivered = True
    await provider.send(by_template())
    await told(fake)
    assert sorted(r.status for r in heard(provider, listener)) == ["read", "sent"]


async def test_a_receipt_without_a_phone(fake: FakeMeta, provider: MetaProvider, listener: Listener) -> None:
    fake.options.only_bsuid = True
    await provider.send(by_template())
    await told(fake)
    assert {(r.telefone, r.subscriber_id) for r in heard(provider, listener)} == {(None, MARIA.user_id)}


@pytest.mark.parametrize(
    ("code", "falha"),
    [(131026, Falha.NUMERO), (131049, Falha.RETIDA), (131050, Falha.PAROU), (131042, Falha.CONFIGURACAO)],
)
async def test_a_failure_told_later(
    fake: FakeMeta, provider: MetaProvider, listener: Listener, *, code: int, falha: Falha
) -> None:
    fake.options.undelivered[DIGITS] = code
    await provider.send(by_template())
    await told(fake)
    (recebida,) = heard(provider, listener)
    assert (recebida.estado, recebida.falha, recebida.codigo) == (EstadoMensagem.FALHOU, falha, str(code))
    assert fake.delivered == []


async def test_many_receipts_in_one_call(clock: Any, http: HttpClient) -> None:
    async with running(clock, options(batch=100, per_second=None)) as fake, listening(fake) as listener:
        provider = channel(fake, http, clock)
        keys = [str(n) for n in range(50)]
        for key in keys:
            await provider.send(by_template(key=key, to=f"+5531987{key:0>6}"))
        await told(fake)
        received = heard(provider, listener)
        assert len(received) == 150
        assert {r.our_key for r in received} == set(keys)
        assert len(listener.calls) < 50


async def test_a_call_answered_with_an_error_comes_again(clock: Any, http: HttpClient) -> None:
    async with running(clock) as fake:
        await fake.avisos.close()
        fake.avisos = Avisos(tries=5, pause_s=0.001)
        async with listening(fake) as listener:
            listener.statuses = [503, 500]
            assert await fake.avisos.post(fake.receive(MARIA, said.text("1"))) == 200
            assert len({call.body for call in listener.calls}) == 1
            ids = [r.message_id for r in heard(channel(fake, http, clock), listener)]
            assert len(ids) == 3
            assert len(set(ids)) == 1


async def test_a_wrong_signature_is_a_stranger(fake: FakeMeta, provider: MetaProvider, listener: Listener) -> None:
    fake.options.wrong_signature = True
    await fake.avisos.post(fake.receive(MARIA, said.text("1")))
    assert not provider.is_authentic(listener.calls[0], (SECRET,), now=NOW)


@pytest.mark.parametrize("person", [MARIA, Person(DIGITS, "José da Conceição", only_bsuid=True)])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(said.text("Não vou 👍"), ("Não vou 👍", None, None), id="text"),
        pytest.param(said.template_button("confirm:1", "Confirmar"), ("Confirmar", "confirm:1", None), id="template"),
        pytest.param(said.button("confirm:1", "Confirmar"), ("Confirmar", "confirm:1", None), id="button"),
        pytest.param(said.row("confirm:1", "Confirmar", "Vou"), ("Confirmar", "confirm:1", None), id="list"),
        pytest.param(said.media("audio"), ("", None, "audio"), id="audio"),
        pytest.param(said.media("image", "Pedido"), ("Pedido", None, "image"), id="picture"),
        pytest.param(said.location(), ("", None, "location"), id="place"),
        pytest.param(said.contacts(), ("", None, "contact"), id="card"),
        pytest.param(said.unsupported(), ("", None, "other"), id="unsupported"),
    ],
)
async def test_everything_a_person_can_do(
    fake: FakeMeta, provider: MetaProvider, listener: Listener, *, person: Person, content: Any, expected: Any
) -> None:
    sent = await provider.send(by_template())
    await told(fake)
    listener.calls.clear()
    await fake.avisos.post(fake.receive(person, content, quoted=sent.message_id))
    (recebida,) = heard(provider, listener)
    assert (recebida.texto, recebida.botao, recebida.midia) == expected
    assert (recebida.quoted_id, recebida.nome) == (sent.message_id, person.nome)
    assert (recebida.telefone, recebida.subscriber_id) == (None if person.only_bsuid else person.wa_id, person.user_id)


async def test_another_number_and_a_reaction(fake: FakeMeta, provider: MetaProvider, listener: Listener) -> None:
    await fake.avisos.post(fake.receive(MARIA, said.changed_number("5531988887777")))
    await fake.avisos.post(fake.receive(MARIA, said.reaction("👍", "wamid.OURS")))
    moved, reaction = heard(provider, listener)
    assert (moved.kind, moved.status, moved.telefone, moved.texto) == (
        "conta",
        "user_changed_number",
        "553187654321",
        "553188887777",
    )
    assert (reaction.midia, reaction.quoted_id, reaction.texto) == ("reaction", "wamid.OURS", "")


async def test_news_of_the_account(fake: FakeMeta, provider: MetaProvider, listener: Listener) -> None:
    value = {"event": "PAUSED", "message_template_name": "confirmacao_consulta", "reason": "NONE"}
    await fake.avisos.post(fake.tell("message_template_status_update", value))
    (recebida,) = heard(provider, listener)
    assert (recebida.kind, recebida.falha, recebida.about_id) == ("conta", Falha.MODELO, "confirmacao_consulta")
