"""Every kind of channel called over real HTTP: who is let in, what is answered, what is kept."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

import aiohttp
import msgspec
import pytest
from yarl import URL

from app import crypto
from app.domain.confirmacao import EstadoMensagem
from app.simulator.evolution import Forma, Resposta, bearer, message_data
from app.simulator.evolution.webhook import Webhook
from app.simulator.gateway import Aviso, Receipts
from app.simulator.meta import Person, said, sign
from app.simulator.twilio import Inbound
from tests.caminhos import (
    BASE_URL,
    DIGITOS,
    JOAQUINA,
    PESSOA,
    SEED,
    SEGREDO,
    VERIFY_TOKEN,
    Rede,
    Via,
    open_rede,
    plan,
    states,
)
from tests.cenario import Cenario
from tests.fabricas import FONE, make_agenda
from tests.web.apoio import serve

M = EstadoMensagem
KINDS: Final = ("botconversa", "evolution", "meta", "twilio", "twilio_sms", "zapi")
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = {"Content-Type": "application/json"}


@dataclass
class Porta:
    """The served program, and its channels by kind."""

    cenario: Cenario
    client: aiohttp.ClientSession
    rede: Rede
    vias: dict[str, Via] = field(default_factory=dict)

    async def post(self, via: Via, aviso: Aviso, **changed: str) -> aiohttp.ClientResponse:
        headers = {**aviso.headers, **changed}
        return await self.client.post(f"/webhook/{via.public_id}", data=aviso.body, headers=headers)

    def url_of(self, via: Via) -> str:
        base = self.client._base_url
        assert base is not None
        return str(base / "webhook" / via.public_id)

    async def recebidas(self) -> int:
        return len(await self.cenario.rows("SELECT 1 FROM recebidas UNION ALL SELECT 1 FROM recibos"))


@pytest.fixture
async def porta(
    cenario: Cenario,
    outro_hospital: int,  # noqa: ARG001  no test runs in a world with one hospital only
) -> AsyncIterator[Porta]:
    async with AsyncExitStack() as stack:
        rede = await stack.enter_async_context(open_rede(cenario))
        client = await stack.enter_async_context(serve(cenario.programa))  # type: ignore[arg-type]
        yield Porta(cenario, client, rede)


async def open_kind(porta: Porta, kind: str) -> tuple[Via, Aviso]:
    """Open a channel; return it with a patient's "1" as its gateway tells it."""
    rede, cenario = porta.rede, porta.cenario
    match kind:
        case "zapi":
            via = await rede.zapi()
            return via, via.fake.calls.aviso(via.fake.calls.text(JOAQUINA, "1"))
        case "meta":
            via = await rede.meta(SEED)
            return via, via.fake.receive(PESSOA, said.text("1"))
        case "evolution":
            via = await rede.evolution()
            told = frozenset({"MESSAGES_UPSERT", "MESSAGES_UPDATE", "CONNECTION_UPDATE"})
            via.fake.webhook = Webhook(enabled=True, headers={"jwt_key": SEGREDO}, events=told)
            data = message_data(Resposta(DIGITOS, "1", "3EB0AA", cenario.relogio()), Forma.TEXTO)
            return via, via.fake.aviso("messages.upsert", data)
        case "twilio" | "twilio_sms":
            via = await rede.twilio(kind)
            sender = "+553130000000" if kind == "twilio_sms" else "whatsapp:+553130000000"
            url = f"{BASE_URL}/webhook/{via.public_id}"
            inbound = Inbound(url, via.fake.options.auth_token, sender=sender, phone=f"+{DIGITOS}")
            return via, inbound.text("1")
        case _:
            await cenario.set_canal(ativo=True)
            [row] = await cenario.rows("SELECT public_id FROM canais WHERE id = :c", c=cenario.canal_id)
            via = Via(cenario=cenario, id=cenario.canal_id, public_id=row["public_id"], tipo=kind, fake=cenario.fake)
            body = msgspec.json.encode({"telefone": FONE, "resposta": "1"})
            return via, Aviso(body, {**JSON, "X-Webhook-Secret": cenario.segredo})


async def ask(porta: Porta) -> None:
    await porta.cenario.importar(make_agenda())
    await porta.cenario.execute("UPDATE atendimentos SET status_confirmacao = 'aguardando'")


