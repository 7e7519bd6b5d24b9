"""The WhatsApp Business Cloud API as a WhatsAppProvider."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from time import perf_counter
from typing import Any, ClassVar, Final

import msgspec

from app.providers.base import (
    Capabilities,
    GatewayHealth,
    Misconfigured,
    OutboundMessage,
    ProviderError,
    Receipt,
    Setup,
    StepResult,
    TemplateState,
    Throttled,
    Unavailable,
    WebhookCall,
)
from app.providers.http import HttpClient
from app.providers.ids import read_id
from app.providers.measured import judge, milliseconds_since
from app.providers.meta.codes import error_of
from app.providers.meta.config import MetaConfig
from app.providers.meta.outgoing import compose
from app.providers.meta.payload import parse_webhook
from app.providers.meta.templates import page_path, read_page
from app.providers.stored import read_secret
from app.schemas.recebida import Recebida

SIGNATURE_HEADER: Final = "x-hub-signature-256"
_SCHEME: Final = "sha256="
_PAIR_INTERVAL_S: Final = 6.0
_HEALTH: Final[tuple[tuple[type[ProviderError], str], ...]] = (
    (Misconfigured, "a Meta recusou o token ou o phone_number_id"),
    (Throttled, "a Meta pede para ir mais devagar"),
)
_QUALITY: Final = {"GREEN": "alta", "YELLOW": "média", "RED": "baixa"}


class _Contact(msgspec.Struct):
    user_id: str | None = None


class _Message(msgspec.Struct):
    id: str
    message_status: str = "accepted"


class _Accepted(msgspec.Struct):
    messages: list[_Message]
    contacts: list[_Contact] = []


_accepted: Final = msgspec.json.Decoder(_Accepted)
_encode: Final = msgspec.json.Encoder().encode


class MetaProvider:
    """One business number. Keeps nothing between two messages."""

    name: ClassVar[str] = "meta"

    def __init__(
        self,
        config: MetaConfig,
        http: HttpClient,
        *,
        token: str,
        verify_token: str | None = None,
        clock: Callable[[], datetime],
    ) -> None:
        self.config = config
        self._http = http
        self._clock = clock
        self._verify_token = verify_token
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._json_headers = {**self._headers, "Content-Type": "application/json"}
        self._messages_url = f"{config.root}{config.phone_number_id}/messages"
        self._capabilities = Capabilities(
            text=True,
            templates=True,
            buttons=config.botoes,
            quotes=True,
            receipts=True,
            message_ids=True,
            needs_template=True,
            rate_unit="message",
            rate_per_minute=config.taxa_por_minuto,
            pair_interval_s=_PAIR_INTERVAL_S,
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def cost(self, message: OutboundMessage) -> int:  # noqa: ARG002 - every kind of message counts as one
        return 1

    async def send(self, message: OutboundMessage) -> Receipt:
        """Hand over one message in one request."""
        form, body = compose(message, botoes=self.config.botoes)
        started = perf_counter()
        try:
            told = await self._post(body, phone=message.to)
        except ProviderError as error:
            step = StepResult(form, ok=False, ms=milliseconds_since(started), detail=error.reason)
            raise error.traced(error.requests, (step,), message.subscriber_id) from error.__cause__
        first = told.messages[0] if told is not None and told.messages else None
        step = StepResult(
            form,
            ok=True,
            ms=milliseconds_since(started),
            detail=first.message_status if first else "aceita, resposta ilegível",
            id=read_id(first.id) if first else None,
        )
        known = read_id(told.contacts[0].user_id) if told is not None and told.contacts else None
        return Receipt(known or message.subscriber_id, step.id, 1, (step,))

    def is_authentic(self, call: WebhookCall, secrets: Sequence[str], *, now: datetime) -> bool:  # noqa: ARG002 - no time is signed
        """Tell whether one of the app secrets signed these very bytes: Meta escapes what we would not."""
        given = call.headers.get(SIGNATURE_HEADER, "")
        if not given.startswith(_SCHEME):
            return False
        signature = given.removeprefix(_SCHEME).lower().encode()
        return any(hmac.compare_digest(signature, _signature(call.body, secret)) for secret in secrets if secret)

    def parse_webhook(self, call: WebhookCall) -> Sequence[Recebida]:
        return parse_webhook(call.body, phone_number_id=self.config.phone_number_id, waba_id=self.config.waba_id)

    def greet(self, query: Mapping[str, str]) -> str | None:
        """Return the challenge to whoever knows the word that was typed into Meta's panel."""
        if query.get("hub.mode") != "subscribe" or not self._verify_token:
            return None
        given = query.get("hub.verify_token", "").encode(errors="replace")
        return query.get("hub.challenge") if hmac.compare_digest(given, self._verify_token.encode()) else None

    async def list_templates(self) -> Sequence[TemplateState]:
        """Return every text of the account, whatever its state; Misconfigured where no account was set up."""
        if self.config.waba_id is None:
            raise Misconfigured("waba_id: informe a conta do WhatsApp Business para listar os modelos")
        found: list[TemplateState] = []
        after: str | None = None
        for _ in range(self.config.max_paginas):
            page = read_page(await self._get(page_path(self.config.waba_id, after)))
            if page is None:
                raise Unavailable("resposta ilegível", requests=1)
            found += page[0]
            after = page[1]
            if after is None:
                return found
        raise Misconfigured("max_paginas: a conta tem mais modelos do que isto alcança")  # an unseen one is not gone

    async def check(self) -> GatewayHealth:
        return await judge(self._get(f"{self.config.phone_number_id}?fields=id,quality_rating"), _HEALTH, _health_in)

    async def close(self) -> None:
        """Nothing is held."""

    async def _post(self, body: Mapping[str, Any], *, phone: str) -> _Accepted | None:
        """Return what the acceptance says, None where it cannot be read: it was taken nevertheless."""
        response = await self._http.request(
            "POST", self._messages_url, headers=self._json_headers, body=_encode(body), repeatable=False
        )
        if not response.ok:
            raise error_of(response, phone=phone, now=self._clock())
        try:
            return _accepted.decode(response.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    async def _get(self, path: str) -> object:
        response = await self._http.request("GET", self.config.root + path, headers=self._headers)
        if not response.ok:
            raise error_of(response, repeatable=True, now=self._clock())
        try:
            return msgspec.json.decode(response.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Unavailable("resposta ilegível", requests=1) from None


def _health_in(told: object) -> tuple[bool, str]:
    rating = told.get("quality_rating") if isinstance(told, dict) else None
    quality = _QUALITY.get(rating) if isinstance(rating, str) else None
    return True, f"a Meta respondeu; qualidade do número: {quality}" if quality else "a Meta respondeu"


def _signature(body: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode(), body, "sha256").hex().encode()


def build(setup: Setup) -> MetaProvider:
    """Build from a channel's row; ValueError says, in Portuguese, what is wrong with it."""
    token = read_secret(setup.credentials, "token", "informe o token do usuário do sistema da Meta")
    verify_token = setup.credentials.get("verify_token", "").strip() or None
    parsed = MetaConfig.from_mapping(setup.config)
    return MetaProvider(parsed, setup.http, token=token, verify_token=verify_token, clock=setup.clock)
