"""What the tests of the Cloud API share: a channel pointed at the fake, a listener for what it tells."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiohttp import web

from app.providers.base import Button, OutboundMessage, ProviderError, Setup, Template, WebhookCall
from app.providers.http import HttpClient
from app.providers.meta import MetaProvider
from app.providers.meta.provider import build
from app.simulator.meta import FakeMeta, MetaOptions, Person, SeedTemplate, said

PHONE = "+5531987654321"
DIGITS = PHONE[1:]
MARIA = Person(DIGITS)
VERIFY_TOKEN = "palavra-combinada"
NAMED = SeedTemplate(
    "confirmacao_consulta",
    "Olá {{paciente}}, você tem consulta em {{data}}. Podemos confirmar?",
    buttons=("Confirmar", "Não vou"),
)
POSITIONAL = SeedTemplate("lembrete", "Lembrete: {{2}}, para {{1}}, no endereço.", named=False)
PAUSED = SeedTemplate("pausado", "Olá {{nome}}!", status="PAUSED")
DISABLED = SeedTemplate("desativado", "Olá {{nome}}!", status="DISABLED")
TEMPLATES = (NAMED, POSITIONAL, PAUSED, DISABLED)

VALUES = (("paciente", "Maria"), ("data", "12/08/2026 14:30"))
PAYLOADS = ("confirm:51177197", "cancel:51177197")
TEMPLATE = Template("confirmacao_consulta", "pt_BR", VALUES, named=True, payloads=PAYLOADS)
BUTTONS = (Button("confirm:51177197", "Confirmar"), Button("cancel:51177197", "Não vou"))


def outbound(**said_otherwise: Any) -> OutboundMessage:
    """Return a text inside the 24 hours, unless told otherwise."""
    usual: dict[str, Any] = {
        "key": "out-000123",
        "to": PHONE,
        "first_name": "Maria",
        "last_name": "-",
        "text": "Confirma sua consulta? Responda 1 para sim, 0 para não.",
        "session_open": True,
    }
    return OutboundMessage(**{**usual, **said_otherwise})


def by_template(template: Template | None = TEMPLATE, **said_otherwise: Any) -> OutboundMessage:
    return outbound(template=template, session_open=False, **said_otherwise)


def options(**said_otherwise: Any) -> MetaOptions:
    return MetaOptions(**{"templates": TEMPLATES, **said_otherwise})


@asynccontextmanager
async def running(clock: Callable[[], datetime], opened: MetaOptions | None = None) -> AsyncIterator[FakeMeta]:
    """Run a fake where Maria wrote a moment ago."""
    fake = FakeMeta(clock, opened or options())
    fake.slow_seconds, fake.silent_seconds = 0.01, 1.0
    await fake.start()
    fake.receive(MARIA, said.text("Oi"))
    yield fake
    await fake.stop()


def channel(
    fake: FakeMeta, http: HttpClient, clock: Callable[[], datetime], *, token: str | None = None, **config: Any
) -> MetaProvider:
    own = {
        "base_url": fake.url,
        "phone_number_id": fake.options.phone_number_id,
        "waba_id": fake.options.waba_id,
        **config,
    }
    credentials = {"token": token or fake.options.token, "verify_token": VERIFY_TOKEN}
    return build(Setup(own, credentials, http, clock))


async def failure_of(provider: MetaProvider, message: OutboundMessage) -> ProviderError:
    try:
        await provider.send(message)
    except ProviderError as error:
        return error
    raise AssertionError("the send did not fail")


class Listener:
    """Where the hospital is called: keeps every call, answers what it is told to."""

    def __init__(self) -> None:
        self.calls: list[WebhookCall] = []
        self.statuses: list[int] = []
        """Answered in this order, then 200."""
        self.greet: Callable[[dict[str, str]], str | None] = lambda _: None
        self.url = ""

    async def serve(self, request: web.BaseRequest) -> web.Response:
        if request.method == "GET":
            challenge = self.greet(dict(request.query))
            return web.Response(text=challenge) if challenge is not None else web.Response(status=403)
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.calls.append(WebhookCall(await request.read(), headers))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)


@asynccontextmanager
async def listening(fake: FakeMeta) -> AsyncIterator[Listener]:
    listener = Listener()
    runner = web.ServerRunner(web.Server(listener.serve, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener.url = fake.avisos.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook/canal"
    yield listener
    await fake.avisos.settled()
    await runner.cleanup()


async def told(fake: FakeMeta) -> None:
    """Wait until everything was told, batches too."""
    await asyncio.sleep(fake.options.batch_pause_s if fake.options.batch > 1 else 0)
    fake.flush()
    await fake.avisos.settled()