@pytest.mark.parametrize("kind", KINDS)
async def test_the_gateways_own_call_is_taken_and_answered_as_it_expects(porta: Porta, kind: str) -> None:
    via, aviso = await open_kind(porta, kind)
    async with await porta.post(via, aviso) as answer:
        assert answer.status == 200
        if kind.startswith("twilio"):
            assert answer.content_type == "text/xml"
            assert (await answer.text()).endswith("<Response/>"), "Twilio would send any text on to the patient"
        else:
            assert (await answer.json())["status"] == "SEM_ATENDIMENTO"
    assert await porta.recebidas() == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("proof", ["none", "empty", "another secret", "another's"])
async def test_a_stranger_gets_401_and_leaves_nothing_behind(porta: Porta, kind: str, proof: str) -> None:
    via, aviso = await open_kind(porta, kind)
    named = {name.lower(): name for name in aviso.headers}
    proofs = [named[name] for name in named if name not in {"content-type", "user-agent"}]
    assert proofs
    plain = {name: value for name, value in aviso.headers.items() if name not in proofs}
    given = {
        "none": {},
        "empty": dict.fromkeys(proofs, ""),
        "another secret": dict.fromkeys(proofs, "sha256=" + "0" * 64),
        "another's": {"X-Webhook-Secret": porta.cenario.segredo[::-1], "X-Twilio-Signature": "AAAA", "apikey": "x"},
    }[proof]
    async with await porta.post(via, Aviso(aviso.body, {**plain, **given})) as answer:
        assert (answer.status, answer.content_type) == (401, "application/problem+json")
        assert (await answer.json())["code"] == "nao_autorizado"
    assert await porta.recebidas() == 0


@pytest.mark.parametrize("kind", ["meta", "twilio", "twilio_sms"])
async def test_a_body_altered_on_the_way_is_a_strangers(porta: Porta, kind: str) -> None:
    via, aviso = await open_kind(porta, kind)
    altered = aviso.body.replace(b"1", b"0")
    async with await porta.post(via, Aviso(altered, aviso.headers)) as answer:
        assert answer.status == 401
    assert await porta.recebidas() == 0


async def test_a_form_signed_for_another_address_is_a_strangers(porta: Porta) -> None:
    via, aviso = await open_kind(porta, "twilio")
    path = f"/webhook/{via.public_id}?outro=1"
    async with porta.client.post(path, data=aviso.body, headers=dict(aviso.headers)) as answer:
        assert answer.status == 401


async def test_the_proof_of_one_channel_opens_no_other(porta: Porta) -> None:
    _, aviso = await open_kind(porta, "meta")
    other = await porta.rede.meta(SEED, options={"app_secret": "f" * 32})
    async with await porta.post(other, aviso) as answer:
        assert answer.status == 401


@pytest.mark.parametrize("canal", ["inventado", "a" * 500, "..%2f..%2fetc", "%00", "botconversa%20"])
async def test_an_unknown_channel_is_a_stranger(porta: Porta, canal: str) -> None:
    _, aviso = await open_kind(porta, "meta")
    path = URL(f"/webhook/{canal}", encoded=True)
    async with porta.client.post(path, data=aviso.body, headers=dict(aviso.headers)) as answer:
        assert answer.status in {401, 404}
    assert await porta.recebidas() == 0


async def test_an_email_channel_takes_no_calls(porta: Porta) -> None:
    email = await porta.rede.email()
    async with porta.client.post(f"/webhook/{email.public_id}", json={"oi": 1}) as answer:
        assert answer.status in {401, 422}


# the greeting


@pytest.mark.parametrize(
    ("token", "expected"), [(VERIFY_TOKEN, (200, "1158201444")), ("adivinhado", (403, None)), ("", (403, None))]
)
async def test_metas_greeting(porta: Porta, token: str, expected: tuple[int, str | None]) -> None:
    via, _ = await open_kind(porta, "meta")
    via.fake.avisos.url = porta.url_of(via)
    status, said_back = await via.fake.greet(token)
    assert (status, said_back if status == 200 else None) == expected


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN},
        {"hub.mode": "unsubscribe", "hub.challenge": "1", "hub.verify_token": VERIFY_TOKEN},
        {"hub.challenge": "1", "hub.verify_token": VERIFY_TOKEN},
    ],
)
async def test_half_a_greeting_is_none(porta: Porta, query: dict[str, str]) -> None:
    via, _ = await open_kind(porta, "meta")
    async with porta.client.get(f"/webhook/{via.public_id}", params=query) as answer:
        assert answer.status == 403


async def test_only_who_has_a_greeting_greets(porta: Porta) -> None:
    via, _ = await open_kind(porta, "zapi")
    query = {"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": VERIFY_TOKEN}
    for canal in (via.public_id, "inventado"):
        async with porta.client.get(f"/webhook/{canal}", params=query) as answer:
            assert answer.status == 403


