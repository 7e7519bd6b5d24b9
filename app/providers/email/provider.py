"""E-mail as a channel: everything a gateway is, but for answers."""

from collections.abc import Callable, Sequence
from datetime import datetime
from time import perf_counter
from typing import ClassVar, Final, NoReturn

from app.providers.base import (
    BadNumber,
    Capabilities,
    GatewayHealth,
    Misconfigured,
    OutboundMessage,
    ProviderError,
    Receipt,
    Rejected,
    Setup,
    Throttled,
    UnreadableWebhook,
    WebhookCall,
)
from app.providers.email.client import SmtpClient
from app.providers.email.config import EmailConfig, EmailCredentials, is_address
from app.providers.email.mail import Mail, build_mail
from app.providers.measured import hand_over, milliseconds_since

_HEALTHY: Final = "o servidor de e-mail aceita a conta"
_UNWELL: Final[tuple[tuple[type[ProviderError], str], ...]] = (
    (Misconfigured, "o servidor de e-mail não aceita o canal como está configurado"),
    (Throttled, "o servidor de e-mail pede para ir mais devagar"),
)
_AWAY: Final = "o servidor de e-mail não atende agora"
_MOST_VISITS: Final = 20


class EmailProvider:
    """One account at one SMTP server."""

    name: ClassVar[str] = "email"

    def __init__(self, config: EmailConfig, client: SmtpClient, *, clock: Callable[[], datetime]) -> None:
        self.config = config
        self._client = client
        self._clock = clock
        self._capabilities = Capabilities(
            text=True,
            message_ids=True,
            rate_per_minute=config.taxa_por_minuto,
            last_resort=True,
            needs_email=True,
            takes_answers=False,
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def cost(self, message: OutboundMessage) -> int:  # noqa: ARG002 - every message is one
        return 1

    async def send(self, message: OutboundMessage) -> Receipt:
        """Hand one e-mail to the server: a receipt means that it took it, not that somebody has it."""
        _refuse_what_it_cannot(message)
        to = _recipient(message)
        mail = build_mail(message, self.config, to=to, now=self._clock())
        return await hand_over("e-mail", self._deliver(to, mail), detail="no servidor de e-mail")

    async def _deliver(self, to: str, mail: Mail) -> Receipt:
        await self._client.deliver(to, mail.content)
        return Receipt(None, mail.message_id, 1)

    def is_authentic(self, call: WebhookCall, secrets: Sequence[str], *, now: datetime) -> bool:  # noqa: ARG002
        """Believe nobody: an SMTP server calls no addresses."""
        return False

    def parse_webhook(self, call: WebhookCall) -> NoReturn:  # noqa: ARG002 - whatever it is
        raise UnreadableWebhook("formato_desconhecido", "Um canal de e-mail não recebe chamadas nem respostas.")

    async def check(self) -> GatewayHealth:
        started = perf_counter()
        try:
            await self._client.probe()
        except ProviderError as error:
            sentence = next((text for kind, text in _UNWELL if isinstance(error, kind)), _AWAY)
            return GatewayHealth(ok=False, detail=f"{sentence}: {error.reason}", ms=milliseconds_since(started))
        return GatewayHealth(ok=True, detail=_HEALTHY, ms=milliseconds_since(started))

    async def close(self) -> None:
        """Hold nothing: each dialogue ends with its message."""


def _refuse_what_it_cannot(message: OutboundMessage) -> None:
    """Refuse aloud before anything is spent. Buttons repeat what the text says, a template's text is a text."""
    if message.flow:
        raise Rejected("e-mail não tem fluxos")
    if not message.text.strip():
        raise Rejected("texto vazio")
    if len(message.compromissos) > _MOST_VISITS:
        raise Rejected("compromissos demais para um e-mail")


def _recipient(message: OutboundMessage) -> str:
    address = (message.email or "").strip()
    if not address:
        raise Rejected("o contato não tem e-mail")
    if not is_address(address):
        raise BadNumber("endereço de e-mail inválido")
    return address


def build(setup: Setup) -> EmailProvider:
    """Build from a channel's row; ValueError says, in Portuguese, what is wrong with it."""
    config = EmailConfig.from_mapping(setup.config)
    client = SmtpClient(config, EmailCredentials.from_mapping(setup.credentials))
    return EmailProvider(config, client, clock=setup.clock)
