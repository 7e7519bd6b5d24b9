"""Botconversa as a WhatsAppProvider."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar, Final

from app.providers.assinatura import is_authentic
from app.providers.base import (
    Capabilities,
    GatewayHealth,
    Misconfigured,
    OutboundMessage,
    ProviderError,
    Receipt,
    Setup,
    Throttled,
    WebhookCall,
)
from app.providers.botconversa.catalog import Catalog
from app.providers.botconversa.client import BotconversaClient, Meter
from app.providers.botconversa.config import BotconversaConfig, Modo
from app.providers.botconversa.contacts import ContactFinder
from app.providers.botconversa.payload import parse_webhook
from app.providers.botconversa.plan import Plan
from app.providers.botconversa.sending import Sending
from app.providers.measured import judge
from app.providers.stored import read_secret
from app.schemas.recebida import Recebida

_HEALTH: Final[tuple[tuple[type[ProviderError], str], ...]] = (
    (Misconfigured, "a Botconversa recusou a chave ou o endereço"),
    (Throttled, "a Botconversa pede para ir mais devagar"),
)


class BotconversaProvider:
    """One account. Holds what it learnt of it: ids by name, and how it wants phones written."""

    name: ClassVar[str] = "botconversa"

    def __init__(
        self,
        config: BotconversaConfig,
        client: BotconversaClient,
        *,
        clock: Callable[[], datetime],
        signature_header: str = "X-Webhook-Signature",
        catalog: Catalog | None = None,
    ) -> None:
        self.config = config
        self._signature_header = signature_header
        self.client = client
        self.catalog = catalog or Catalog(clock)
        self.contacts = ContactFinder()
        self._capabilities = Capabilities(
            text=True,
            flows=True,
            templates=config.modo is Modo.OFICIAL,  # inside flows only
            rate_unit="request",
            rate_per_minute=config.taxa_por_minuto,
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def cost(self, message: OutboundMessage) -> int:
        """Return the most requests an ordinary send spends.

        Two rare cases cost more, and their receipt says so: a remembered id that is dead, and a contact whose
        creation was answered without an id.
        """
        plan = Plan.of(self.config, message)
        lists = sum(not self.catalog.is_loaded(kind) for kind in plan.named_kinds)
        contact = 0 if message.subscriber_id is not None else self.contacts.cost(message.to)
        return contact + lists + plan.cost

    async def send(self, message: OutboundMessage) -> Receipt:
        meter = Meter()
        sending = Sending(
            message=message,
            plan=Plan.of(self.config, message),
            client=self.client.metered(meter),
            meter=meter,
            catalog=self.catalog,
            contacts=self.contacts,
        )
        return await sending.run()

    def is_authentic(self, call: WebhookCall, secrets: Sequence[str], *, now: datetime) -> bool:
        return is_authentic(call.headers, call.body, secrets, signature_header=self._signature_header, now=now)

    def parse_webhook(self, call: WebhookCall) -> Sequence[Recebida]:
        return parse_webhook(call.headers, call.body)

    async def check(self) -> GatewayHealth:
        return await judge(self.client.list_campaigns(), _HEALTH, lambda _: (True, "a Botconversa respondeu"))

    async def close(self) -> None:
        self.catalog.drop(self.catalog.version)


def build(setup: Setup) -> BotconversaProvider:
    """Build from a channel's row; ValueError says, in Portuguese, what is wrong with it."""
    key = read_secret(setup.credentials, "api_key", "informe a chave da Botconversa")
    parsed = BotconversaConfig.from_mapping(setup.config)
    client = BotconversaClient(setup.http, parsed.base_url, key, max_pages=parsed.max_paginas)
    return BotconversaProvider(parsed, client, clock=setup.clock, signature_header=setup.signature_header)
