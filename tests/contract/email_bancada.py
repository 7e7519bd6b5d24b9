"""A fake SMTP server, and the channel pointed at it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

from app.providers.base import Compromisso, OutboundMessage, Setup
from app.providers.email import EmailProvider
from app.providers.email.provider import build
from app.providers.http import HttpClient
from app.simulator.email import FakeSmtp, Options

SENDER: Final = "confirma@santacasa.exemplo"
TO: Final = "maria.souza+saude@correio.exemplo"
HOSPITAL: Final = "Santa Casa de Vitória"
TEXT: Final = "Olá, Maria! Aqui é da Santa Casa.\n\n.Você tem uma consulta amanhã, 03/03, às 10:00.\n" + "é" * 1200
VISIT: Final = Compromisso(
    uid="atendimento-51177197@santacasa.exemplo",
    sequence=2,
    start=datetime(2026, 3, 3, 13, 0, tzinfo=UTC),
    minutes=30,
    zone="America/Sao_Paulo",
    summary="Horário na Santa Casa; chegue antes",
    location="Rua das Acácias, 100, São João",
)
Clock = Callable[[], datetime]


@asynccontextmanager
async def running_fake(**options: Any) -> AsyncIterator[FakeSmtp]:
    server = FakeSmtp(Options(**options))
    await server.start()
    yield server
    await server.stop()


def make_provider(fake: FakeSmtp, http: HttpClient, clock: Clock, **overrides: Any) -> EmailProvider:
    """Build the channel of the bench; `credentials` aside, everything is configuration."""
    credentials = overrides.pop("credentials", {})
    config = {
        "servidor": fake.host,
        "porta": fake.port,
        "tls": "nenhum",
        "remetente": SENDER,
        "hospital": HOSPITAL,
        "espera_s": 2,
        "espera_entrega_s": 0.3,
    }
    return build(Setup(config | overrides, credentials, http, clock))


def message(text: str = TEXT, email: str | None = TO, key: str = "41", **kwargs: Any) -> OutboundMessage:
    return OutboundMessage(
        key=key, to="+5527998123456", first_name="Maria", last_name="-", text=text, email=email, **kwargs
    )