# what comes in one call


async def test_a_thousand_updates_in_one_body(porta: Porta) -> None:
    """Nine hundred receipts and a hundred answers, as Meta puts together what it could not deliver for a while."""
    cenario = porta.cenario
    via = await porta.rede.meta(SEED, options={"per_second": None})
    await porta.rede.approve(via)
    await plan(cenario, 300)
    await cenario.send()
    fake = via.fake
    statuses = [fake._status(taken, estado) for taken in via.sent for estado in (M.ENVIADA, M.ENTREGUE, M.LIDA)]
    people = [Person(taken.phone) for taken in via.sent[:100]]
    answers = [
        fake.desk.message(person, said.text("1"), ident=f"wamid.r{n}", now=cenario.relogio())
        for n, person in enumerate(people)
    ]
    first, second = (
        msgspec.json.decode(body)["entry"][0]
        for body in (fake.desk.statuses(statuses), fake.desk.messages(people, answers))
    )
    body = msgspec.json.encode({"object": "whatsapp_business_account", "entry": [first, second]})
    async with await porta.post(via, sign(body, fake.options.app_secret)) as answer:
        assert answer.status == 200
    await cenario.programa.scheduler.receive()
    assert (await states(cenario))["lida"] == 300
    rows = await cenario.rows("SELECT status_confirmacao AS s, count(*) AS n FROM atendimentos GROUP BY 1")
    assert {row["s"]: row["n"] for row in rows} == {"confirmado": 100, "aguardando": 200}
    texts = await cenario.rows("SELECT length(corpo) AS n FROM recebidas")
    assert max(row["n"] for row in texts) < 4000, "what is kept of one patient names no other"


@pytest.mark.parametrize("receipts", [Receipts.NORMAL, Receipts.EARLY, Receipts.TWICE, Receipts.REVERSED])
@pytest.mark.parametrize("kind", ["meta", "zapi"])
async def test_receipts_the_gateway_posts_by_itself(porta: Porta, kind: str, receipts: Receipts) -> None:
    cenario = porta.cenario
    via = await (porta.rede.meta(SEED) if kind == "meta" else porta.rede.zapi())
    if kind == "meta":
        await porta.rede.approve(via)
    via.fake.receipts = receipts
    via.fake.avisos.url = porta.url_of(via)
    await plan(cenario, 5)
    await cenario.send()
    await via.fake.avisos.settled()
    assert {status for status, _ in via.fake.avisos.answers} == {200}
    await cenario.programa.scheduler.receive()
    assert await states(cenario) == {"lida": 5}


async def test_a_repeated_call_is_one_answer(porta: Porta) -> None:
    via, aviso = await open_kind(porta, "zapi")
    await ask(porta)
    for _ in range(3):
        async with await porta.post(via, aviso) as answer:
            assert answer.status == 200
    assert len(await porta.cenario.rows("SELECT 1 FROM recebidas")) == 1


async def test_two_calls_at_once_of_one_event_are_one_answer(porta: Porta) -> None:
    via, aviso = await open_kind(porta, "twilio")
    answers = await asyncio.gather(*(porta.post(via, aviso) for _ in range(5)))
    assert {answer.status for answer in answers} == {200}
    assert await porta.recebidas() == 1


# garbage, from whoever knows the secret


GARBAGE: Final[Mapping[str, bytes]] = {
    "nothing": b"",
    "not JSON": b"{",
    "not UTF-8": b"\xff\xfe\x00",
    "a number": b"12",
    "null": b"null",
    "a list": b"[]",
    "a list of lists": b"[[[]]]",
    "deep": b"[" * 5000,
    "deep objects": b'{"a":' * 5000,
    "NUL": b'{"object":"whatsapp_business_account","entry":[{"id":"\\u0000","changes":[{"field":"\\u0000"}]}]}',
    "half an emoji": b'{"event":"messages.upsert","data":{"message":{"conversation":"\\ud83d"}}}',
    "a form": b"Body=1&From=%00&MessageSid=%ff&SmsStatus=%ED%A0%80",
    "a form without end": b"&=" * 5000,
    "strings for objects": b'{"object":"whatsapp_business_account","entry":["a"],"data":"b"}',
    "big numbers": b'{"type":"ReceivedCallback","momment":1e400,"phone":99999999999999999999999999}',
}


