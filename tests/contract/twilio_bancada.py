"""A fake Twilio on loopback, a listener for what it tells, and providers pointed at both."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from app.providers.base import Button, OutboundMessage, ProviderError, Setup, Template, WebhookCall
from app.providers.http import HttpClient
from app.providers.registry import build_provider
from app.simulator.twilio import Content, FakeTwilio, TwilioOptions
from tests.contract.conftest import StillClock

ACCOUNT = "AC" + "0" * 32
SERVICE = "MG" + "0" * 32
TOKEN = "0123456789abcdef0123456789abcdef"
SENDER = "+553130000000"
PHONE = "+5531987654321"
CONFIRMA = "HX" + "1" * 32
COM_BOTOES = "HX" + "2" * 32
SIMPLES = "HX" + "3" * 32
PENDENTE = "HX" + "4" * 32
CONTENTS = (
    Content(CONFIRMA, "Olá {{1}}, confirma em {{2}}? Responda 1 ou 0.", ("1", "2")),
    Content(
        COM_BOTOES,
        "Olá {{1}}, confirma em {{2}}?",
        ("1", "2", "3", "4"),
        (("Confirmar", "{{3}}"), ("Não vou", "{{4}}")),
    ),
    Content(SIMPLES, "Temos um recado. Responda 1 para ler."),
    Content(PENDENTE, "Olá {{1}}", ("1",), approval="received"),
    Content("HX" + "5" * 32, "Olá {{1}}", ("1",), approval="rejected", reason="INVALID_FORMAT"),
    Content("HX" + "6" * 32, "{{1}} {{paciente}}", ("1", "paciente"), approval="paused"),
    Content("HX" + "7" * 32, "Só na conversa", approval=None),
)

Factory = Callable[..., Any]


@dataclass
class Listener:
    """What the hospital would receive: every call as it came."""

    url: str = ""
    calls: list[WebhookCall] = field(default_factory=list)


@pytest.fixture(name="twilio")
async def start_twilio(clock: StillClock) -> AsyncIterator[FakeTwilio]:
    server = FakeTwilio(clock, TwilioOptions(contents=CONTENTS, api_keys={"SK1": "segredo"}))
    server.slow_seconds, server.silent_seconds = 0.01, 1.0
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(name="listener")
async def start_listener(twilio: FakeTwilio) -> AsyncIterator[Listener]:
    listener = Listener()

    async def take(request: web.BaseRequest) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        url = f"{listener.url.partition('/webhook')[0]}{request.raw_path}"
        listener.calls.append(WebhookCall(await request.read(), headers, url))
        return web.Response(body=b"<Response/>", content_type="text/xml")

    runner = web.ServerRunner(web.Server(take, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook/canal"
    twilio.avisos.url = listener.url
    yield listener
    await runner.cleanup()


@pytest.fixture(name="make")
def make_provider_factory(twilio: FakeTwilio, http: HttpClient, clock: StillClock) -> Factory:
    def make(
        kind: str = "twilio",
        *,
        credentials: dict[str, str] | None = None,
        webhook_url: str | None = None,
        **config: object,
    ) -> Any:
        sender = {} if "messaging_service_sid" in config else {"remetente": SENDER}
        hosts = {"base_url": twilio.url} | ({"content_url": twilio.url} if kind == "twilio" else {})
        setup = Setup(
            {"account_sid": ACCOUNT, **sender, **hosts, **config},
            credentials or {"auth_token": TOKEN},
            http,
            clock,
            webhook_url=webhook_url,
        )
        return build_provider(kind, setup)

    return make


def message(**changes: Any) -> OutboundMessage:
    ours: dict[str, Any] = {
        "key": "m1-2026.a",
        "to": PHONE,
        "first_name": "Maria",
        "last_name": "Souza",
        "text": "Confirma? Responda 1 ou 0.",
        "session_open": True,
    }
    return OutboundMessage(**{**ours, **changes})


def template(name: str = CONFIRMA, *values: str, payloads: tuple[str, ...] = (), named: bool = False) -> Template:
    pairs = tuple((f"v{place}", value) for place, value in enumerate(values or ("Maria", "12/08"), 1))
    return Template(name, "pt_BR", pairs, named=named, payloads=payloads)


BUTTONS = (Button("c.15", "Confirmar"), Button("n.15", "Não vou"))


async def failure_of(provider: Any, outbound: OutboundMessage) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await provider.send(outbound)
    return raised.value
