"""Every bench by its kind: a new gateway is a line here, and the whole contract and the table of faults follow."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from tests.bancadas.base import Bancada, Clock
from tests.bancadas.gateways import Evolution, Meta, Twilio, TwilioSms, Zapi
from tests.bancadas.proprias import Botconversa, Email

BANCADAS: Final[Mapping[str, type[Bancada]]] = {
    bancada.kind: bancada for bancada in (Botconversa, Email, Evolution, Meta, Twilio, TwilioSms, Zapi)
}


@asynccontextmanager
async def running(kind: str, clock: Clock) -> AsyncIterator[Bancada]:
    bancada = BANCADAS[kind](clock)
    await bancada.start()
    try:
        yield bancada
    finally:
        await bancada.stop()
