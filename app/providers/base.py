"""What a WhatsApp gateway is: the message it takes, the receipt it gives, the ways it fails.

ProviderError
├── Throttled            too fast: wait `retry_after` seconds, nothing was taken
├── Misconfigured        key, address, flow or field is wrong: stop this channel and tell somebody
├── Unavailable          surely not taken (or harmless to repeat): may be tried again
├── Ambiguous            may have been taken: never repeat blindly
└── Rejected             will never be taken as it is
    ├── BadNumber        because of the phone number
    ├── OutsideWindow    a free text outside the 24 hours: a template would get through
    ├── TemplateRefused  the approved template is missing, paused or was given other variables
    ├── Withheld         WhatsApp keeps it from this person for now
    └── Stopped          the person refused our messages at WhatsApp
"""

# ruff: noqa: N818 - exceptions are named for what happened

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, Final, Literal, Protocol, Self, runtime_checkable

from app.domain.entrega import Falha
from app.schemas.recebida import Recebida

if TYPE_CHECKING:
    from app.providers.http import HttpClient

_MAX_RETRY_AFTER: Final = 3600.0
DEFAULT_RETRY_AFTER: Final = 5.0


@dataclass(frozen=True, slots=True)
class Button:
    """A quick reply under a message."""

    payload: str
    """Comes back when it is touched; at most 200 characters, signed by whoever made it."""
    title: str
    """At most 20 characters: the shortest limit of all gateways."""


@dataclass(frozen=True, slots=True)
class Template:
    """A text the gateway approved beforehand, with the values of its variables and the payloads of its buttons."""

    name: str
    """The gateway's own name or id of it."""
    language: str
    values: Sequence[tuple[str, str]] = ()
    """(variable, value) in the template's order; values hold no line break, tab or run of spaces."""
    named: bool = False
    """Its variables have names; otherwise their order counts."""
    payloads: Sequence[str] = ()
    """Of its quick replies, in their order."""


