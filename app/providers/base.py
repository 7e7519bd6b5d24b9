"""What a WhatsApp gateway is: the message it takes, the receipt it gives, the ways it fails.

ProviderError
├── Throttled       too fast: wait `retry_after` seconds, nothing was taken
├── Misconfigured   key, address, flow or field is wrong: stop this channel and tell somebody
├── Unavailable     surely not taken (or harmless to repeat): may be tried again
├── Ambiguous       may have been taken: never repeat blindly
└── Rejected        will never be taken as it is
    └── BadNumber   because of the phone number
"""

# ruff: noqa: N818 - exceptions are named for what happened

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import ClassVar, Final, Literal, Protocol, Self

from app.schemas.recebida import Recebida

_MAX_RETRY_AFTER: Final = 3600.0
DEFAULT_RETRY_AFTER: Final = 5.0


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One message to one phone, ready to leave."""

    key: str
    to: str
    """E.164."""
    first_name: str
    last_name: str
    text: str
    subscriber_id: str | None = None
    """The gateway's id of this contact, when an earlier send learnt it."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Our names (`id_tabela`, `nr_seq_agenda` …); a gateway writes those its account has configured."""
    session_open: bool = False
    """The patient wrote less than 24 hours ago."""
    flow: str | None = None
    """Name or id of a flow or approved template; None leaves the choice to the account."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step of a send, as shown to an operator."""

    step: str
    ok: bool
    ms: float
    detail: str = ""
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The gateway accepted the message; whether it arrived is another question."""

    subscriber_id: str | None
    message_id: str | None
    requests: int
    """Really spent, in the unit the gateway counts; may exceed `cost` when a cached id turned out dead."""
    steps: tuple[StepResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a gateway can do; what it cannot is refused aloud."""

    text: bool
    flows: bool = False
    templates: bool = False
    buttons: bool = False
    quotes: bool = False
    """An answer names the message it answers."""
    receipts: bool = False
    """Tells by itself what was delivered and read."""
    query: bool = False
    """Can be asked what became of a message."""
    message_ids: bool = False
    idempotent: bool = False
    """Repeating a send with the same key sends once."""
    rate_unit: Literal["message", "request"] = "message"
    rate_per_minute: int = 60


@dataclass(frozen=True, slots=True)
class GatewayHealth:
    ok: bool
    detail: str
    """A sentence for the operator, in Portuguese."""
    ms: float


class ProviderError(Exception):
    """A send that did not end in a receipt. `reason` never holds personal data."""

    def __init__(
        self,
        reason: str,
        *,
        requests: int = 0,
        steps: Sequence[StepResult] = (),
        subscriber_id: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.requests = requests
        self.steps = tuple(steps)
        self.subscriber_id = subscriber_id

    def traced(self, requests: int, steps: Sequence[StepResult], subscriber_id: str | None) -> Self:
        """Say what was spent and reached before the failure."""
        self.requests, self.steps, self.subscriber_id = requests, tuple(steps), subscriber_id
        return self


class Throttled(ProviderError):
    def __init__(
        self, retry_after: float = DEFAULT_RETRY_AFTER, reason: str = "HTTP 429", *, requests: int = 0
    ) -> None:
        super().__init__(reason, requests=requests)
        self.retry_after = retry_after


class Misconfigured(ProviderError): ...


class Unavailable(ProviderError): ...


class Ambiguous(ProviderError): ...


class Rejected(ProviderError): ...


class BadNumber(Rejected): ...


class UnreadableWebhook(Exception):
    """A call that is not a usable event; `mensagem` tells the person who set it up what to change."""

    def __init__(self, code: str, mensagem: str, *, campo: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        """formulario | json_invalido | formato_desconhecido | tipo_invalido | sem_identificacao"""
        self.mensagem = mensagem
        self.campo = campo


class WhatsAppProvider(Protocol):
    """One account at one gateway. `send` and `check` are its only I/O; `parse_webhook` is pure."""

    name: ClassVar[str]

    @property
    def capabilities(self) -> Capabilities: ...

    def cost(self, message: OutboundMessage) -> int:
        """Return the most that sending it spends, in the gateway's unit, unless a cached id is dead."""
        ...

    async def send(self, message: OutboundMessage) -> Receipt:
        """Hand over one message, or raise a ProviderError. Never repeats what may have been taken."""
        ...

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[Recebida]:
        """Read a call whose origin was already verified, or raise UnreadableWebhook."""
        ...

    async def check(self) -> GatewayHealth:
        """Tell whether the account answers. Never raises a ProviderError."""
        ...

    async def close(self) -> None:
        """Let go of what this provider alone holds; the HTTP session belongs to whoever made it."""
        ...


class Answer(Protocol):
    """The part of an HTTP answer that decides what a failure means."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


def retry_after(answer: Answer, now: datetime | None = None) -> float:
    """Return the seconds to wait: Retry-After as seconds, or as a date when `now` is told, else a default."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _MAX_RETRY_AFTER)
    if now is None or not value:
        return DEFAULT_RETRY_AFTER
    try:
        seconds = (parsedate_to_datetime(value) - now) / timedelta(seconds=1)
    except (ValueError, TypeError):  # no date, or one without a zone
        return DEFAULT_RETRY_AFTER
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER)


def error_from(answer: Answer, *, repeatable: bool = True, now: datetime | None = None) -> ProviderError:
    """Return what an HTTP failure means; `repeatable`: a second attempt cannot reach the patient twice."""
    reason = f"HTTP {answer.status}"  # not the body: it may repeat a patient's number
    match answer.status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Throttled(retry_after(answer, now), reason)
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return Misconfigured(reason)
        case status if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            return Misconfigured(reason)  # we follow no redirects: the address is wrong
        case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Unavailable(reason) if repeatable else Ambiguous(reason)
        case _:
            return Rejected(reason)