def proven(porta: Porta, via: Via, body: bytes) -> Aviso:
    """Return the body as if the gateway itself had lost its mind."""
    match via.tipo:
        case "meta":
            return sign(body, via.fake.options.app_secret)
        case "twilio" | "twilio_sms":
            fields = dict(parse_qsl(body.decode("latin-1"), keep_blank_values=True))
            signed = via.fake.signed(fields, f"{BASE_URL}/webhook/{via.public_id}")
            return Aviso(signed.body, signed.headers)
        case "evolution":
            return Aviso(body, {**JSON, "Authorization": bearer(SEGREDO, porta.cenario.relogio())})
        case "zapi":
            return Aviso(body, {**JSON, "z-api-token": SEGREDO})
        case _:
            return Aviso(body, {**JSON, "X-Webhook-Secret": porta.cenario.segredo})


@pytest.mark.parametrize("kind", KINDS)
async def test_garbage_is_never_a_500(porta: Porta, kind: str) -> None:
    via, _ = await open_kind(porta, kind)
    for name, body in GARBAGE.items():
        for aviso in (proven(porta, via, body), Aviso(body, JSON), Aviso(body, {"Content-Type": FORM})):
            async with await porta.post(via, aviso) as answer:
                assert answer.status < 500, (name, await answer.text())


WRITTEN: Final = ("a\x00b", "\x00", "x" * 70_000, "\u202e", "1\ufe0f\u20e3", "'; DROP TABLE mensagens; --")


@pytest.mark.parametrize("kind", ["meta", "zapi", "twilio", "botconversa"])
@pytest.mark.parametrize("texto", WRITTEN, ids=["NUL inside", "NUL", "long", "right to left", "keycap", "SQL"])
async def test_whatever_a_person_writes_is_taken(porta: Porta, kind: str, texto: str) -> None:
    via, _ = await open_kind(porta, kind)
    match kind:
        case "meta":
            aviso = via.fake.receive(PESSOA, said.text(texto))
        case "zapi":
            aviso = via.fake.calls.aviso(via.fake.calls.text(JOAQUINA, texto))
        case "twilio":
            url = f"{BASE_URL}/webhook/{via.public_id}"
            aviso = Inbound(url, via.fake.options.auth_token, phone=f"+{DIGITOS}").text(texto)
        case _:
            aviso = proven(porta, via, msgspec.json.encode({"telefone": FONE, "resposta": texto}))
    async with await porta.post(via, aviso) as answer:
        assert answer.status == 200, await answer.text()
    assert await porta.recebidas() == 1


@pytest.mark.parametrize("field", ["id", "from", "from_user_id"])
async def test_ids_nobody_can_keep_are_no_500(porta: Porta, field: str) -> None:
    via, _ = await open_kind(porta, "meta")
    message = via.fake.desk.message(PESSOA, said.text("1"), ident="wamid.a", now=porta.cenario.relogio())
    for value in ("a\x00b", "9" * 30_000, "\x00"):
        body = via.fake.desk.messages([PESSOA], [{**message, field: value}])
        async with await porta.post(via, sign(body, via.fake.options.app_secret)) as answer:
            assert answer.status == 200, (field, value[:10], await answer.text())


# kinds of events that did not exist when this was written


NEWS_TO_US: Final[Mapping[str, bytes]] = {
    "meta": b'{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"field":"holograma",'
    b'"value":{"messages":[{"from":"5527998123456","text":{"body":"1"}}]}}]}]}',
    "zapi": b'{"type":"HologramaCallback","instanceId":"00000000000000000000000000000001","phone":"5527998123456",'
    b'"text":{"message":"1"}}',
    "evolution": b'{"event":"holograma.novo","instance":"santacasa",'
    b'"data":{"remoteJid":"5527998123456@s.whatsapp.net"}}',
    "twilio": b"AccountSid=AC00000000000000000000000000000000&EventType=holograma&From=whatsapp%3A%2B5527998123456",
}


@pytest.mark.parametrize("kind", NEWS_TO_US)
async def test_a_kind_of_event_nobody_knows_is_kept_as_it_came_and_changes_nothing(porta: Porta, kind: str) -> None:
    via, _ = await open_kind(porta, kind)
    await ask(porta)
    async with await porta.post(via, proven(porta, via, NEWS_TO_US[kind])) as answer:
        assert answer.status == 200
    [row] = await porta.cenario.rows("SELECT tipo, corpo, contato_id IS NULL AS alheia FROM recebidas")
    assert (row["tipo"], row["alheia"]) == ("status", True)
    kept = crypto.keyring().decrypt(row["corpo"], "recebidas.corpo", porta.cenario.tenant_id).lower()
    assert "holograma" in kept
    assert "27998123456" in kept
    [visit] = await porta.cenario.rows("SELECT status_confirmacao AS s FROM atendimentos")
    assert visit["s"] == "aguardando"
