"""The bench of a gateway: its fake, what plays with it, and where it calls the hospital; one face for every kind."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar, Final, Protocol

from aiohttp import web

from app.domain.modelo_aprovado import ModeloAprovado
from app.providers.base import OutboundMessage, Setup, Template, WebhookCall, WhatsAppProvider
from app.providers.http import HttpClient
from app.providers.registry import build_provider
from app.simulator.gateway import Aviso, Fault, Receipts

PHONE: Final = "5527998123456"
EMAIL: Final = "joaquina.araujo@correio.exemplo"
TEXT: Final = "Confirma a sua consulta? Responda 1 ou 0."
KEY: Final = "20260305-41"
Clock = Callable[[], datetime]


class Fake(Protocol):
    """A server to be had for as long as the bench stands; stopping it twice is stopping it."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Bancada(ABC):
    """One account at one fake. What it can be told to do, the contract and the table of faults tell all of them."""

    kind: ClassVar[str]
    aprovado: ClassVar[ModeloAprovado | None] = None
    """The text its gateway approved, where only such a text starts a conversation."""
    fake: Fake

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.webhook_url = "http://127.0.0.1:9/webhook/canal"

    # the channel

    @property
    @abstractmethod
    def config(self) -> Mapping[str, object]: ...

    @property
    @abstractmethod
    def credentials(self) -> Mapping[str, str]: ...

    @property
    def segredos(self) -> tuple[str, ...]:
        """What proves the gateway's calls."""
        return ()

    @property
    @abstractmethod
    def hidden(self) -> tuple[str, ...]:
        """What no reason and no log may hold."""

    def build(self, http: HttpClient, **config: object) -> WhatsAppProvider:
        return build_provider(
            self.kind,
            Setup({**self.config, **config}, self.credentials, http, self.clock, webhook_url=self.webhook_url),
        )

    def message(self, **changes: Any) -> OutboundMessage:
        """Return what leaves most often: the first word to somebody who has not written lately."""
        usual: dict[str, Any] = {
            "key": KEY,
            "to": f"+{PHONE}",
            "first_name": "Joaquina",
            "last_name": "-",
            "text": TEXT,
            "email": EMAIL,
            "template": self.template(),
        }
        return OutboundMessage(**{**usual, **changes})

    def template(self) -> Template | None:
        if self.aprovado is None:
            return None
        values = [(variable, "Joaquina") for variable, _ in self.aprovado.valores]
        return Template(self.aprovado.nome, self.aprovado.idioma, values, named=self.aprovado.nomeado)

    # the gateway

    async def start(self) -> None:
        await self.fake.start()

    async def stop(self) -> None:
        """Let nobody listen any more at its address."""
        await self.fake.stop()

    def listen_at(self, url: str) -> None:
        """Have the gateway call the hospital there."""
        self.webhook_url = url

    @abstractmethod
    def fail_next(self, fault: Fault) -> None:
        """Let the next send fail."""

    @abstractmethod
    def fall(self, status: int) -> None:
        """Answer everything with this status from now on."""

    @abstractmethod
    def refuse_key(self) -> None:
        """Take our key no longer."""

    def refuse_number(self) -> str | None:
        """Return the phone (digits) that from now on nobody has, None where this fake cannot tell."""
        return None

    def tell(self, how: Receipts) -> None:
        """Choose how the news of messages is told, where any is."""
        del how

    async def settle(self) -> None:
        """Wait until all of it is told."""
        await asyncio.sleep(0)

    @property
    @abstractmethod
    def arrived(self) -> int:
        """How many messages reached anybody's phone."""

    @property
    @abstractmethod
    def requests(self) -> int:
        """How many requests reached it, in the unit that it counts."""

    # what it calls the hospital with

    def sign(self, body: bytes) -> WebhookCall | None:
        """Return a call with any body as this gateway makes it, None where it makes none."""
        del body
        return None

    def answer(self, texto: str) -> bytes | None:
        """Return the body with which it brings what the patient wrote."""
        del texto
        return None

    def novelty(self) -> bytes | None:
        """Return a body with an event of a kind that nobody has seen yet."""
        return None


def as_call(aviso: Aviso, url: str) -> WebhookCall:
    headers = {name.lower(): value for name, value in aviso.headers.items()}
    return WebhookCall(aviso.body, headers, aviso.url or url)


class Ouvinte:
    """The hospital's address: keeps every call, and answers what `take` says."""

    def __init__(self) -> None:
        self.origin = ""
        self.calls: list[WebhookCall] = []
        self.statuses: list[int] = []
        self.take: Callable[[WebhookCall], Awaitable[int]] | None = None

    async def serve(self, request: web.BaseRequest) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = WebhookCall(await request.read(), headers, f"{self.origin}{request.raw_path}")
        self.calls.append(call)
        status = 200 if self.take is None else await self.take(call)
        self.statuses.append(status)
        return web.Response(status=status)


@asynccontextmanager
async def ouvindo() -> AsyncIterator[Ouvinte]:
    ouvinte = Ouvinte()
    runner = web.ServerRunner(web.Server(ouvinte.serve, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    ouvinte.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield ouvinte
    finally:
        await runner.cleanup()
