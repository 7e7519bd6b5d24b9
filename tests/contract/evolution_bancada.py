"""A fake Evolution, a hospital that writes down who calls it, and providers pointed at them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession, web

from app.providers.base import Button, OutboundMessage, Setup, WebhookCall
from app.providers.evolution import EvolutionProvider
from app.providers.evolution.provider import build
from app.providers.http import HttpClient
from app.schemas import Recebida
from app.simulator.evolution import FakeEvolution

KEY, SECRET, PHONE = "chave-global-de-teste", "segredo-da-evolution-0001", "5531987654321"
BUTTONS = (Button("confirm:51177197", "Confirmar"), Button("cancel:51177197", "Cancelar"))
EVENTS = ["MESSAGES_UPSERT", "MESSAGES_UPDATE", "SEND_MESSAGE", "CONNECTION_UPDATE"]


def message(**changes: Any) -> OutboundMessage:
    wanted: dict[str, Any] = {
        "key": "m1",
        "to": f"+{PHONE}",
        "first_name": "Maria",
        "last_name": "Souza",
        "text": "Confirma a sua consulta?",
    }
    return OutboundMessage(**(wanted | changes))


@dataclass
class Hospital:
    """Takes calls; answers `statuses` in order, then 200."""

    statuses: list[int] = field(default_factory=list)
    calls: list[WebhookCall] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.BaseRequest) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.calls.append(WebhookCall(await request.read(), headers, str(request.url)))
        return web.json_response({"success": True}, status=self.statuses.pop(0) if self.statuses else 200)

    def read(self, provider: EvolutionProvider) -> list[Recebida]:
        return [recebida for call in self.calls for recebida in provider.parse_webhook(call)]


@pytest.fixture(name="fake")
async def fake_fixture(clock: Any) -> AsyncIterator[FakeEvolution]:
    server = FakeEvolution(clock, KEY)
    server.slow_seconds, server.silent_seconds = 0.01, 1.0
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(name="hospital")
async def hospital_fixture() -> AsyncIterator[Hospital]:
    site = Hospital()
    runner = web.ServerRunner(web.Server(site.take))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook/c_evolution"
    yield site
    await runner.cleanup()


@pytest.fixture(name="make_provider")
def make_provider_fixture(fake: FakeEvolution, http: HttpClient, clock: Any) -> Any:
    def make(*, api_key: str = KEY, **config: object) -> EvolutionProvider:
        setup = Setup({"base_url": fake.url, "instancia": fake.instance, **config}, {"api_key": api_key}, http, clock)
        return build(setup)

    return make


async def ask(fake: FakeEvolution, path: str, body: object, *, method: str = "POST") -> tuple[int, Any]:
    async with (
        ClientSession() as session,
        session.request(method, fake.url + path, json=body, headers={"apikey": KEY}) as answer,
    ):
        return answer.status, await answer.json()


async def set_webhook(fake: FakeEvolution, hospital: Hospital, **headers: str) -> None:
    """Do what the page tells a person to do."""
    webhook = {"enabled": True, "url": hospital.url, "headers": headers, "byEvents": False, "events": EVENTS}
    status, _ = await ask(fake, f"/webhook/set/{fake.instance}", {"webhook": webhook})
    assert status == 201
