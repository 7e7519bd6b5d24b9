"""A fake gateway on loopback, a clock that stands still, and providers pointed at them."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.providers.base import Setup
from app.providers.botconversa import BotconversaProvider
from app.providers.botconversa.provider import build
from app.providers.http import HttpClient, HttpLimits
from app.simulator.botconversa import FakeBotconversa, FakeOptions, FaultPlan, SeedFlow

API_KEY = "chave-de-teste-0001"
FLOWS = (SeedFlow(987654, "confirmacao", "Olá {nome}, confirma a consulta {id_tabela}?"), SeedFlow(555, "so espera"))


class StillClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, step: timedelta) -> None:
        self.now += step


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def options() -> FakeOptions:
    return FakeOptions(flows=FLOWS, slow_seconds=0.01, silent_seconds=1.0)


@pytest.fixture
async def fake(clock: StillClock, options: FakeOptions) -> AsyncIterator[FakeBotconversa]:
    server = FakeBotconversa(clock, API_KEY, options, faults=FaultPlan())
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient(HttpLimits(connect_s=2.0, read_s=0.3))
    yield client
    await client.close()


ProviderFactory = Callable[..., BotconversaProvider]


@pytest.fixture
def make_provider(fake: FakeBotconversa, http: HttpClient, clock: StillClock) -> ProviderFactory:
    def make(*, api_key: str = API_KEY, **config: object) -> BotconversaProvider:
        return build(Setup({"base_url": fake.url, **config}, {"api_key": api_key}, http, clock))

    return make
