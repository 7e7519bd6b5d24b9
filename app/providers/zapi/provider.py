"""Z-API as a WhatsAppProvider."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

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
from app.providers.http import HttpResponse
from app.providers.ids import read_id
from app.providers.measured import hand_over, judge
from app.providers.zapi.client import ZapiClient, object_in
from app.providers.zapi.codes import refusal, refusal_in_acceptance
from app.providers.zapi.config import ZapiConfig, ZapiCredentials
from app.providers.zapi.payload import decode, parse_webhook
from app.providers.zapi.proof import is_proven, same
from app.schemas.recebida import Recebida

_PHONE: Final = re.compile(r"\+([1-9][0-9]{7,14})")
_MAX_TEXT: Final = 4096  # WhatsApp's own limit
_MAX_BUTTONS, _MAX_TITLE = 3, 20
_HEALTH: Final[tuple[tuple[type[ProviderError], str], ...]] = (
    (Misconfigured, "a Z-API recusou a instância, o token ou o Client-Token"),
    (Throttled, "a Z-API pede para ir mais devagar"),
)
_CONNECTED: Final = "a Z-API está conectada ao WhatsApp"
_NO_PHONE: Final = "a Z-API está conectada ao WhatsApp, mas o celular está sem internet"
_DISCONNECTED: Final = "o WhatsApp está desconectado da Z-API: leia o QR code no painel dela"


class ZapiProvider:
    """One instance: one WhatsApp number of the hospital."""

    name: ClassVar[str] = "zapi"

    def __init__(
        self,
        config: ZapiConfig,
        client: ZapiClient,
        *,
        instance_id: str,
        clock: Callable[[], datetime],
    ) -> None:
        self.config = config
        self._client = client
        self._instance_id = instance_id
        self._clock = clock
        self._capabilities = Capabilities(
            text=True,
            buttons=config.botoes,
            quotes=True,
            receipts=True,
            message_ids=True,
            rate_per_minute=config.taxa_por_minuto,
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def cost(self, message: OutboundMessage) -> int:  # noqa: ARG002 - every message is one
        return 1

    async def send(self, message: OutboundMessage) -> Receipt:
        """Put one message into the instance's queue: a receipt means queued, the news that follow mean sent."""
        _refuse_what_it_cannot(message)
        return await hand_over("mensagem", self._post(_digits(message.to), message), detail="na fila da Z-API")

    async def _post(self, phone: str, message: OutboundMessage) -> Receipt:
        if message.buttons and self.config.botoes:
            response = await self._client.send_buttons(phone, message.text, message.buttons)
        else:
            response = await self._client.send_text(phone, message.text)
        return Receipt(None, self._accepted(response), 1)

    def _accepted(self, response: HttpResponse) -> str | None:
        """Return the id under which the news will come, None where the answer is unreadable but says yes."""
        data = object_in(response)
        if not response.ok:
            raise _counted(refusal(response, data, now=self._clock()))
        message_id = next((told for key in ("messageId", "id", "zaapId") if (told := _id(data.get(key)))), None)
        refused = refusal_in_acceptance(data) if message_id is None else None
        if refused is not None:
            raise refused
        return message_id

    def is_authentic(self, call: WebhookCall, secrets: Sequence[str], *, now: datetime) -> bool:  # noqa: ARG002 - nothing is dated
        """Tell whether the call brings one of the channel's secrets and names our instance."""
        if not is_proven(call, secrets):
            return False  # a stranger's body is not even read
        try:
            instance_id = decode(call.body).get("instanceId")
        except UnreadableWebhook:
            return False
        return isinstance(instance_id, str) and same(instance_id, self._instance_id)

    def parse_webhook(self, call: WebhookCall) -> Sequence[Recebida]:
        return parse_webhook(call.body)

    async def check(self) -> GatewayHealth:
        return await judge(self._status(), _HEALTH, _health_in)

    async def _status(self) -> Mapping[str, Any]:
        response = await self._client.status()
        data = object_in(response)
        if not response.ok:
            raise refusal(response, data, now=self._clock())
        return data

    async def close(self) -> None:
        """Hold nothing of its own."""


def _refuse_what_it_cannot(message: OutboundMessage) -> None:
    """Refuse aloud before anything is spent. A template's text is sent as text: there is no window to get through."""
    if message.flow:
        raise Rejected("a Z-API não tem fluxos")
    if not 0 < len(message.text.strip()) <= len(message.text) <= _MAX_TEXT:
        raise Rejected("texto vazio ou longo demais")
    if len(message.buttons) > _MAX_BUTTONS or any(not 0 < len(one.title) <= _MAX_TITLE for one in message.buttons):
        raise Rejected("botões demais, ou com título vazio ou longo demais")


def _digits(to: str) -> str:
    found = _PHONE.fullmatch(to)
    if found is None:
        raise BadNumber("o telefone não está em E.164")
    return found[1]


def _id(value: object) -> str | None:
    return read_id(value) if isinstance(value, str) else None


def _counted(error: ProviderError) -> ProviderError:
    error.requests = 1
    return error


def _health_in(data: Mapping[str, Any]) -> tuple[bool, str]:
    """Judge by `connected` alone: `error` also says "You are already connected."."""
    if data.get("connected") is True:
        return True, _NO_PHONE if data.get("smartphoneConnected") is False else _CONNECTED
    if data.get("connected") is False:
        return False, _DISCONNECTED
    return False, "a Z-API respondeu algo que não se entende"


def build(setup: Setup) -> ZapiProvider:
    """Build from a channel's row; ValueError says, in Portuguese, what is wrong with it."""
    credentials = ZapiCredentials.from_mapping(setup.credentials)
    config = ZapiConfig.from_mapping(setup.config)
    client = ZapiClient(setup.http, config.base_url, credentials)
    return ZapiProvider(config, client, instance_id=credentials.instance_id, clock=setup.clock)
