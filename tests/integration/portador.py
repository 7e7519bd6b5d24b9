"""A gateway in memory that says of every message what it is told to say."""

from typing import TYPE_CHECKING

from app.providers.base import Capabilities, GatewayHealth, OutboundMessage, ProviderError, Receipt
from app.workers.outbox import Gateway, Outbox
from tests.cenario import Cenario

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Portador:
    """As much of a gateway as sending needs; `antes` is done before each message is answered for."""

    name = "portador"
    capabilities = Capabilities(text=True)

    def __init__(self, outcome: ProviderError | None = None, *, vivo: bool = True) -> None:
        self._outcome, self._vivo = outcome, vivo
        self.antes: Callable[[], Awaitable[None]] | None = None
        self.sent = 0

    async def send(self, _: OutboundMessage) -> Receipt:
        if self.antes is not None:
            await self.antes()
        if self._outcome is not None:
            raise self._outcome
        self.sent += 1
        return Receipt(subscriber_id=None, message_id=None, requests=1)

    async def check(self) -> GatewayHealth:
        return GatewayHealth(ok=self._vivo, detail="", ms=0.0)

    def outbox(self, cenario: Cenario) -> Outbox:
        async def gateways(*_: int) -> Gateway:
            return Gateway(self, por_minuto=60)  # type: ignore[arg-type]

        return Outbox(cenario.database, gateways, cenario.relogio)
