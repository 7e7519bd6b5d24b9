"""Twilio as a WhatsAppProvider, and the same account's SMS as another."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final, Self

from app.providers.base import (
    Capabilities,
    Doubt,
    GatewayHealth,
    Misconfigured,
    OutboundMessage,
    ProviderError,
    Receipt,
    Setup,
    TemplateState,
    Throttled,
    WebhookCall,
)
from app.providers.measured import hand_over, judge
from app.providers.stored import read_secret
from app.providers.twilio.client import TwilioClient
from app.providers.twilio.config import TwilioConfig
from app.providers.twilio.contents import read_contents
from app.providers.twilio.inquiry import choose
from app.providers.twilio.medium import SMS, WHATSAPP, Medium
from app.providers.twilio.outgoing import build_form
from app.providers.twilio.signature import is_authentic
from app.providers.twilio.webhook import parse_webhook
from app.schemas.recebida import Recebida

_EMPTY_RESPONSE: Final = ("text/xml", b'<?xml version="1.0" encoding="UTF-8"?><Response/>')
_HEALTH: Final[tuple[tuple[type[ProviderError], str], ...]] = (
    (Misconfigured, "a Twilio recusou a conta, a chave ou o endereço"),
    (Throttled, "a Twilio pede para ir mais devagar"),
)


class _Account:
    """One account and one sender of it."""

    medium: ClassVar[Medium]

    def __init__(self, config: TwilioConfig, client: TwilioClient, *, webhook_url: str | None) -> None:
        self.config = config
        self.client = client
        self._webhook_url = webhook_url
        self._capabilities = Capabilities(
            text=True,
            templates=self.medium.templates,
            quotes=self.medium.templates,
            receipts=webhook_url is not None,
            query=True,
            message_ids=True,
            needs_template=self.medium.templates,
            rate_per_minute=config.taxa_por_minuto,
            pair_interval_s=self.medium.pair_interval_s,
            last_resort=self.medium.last_resort,
            acknowledgement=_EMPTY_RESPONSE,
        )

    @classmethod
    def build(cls, setup: Setup) -> Self:
        """Build from a channel's row; ValueError says, in Portuguese, what is wrong with it."""
        config = TwilioConfig.from_mapping(setup.config, cls.medium)
        client = TwilioClient(setup.http, config, _login(config, setup.credentials), setup.clock)
        return cls(config, client, webhook_url=setup.webhook_url)

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def cost(self, message: OutboundMessage) -> int:  # noqa: ARG002 - every message is one
        return 1

    async def send(self, message: OutboundMessage) -> Receipt:
        form = build_form(message, self.config, self.medium, webhook_url=self._webhook_url)
        return await hand_over("mensagem", self._post(form), detail="aceita")

    async def _post(self, form: Mapping[str, str]) -> Receipt:
        return Receipt(None, await self.client.create_message(form), 1)

    async def find(self, doubt: Doubt) -> Receipt | None:
        """Look for a message whose answer was lost among those to its phone.

        Not by the date it was sent: one still queued has none yet, and would be missed.
        """
        filters = {"To": self.medium.prefix + doubt.to}
        if self.config.remetente is not None:
            filters["From"] = self.medium.prefix + self.config.remetente
        rows, requests = await self.client.list_messages(filters)
        sid = choose(rows, doubt, service=self.config.messaging_service_sid)
        return Receipt(None, sid, requests) if sid is not None else None

    def is_authentic(self, call: WebhookCall, secrets: Sequence[str], *, now: datetime) -> bool:  # noqa: ARG002 - no time is signed
        return is_authentic(call, secrets, account_sid=self.config.account_sid)

    def parse_webhook(self, call: WebhookCall) -> Sequence[Recebida]:
        return parse_webhook(call)

    async def check(self) -> GatewayHealth:
        return await judge(self.client.probe(), _HEALTH, lambda _: (True, "a Twilio respondeu"))

    async def close(self) -> None:
        """Hold nothing of its own."""


class TwilioProvider(_Account):
    """WhatsApp: free text inside the 24 hours, a content template outside them."""

    name: ClassVar[str] = "twilio"
    medium = WHATSAPP

    async def list_templates(self) -> Sequence[TemplateState]:
        return read_contents(await self.client.list_contents())


class TwilioSmsProvider(_Account):
    """SMS: text only, for whom nothing else reaches."""

    name: ClassVar[str] = "twilio_sms"
    medium = SMS


def build(setup: Setup) -> TwilioProvider:
    return TwilioProvider.build(setup)


def build_sms(setup: Setup) -> TwilioSmsProvider:
    return TwilioSmsProvider.build(setup)


def _login(config: TwilioConfig, credentials: Mapping[str, str]) -> tuple[str, str]:
    if credentials.get("api_key_sid") or credentials.get("api_key_secret"):
        return _secret(credentials, "api_key_sid"), _secret(credentials, "api_key_secret")
    return config.account_sid, _secret(credentials, "auth_token")


def _secret(credentials: Mapping[str, str], key: str) -> str:
    hint = "informe a credencial da Twilio (auth_token, ou api_key_sid e api_key_secret)"
    value = read_secret(credentials, key, hint)
    if ":" in value:
        raise ValueError(f"{key}: {hint}")
    return value