@dataclass(frozen=True, slots=True)
class Compromisso:
    """A visit as a calendar shows it: nothing a family member at the same calendar should not read."""

    uid: str
    """The same for the same visit, whatever its time: a later message moves it."""
    sequence: int
    """Grows when the visit moves."""
    start: datetime
    minutes: int
    zone: str
    """IANA."""
    summary: str
    location: str | None = None


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One message to one phone, ready to leave."""

    key: str
    """Ours, unique: a gateway that can gives it back in its receipts. At most 64 characters of [0-9a-z.-]."""
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
    """Name or id of a flow; None leaves the choice to the account."""
    buttons: Sequence[Button] = ()
    """At most three; the text says without them what may be answered."""
    template: Template | None = None
    """What to send where a free text would not get through; None when nothing is approved for it."""
    email: str | None = None
    compromissos: Sequence[Compromisso] = ()


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
    needs_template: bool = False
    """Outside the 24 hours of a conversation only an approved template gets through."""
    rate_unit: Literal["message", "request"] = "message"
    rate_per_minute: int = 60
    pair_interval_s: float = 0.0
    """The least time between two messages to one contact."""
    last_resort: bool = False
    """Not WhatsApp: for those whom it does not reach, if the hospital allows it."""
    needs_email: bool = False
    """Reaches only those whose address is known."""
    takes_answers: bool = True
    """False: nobody reads what is written back, so the texts ask for a telephone call (`app.domain.modelo`)."""
    acknowledgement: tuple[str, bytes] | None = None
    """Media type and body that the gateway expects as the answer to its calls; None: our own JSON will do."""


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


class TooSoon(ProviderError):
    """Too many to this one person: nothing left, and for everybody else the channel is as it was."""

    def __init__(self, retry_after: float, reason: str, *, requests: int = 0) -> None:
        super().__init__(reason, requests=requests)
        self.retry_after = retry_after


class Misconfigured(ProviderError): ...


class Unavailable(ProviderError): ...


class Ambiguous(ProviderError): ...


class Rejected(ProviderError): ...


class BadNumber(Rejected): ...


class OutsideWindow(Rejected): ...


class TemplateRefused(Rejected): ...


class Withheld(Rejected): ...


class Stopped(Rejected): ...


_ERRORS: Final[Mapping[Falha, type[ProviderError]]] = {
    Falha.NUMERO: BadNumber,
    Falha.JANELA: OutsideWindow,
    Falha.PASSAGEIRA: Unavailable,
    Falha.CONFIGURACAO: Misconfigured,
    Falha.MODELO: TemplateRefused,
    Falha.RETIDA: Withheld,
    Falha.PAROU: Stopped,
    Falha.RECUSADA: Rejected,
}
_FALHAS: Final[Mapping[type[ProviderError], Falha]] = {kind: falha for falha, kind in _ERRORS.items()}


def error_for(falha: Falha, reason: str, *, requests: int = 1, wait_s: float = DEFAULT_RETRY_AFTER) -> ProviderError:
    """Return the exception that an answer of the gateway means; `reason` holds its code, nobody's data.

    `wait_s` is how long the channel (`RITMO`) or this one message (`ESPERA`) is to wait.
    """
    if falha is Falha.RITMO:
        return Throttled(wait_s, reason, requests=requests)
    if falha is Falha.ESPERA:
        return TooSoon(wait_s, reason, requests=requests)
    return _ERRORS[falha](reason, requests=requests)


def falha_of(error: ProviderError) -> Falha | None:
    """Return why a message was refused for good, or None where it was not."""
    return _FALHAS.get(type(error)) if isinstance(error, Rejected) else None


class UnreadableWebhook(Exception):
    """A call that is not a usable event; `mensagem` tells the person who set it up what to change."""

    def __init__(self, code: str, mensagem: str, *, campo: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        """formulario | json_invalido | formato_desconhecido | tipo_invalido | sem_identificacao | corpo_grande |
        eventos_demais"""
        self.mensagem = mensagem
        self.campo = campo


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """A request somebody made to us, as it came: signatures are over these bytes and this address."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Names in lower case."""
    url: str = field(default="", repr=False)
    """The public address that was called, with its query: rebuilt from our own configuration, never from `Host`."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a gateway of one channel is built from."""

    config: Mapping[str, object]
    """The channel's own settings, in clear."""
    credentials: Mapping[str, str] = field(repr=False)
    http: "HttpClient"
    clock: Callable[[], datetime]
    webhook_url: str | None = None
    """Where this gateway reaches us for this channel; None when the installation has no public address."""
    signature_header: str = "X-Webhook-Signature"
    """Where a generic HMAC of the body is looked for."""


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

    def is_authentic(self, call: WebhookCall, secrets: Sequence[str], *, now: datetime) -> bool:
        """Tell whether the gateway made this call; two `secrets` are valid while one replaces the other."""
        ...

    def parse_webhook(self, call: WebhookCall) -> Sequence[Recebida]:
        """Read a call whose origin was already verified, or raise UnreadableWebhook.

        An event kind nobody knows is left out; a body without any event we use is an empty sequence.
        """
        ...

    async def check(self) -> GatewayHealth:
        """Tell whether the account answers. Never raises a ProviderError."""
        ...

    async def close(self) -> None:
        """Let go of what this provider alone holds; the HTTP session belongs to whoever made it."""
        ...


@runtime_checkable
class Handshake(Protocol):
    """A gateway that asks, by GET, whether the address is ours before it calls it."""

    def greet(self, query: Mapping[str, str]) -> str | None:
        """Return the text to answer, or None when the question does not know our word."""
        ...


@dataclass(frozen=True, slots=True)
class TemplateState:
    """An approved text as the gateway keeps it."""

    name: str
    language: str
    state: Literal["aprovado", "pendente", "recusado", "pausado", "desativado"]
    category: str = ""
    variables: Sequence[str] = ()
    """Their names, or "1", "2" … where they go by order."""
    named: bool = False
    buttons: int = 0
    reason: str | None = None


@runtime_checkable
class TemplateDirectory(Protocol):
    """A gateway that tells which texts it approved."""

    async def list_templates(self) -> Sequence[TemplateState]:
        """Return every approved or awaited text of the account, or raise a ProviderError."""
        ...


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message whose send ended without an answer."""

    to: str
    """E.164."""
    text: str
    started_at: datetime


@runtime_checkable
class Inquiry(Protocol):
    """A gateway that can be asked what became of a message whose answer was lost."""

    async def find(self, doubt: Doubt) -> Receipt | None:
        """Return the receipt of the message, None where nothing there proves it; or raise a ProviderError.

        None is no proof of the contrary: an approved text may read otherwise at the gateway than here.
        """
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
