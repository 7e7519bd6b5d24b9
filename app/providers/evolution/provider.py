"""Evolution as a WhatsAppProvider."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final
from urllib.parse import quote

import msgspec

from app.providers.base import (
    BadNumber,
    Capabilities,
    GatewayHealth,
    OutboundMessage,
    Receipt,
    Rejected,
    Setup,
    UnreadableWebhook,
    WebhookCall,
)
from app.providers.evolution.codes import error_of
from app.providers.evolution.config import EvolutionConfig
from app.providers.evolution.payload import decode, parse_webhook, people
from app.providers.evolution.proof import is_proven
from app.providers.http import HttpClient, HttpResponse
from app.providers.ids import read_id
from app.providers.measured import hand_over, judge
from app.providers.stored import read_secret
from app.schemas.recebida import Recebida

_MAX_TEXT: Final = 4096  # WhatsApp's own limit
_MAX_BUTTONS: Final = 3
_E164: Final = re.compile(r"\+?([1-9][0-9]{7,14})")
_STATES: Final[Mapping[str, str]] = {
    "open": "a Evolution respondeu e o WhatsApp está conectado",
    "connecting": "o WhatsApp está se conectando: se demorar, leia o QR code na Evolution",
    "close": "o WhatsApp está desconectado: leia o QR code na Evolution",
}
_REFUSALS: Final[Mapping[int, str]] = {
    401: "a Evolution recusou a chave",
    403: "o servidor da Evolution está sem chave global",
    404: "a instância não existe na Evolution, ou o endereço é outro",
}


class EvolutionProvider:
    """One instance: one WhatsApp number, connected by its QR code."""

    name: ClassVar[str] = "evolution"

    def __init__(
        self, config: EvolutionConfig, api_key: str, http: HttpClient, *, clock: Callable[[], datetime]
    ) -> None:
        self.config = config
        self._http = http
        self._clock = clock
        self._instance = quote(config.instancia, safe="")
        self._headers = {"apikey": api_key, "Accept": "application/json"}
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
        operation, body = _outgoing(self.config, message)
        return await hand_over("mensagem", self._post(operation, body), detail="aceita")

    async def _post(self, operation: str, body: Mapping[str, object]) -> Receipt:
        response = await self._http.request(
            "POST",
            f"{self.config.base_url}/message/{operation}/{self._instance}",
            headers={**self._headers, "Content-Type": "application/json"},
            body=msgspec.json.encode(body),
            repeatable=False,
        )
        if not response.ok:
            raise error_of(response, self._clock())
        return _receipt(response)

    def is_authentic(self, call: WebhookCall, secrets: Sequence[str], *, now: datetime) -> bool:
        return is_proven(call.headers, secrets, now) and not self._is_of_another(call.body)

    def parse_webhook(self, call: WebhookCall) -> Sequence[Recebida]:
        return parse_webhook(call.body)

    async def check(self) -> GatewayHealth:
        url = f"{self.config.base_url}/instance/connectionState/{self._instance}"
        return await judge(self._http.request("GET", url, headers=self._headers), (), _health_in)

    async def close(self) -> None:
        return

    def _is_of_another(self, body: bytes) -> bool:
        """Tell whether a call names another instance: one server has many, and may call one address for all."""
        try:
            envelope = decode(body)
        except UnreadableWebhook:
            return False  # its reader will say what is wrong
        return isinstance(envelope, dict) and envelope.get("instance") != self.config.instancia


def _outgoing(config: EvolutionConfig, message: OutboundMessage) -> tuple[str, Mapping[str, object]]:
    """Return the operation and its body; refuse what the gateway cannot do."""
    number = _E164.fullmatch(message.to)
    if number is None:
        raise BadNumber("telefone fora do formato internacional")
    if message.flow:
        raise Rejected("a Evolution não tem fluxos")
    if not message.text.strip() or len(message.text) > _MAX_TEXT:
        raise Rejected("texto vazio ou longo demais")
    common = {"number": number[1], "delay": config.digitando_ms}
    if not (config.botoes and message.buttons):
        return "sendText", {**common, "text": message.text, "linkPreview": False}
    if len(message.buttons) > _MAX_BUTTONS:
        raise Rejected(f"mais de {_MAX_BUTTONS} botões")
    buttons = [{"type": "reply", "displayText": button.title, "id": button.payload} for button in message.buttons]
    return "sendButtons", {**common, "title": config.titulo, "description": message.text, "buttons": buttons}


def _receipt(response: HttpResponse) -> Receipt:
    """Read an accepted send; an answer cut short does not undo it."""
    key = {"remoteJid": _at(response, "key", "remoteJid")}
    person = people(key)
    return Receipt(person[1] if person else None, read_id(_at(response, "key", "id")), requests=1)


def _health_in(response: HttpResponse) -> tuple[bool, str]:
    if not response.ok:
        return False, _REFUSALS.get(response.status, f"HTTP {response.status}")
    state = _at(response, "instance", "state")
    return state == "open", _STATES.get(state or "", "a Evolution não disse o estado da conexão: reinicie a instância")


def _at(response: HttpResponse, *path: str) -> str | None:
    try:
        value: object = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, RecursionError):
        return None
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) and value else None


def build(setup: Setup) -> EvolutionProvider:
    """Build from a channel's row; ValueError says, in Portuguese, what is wrong with it."""
    key = read_secret(setup.credentials, "api_key", "informe a chave da Evolution (da instância, de preferência)")
    return EvolutionProvider(EvolutionConfig.from_mapping(setup.config), key, setup.http, clock=setup.clock)
