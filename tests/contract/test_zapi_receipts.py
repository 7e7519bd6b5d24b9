"""What the fake tells of its messages, read and proven as a hospital would."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from app.domain.confirmacao import EstadoMensagem, advance
from app.domain.entrega import Falha
from app.providers.base import WebhookCall
from app.providers.http import HttpClient
from app.simulator.zapi import FakeZapi, Patient, Receipts
from tests.contract.zapi_bancada import PHONE, make_provider, message, running_fake

if TYPE_CHECKING:
    from app.providers.zapi import ZapiProvider
    from app.schemas import Recebida

SECRET = "segredo-das-chamadas"


class Hospital:
    """Keeps what was told, and where a message stands for it."""

    def __init__(self, provider: "ZapiProvider", clock: Any) -> None:
        self.told: list[Recebida] = []
        self.strangers = 0
        self._provider, self._clock = provider, clock

    async def take(self, request: web.BaseRequest) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = WebhookCall(await request.read(), headers)
        if not self._provider.is_authentic(call, (SECRET,), now=self._clock()):
            self.strangers += 1
            return web.Response(status=401)
        self.told += self._provider.parse_webhook(call)
        return web.Response()

    @property
    def estado(self) -> EstadoMensagem:
        estado = EstadoMensagem.EM_ENVIO
        for recebida in self.told:
            estado = advance(estado, recebida.estado) if recebida.estado else estado
        return estado


@pytest.fixture
async def fake(clock: Any) -> AsyncIterator[FakeZapi]:
    async with running_fake(clock, calls_token=SECRET) as server:
        yield server


@pytest.fixture
def provider(fake: FakeZapi, http: HttpClient, clock: Any) -> "ZapiProvider":
    return make_provider(fake.url, http, clock)


@pytest.fixture
async def hospital(fake: FakeZapi, provider: "ZapiProvider", clock: Any) -> AsyncIterator[Hospital]:
    taker = Hospital(provider, clock)
    runner = web.ServerRunner(web.Server(taker.take, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.avisos.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook/canal"
    yield taker
    await runner.cleanup()


@pytest.mark.parametrize(
    ("receipts", "count", "estado"),
    [
        (Receipts.NORMAL, 4, EstadoMensagem.LIDA),
        (Receipts.EARLY, 4, EstadoMensagem.LIDA),
        (Receipts.TWICE, 8, EstadoMensagem.LIDA),
        (Receipts.REVERSED, 4, EstadoMensagem.LIDA),
        (Receipts.NEVER, 0, EstadoMensagem.EM_ENVIO),
    ],
)
async def test_the_news_of_a_message(
    fake: FakeZapi,
    provider: "ZapiProvider",
    hospital: Hospital,
    *,
    receipts: Receipts,
    count: int,
    estado: EstadoMensagem,
) -> None:
    fake.receipts = receipts
    receipt = await provider.send(message())
    told_before_the_answer = len(hospital.told)
    await fake.avisos.settled()
    assert [recebida.about_id for recebida in hospital.told] == [receipt.message_id] * count
    assert hospital.estado is estado
    if receipts is Receipts.EARLY:
        assert told_before_the_answer == count


async def test_a_phone_without_whatsapp(fake: FakeZapi, provider: "ZapiProvider", hospital: Hospital) -> None:
    fake.refusals.without_whatsapp.add(PHONE)
    receipt = await provider.send(message())
    await fake.avisos.settled()
    (told,) = hospital.told
    assert (told.about_id, told.estado) == (receipt.message_id, EstadoMensagem.FALHOU)
    assert (told.falha, told.codigo) == (Falha.NUMERO, "PHONE_NOT_EXISTS")


async def test_a_restricted_account_blames_the_phones(
    fake: FakeZapi, provider: "ZapiProvider", hospital: Hospital
) -> None:
    fake.refusals.shadow_ban = True
    await provider.send(message())
    await fake.avisos.settled()
    assert [(told.falha, told.codigo) for told in hospital.told] == [(Falha.CONFIGURACAO, "SHADOW_BAN")]


async def test_what_waited_for_the_connection_is_told_when_it_leaves(
    fake: FakeZapi, provider: "ZapiProvider", hospital: Hospital
) -> None:
    fake.connected = False
    await provider.send(message())
    await fake.avisos.settled()
    assert hospital.told == []
    await fake.reconnect()
    await fake.avisos.settled()
    assert hospital.estado is EstadoMensagem.LIDA


async def test_a_caller_with_another_secret_is_a_stranger(fake: FakeZapi, hospital: Hospital) -> None:
    fake.calls.token = "outro"
    assert await fake.avisos.post(fake.calls.aviso(fake.calls.text(Patient(PHONE), "1"))) == 401
    assert (hospital.strangers, hospital.told) == (1, [])


async def test_an_answer_names_the_message_it_answers(
    fake: FakeZapi, provider: "ZapiProvider", hospital: Hospital
) -> None:
    fake.receipts = Receipts.NEVER
    receipt = await provider.send(message())
    quoted = receipt.message_id or ""
    await fake.avisos.post(fake.calls.aviso(fake.calls.button(Patient(PHONE), "c:1", "Confirmar", quoted=quoted)))
    assert [(told.quoted_id, told.botao) for told in hospital.told] == [(receipt.message_id, "c:1")]
