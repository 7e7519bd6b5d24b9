"""One instance of a fake Z-API, and the provider pointed at it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

from app.providers.base import Button, OutboundMessage, Setup
from app.providers.http import HttpClient
from app.providers.zapi import ZapiProvider
from app.providers.zapi.provider import build
from app.simulator.zapi import FakeZapi

INSTANCE: Final = "3C0FFEE0000000000000000000000000"
TOKEN: Final = "TOKENFICTICIO0000000001"
CLIENT_TOKEN: Final = "Fclientficticio0000000001S"
PHONE: Final = "5531987654321"
BUTTONS: Final = (Button("c:51177197", "Confirmar"), Button("n:51177197", "Não vou"))
Clock = Callable[[], datetime]


@asynccontextmanager
async def running_fake(clock: Clock, **kwargs: Any) -> AsyncIterator[FakeZapi]:
    server = FakeZapi(clock, instance_id=INSTANCE, instance_token=TOKEN, client_token=CLIENT_TOKEN, **kwargs)
    server.slow_seconds, server.silent_seconds = 0.01, 1.0
    await server.start()
    yield server
    await server.stop()


def make_provider(url: str, http: HttpClient, clock: Clock, **overrides: Any) -> ZapiProvider:
    """Build the provider of the bench; `credentials` are merged in, everything else is configuration."""
    opened = {"instance_id": INSTANCE, "instance_token": TOKEN, "client_token": CLIENT_TOKEN}
    opened |= overrides.pop("credentials", {})
    return build(Setup({"base_url": url, **overrides}, opened, http, clock))


def message(text: str = "Confirma? Responda 1 ou 0.", to: str = f"+{PHONE}", **kwargs: Any) -> OutboundMessage:
    return OutboundMessage(key="m1", to=to, first_name="Maria", last_name="Souza", text=text, **kwargs)
