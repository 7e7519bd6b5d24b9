"""Logs without personal data, the request id, and the metrics."""

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, TextIO

from loguru import logger
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from app.config import Environment, LogSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from loguru import Record

_HIDDEN: Final = "***"
_LEVELS: Final = {Environment.DEV: "DEBUG", Environment.STAGING: "INFO", Environment.PROD: "INFO"}
# What libraries say at INFO holds paths, SQL and its parameters: nothing of that may reach a log.
_LIBRARY_LEVEL: Final = logging.WARNING
_LIBRARIES: Final = (
    "uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy", "sqlalchemy.engine", "sqlalchemy.pool", "alembic",
    "aiohttp", "aiohttp.access", "aiohttp.client", "aiohttp.server", "asyncio", "asyncpg", "pgqueuer", "openai",
)  # fmt: skip

# ------------------------------------------------------------------ redaction

# The first net is not to log such values. This second one reads what is about to be written.
_SENSITIVE: Final = re.compile(
    r"""
    (?P<keep>
        \b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)  # an instant
      | \b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b                                       # a UUID
      | \b(?=[0-9]*[a-f])[0-9a-f]{16,64}\b                                                    # a digest
    )
  | (?P<credentials> (?<=://) [^/\s@]+ (?=@) )
  | (?P<email> [\w.%+-]{1,64} @ [\w-]{1,64} (?:\.[\w-]{1,64}){0,8} )
  | (?P<phone> \+?\d (?:[\ \t\xa0().\-/]{0,3}\d){9,} )
  | (?P<bearer> (?<=bearer\s) [\w.~+/=-]+ | (?<=basic\s) [\w+/=]{8,} )
  | (?P<assigned>
        (?<![a-z]) (?:api[_-]?key|token|secret|segredo|senha|password|passwd|authorization) ["']? \s*[:=]\s* ["']?
        (?! bearer\s | basic\s ) [^\s"',;&]+
    )
  | (?P<parameters> \[parameters:\ .* \] | (?<=input_value=) .*? (?=,\ input_type=) )         # SQLAlchemy, Pydantic
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_SENSITIVE_WORDS: Final = frozenset((
    "password", "passwd", "senha", "secret", "segredo", "token", "apikey", "authorization", "cookie", "signature",
    "assinatura", "credentials", "credenciais", "nome", "telefone", "telefones", "phone", "celular", "email", "texto",
    "text", "body", "payload", "cpf", "endereco", "nascimento",
))  # fmt: skip
_SENSITIVE_KEYS: Final = frozenset({"api_key", "secret_key", "encryption_keys", "database_url", "resposta_paciente"})
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"  # ends a line or turns it round
)
_DEEPEST: Final = 4
_LONGEST: Final = 8_000  # of a traceback the end says what happened
_FEWEST_PHONE_DIGITS: Final = 10


def redact(text: str) -> str:
    """Mask what looks like a phone, an e-mail or a secret."""
    return _SENSITIVE.sub(lambda match: match[0] if match["keep"] else _HIDDEN, text[-_LONGEST:])


def _redact_value(key: str, value: object, depth: int = 0) -> object:
    if _is_sensitive(key) or depth > _DEEPEST:
        return _HIDDEN
    match value:
        case None | bool() | float():
            return value
        case int():
            return _HIDDEN if len(str(abs(value))) >= _FEWEST_PHONE_DIGITS else value
        case Mapping():
            return {redact(str(name)): _redact_value(str(name), item, depth + 1) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_redact_value(key, item, depth + 1) for item in value]
        case _:
            return _one_line(redact(str(value)))


def _is_sensitive(key: str) -> bool:
    lowered = key.lower().replace("-", "_")
    return lowered in _SENSITIVE_KEYS or not _SENSITIVE_WORDS.isdisjoint(lowered.split("_"))


def _one_line(text: str) -> str:
    """Write control characters out, so that no input can begin a line of its own."""
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


# ----------------------------------------------------------------- request id

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")


@contextmanager
def request_context(incoming: str | None = None) -> Iterator[str]:
    """Give everything inside one id: the caller's, when it is harmless, else a new one."""
    usable = incoming is not None and _REQUEST_ID.fullmatch(incoming) and redact(incoming) == incoming
    request_id = incoming if incoming is not None and usable else os.urandom(16).hex()
    token = _request_id.set(request_id)
    try:
        yield request_id
    finally:
        _request_id.reset(token)


def current_request_id() -> str | None:
    return _request_id.get()


# ----------------------------------------------------------------------- logs


def configure_logging(
    settings: LogSettings, *, environment: Environment = Environment.DEV, stream: TextIO | None = None
) -> None:
    """Send every log of the process, also those of libraries, to one place and through the redaction."""
    render = _json_format if (settings.format or _default_format(environment)) == "json" else _text_format
    common: dict[str, Any] = {
        "level": settings.level or _LEVELS[environment],
        "format": render,
        "backtrace": False,
        "diagnose": False,  # it prints the values of variables
    }
    logger.remove()
    logger.configure(patcher=_patcher(tell_errors=environment is Environment.DEV), extra={})
    if settings.file is None or stream is not None:
        logger.add(stream or sys.stderr, **common)
    else:
        logger.add(
            settings.file,
            rotation=settings.rotation,
            retention=settings.retention,
            watch=True,  # another process may have rotated it
            encoding="utf-8",
            opener=_open_private,
            **common,
        )
    _intercept()


def _default_format(environment: Environment) -> str:
    return "texto" if environment is Environment.DEV else "json"


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o640)


def _patcher(*, tell_errors: bool) -> "Callable[[Record], None]":
    """Clean a record before any sink sees it.

    An exception's own words often quote its input (`invalid literal: 'Maria'`), and no pattern
    finds a name: outside development only its type and the lines of code are written.
    """

    def patch(record: "Record") -> None:
        record["message"] = _one_line(redact(record["message"]))
        facts = {name: _redact_value(name, value) for name, value in record["extra"].items()}
        if (request_id := _request_id.get()) is not None:
            facts.setdefault("request_id", request_id)
        if (error := record["exception"]) is not None and error.value is not None:
            facts["error"] = type(error.value).__name__
            facts["traceback"] = redact("".join(_trace(error.value, tell_errors=tell_errors)))
        record["exception"] = None  # from here on only the cleaned text exists
        record["extra"].clear()
        record["extra"].update(facts)

    return patch


def _trace(error: BaseException, *, tell_errors: bool) -> list[str]:
    if tell_errors:
        return traceback.format_exception(error)
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = _trace(earlier, tell_errors=False) if earlier is not None else []
    return [*before, *traceback.format_tb(error.__traceback__), f"{type(error).__qualname__}\n"]


def _json_format(record: "Record") -> str:
    line: dict[str, object] = {
        "time": record["time"].astimezone(UTC).isoformat(timespec="milliseconds"),
        "level": record["level"].name,
        "event": record["message"],
        "logger": record["name"],
    }
    for name, value in record["extra"].items():
        if name != "_line":
            line[f"{name}_" if name in line else name] = value
    record["extra"]["_line"] = json.dumps(line, ensure_ascii=False, default=str)
    return "{extra[_line]}\n"


def _text_format(record: "Record") -> str:
    facts = {name: value for name, value in record["extra"].items() if name not in {"_line", "traceback"}}
    shown = " ".join(f"{name}={json.dumps(value, ensure_ascii=False, default=str)}" for name, value in facts.items())
    trace = "".join(f"\n    | {_one_line(line)}" for line in record["extra"].get("traceback", "").splitlines())
    record["extra"]["_line"] = f"{record['message']} {shown}".rstrip() + trace
    return "<dim>{time:HH:mm:ss.SSS}</dim> <level>{level: <8}</level> {extra[_line]}\n"


class _Interceptor(logging.Handler):
    """Hands the standard library's records to Loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            level: str | int = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        named = logger.patch(lambda ours: ours.update({"name": record.name}))
        named.opt(exception=record.exc_info).log(level, record.getMessage())


def _intercept() -> None:
    logging.basicConfig(handlers=[_Interceptor()], level=_LIBRARY_LEVEL, force=True)
    for name in _LIBRARIES:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(_LIBRARY_LEVEL)
    logging.captureWarnings(capture=True)


# -------------------------------------------------------------------- metrics

_LABEL: Final = re.compile(r"[a-z][a-z_]{0,39}")  # no digits: a label can never hold a phone or an id
_MOST_LABELS: Final = 30
_OTHER: Final = "outro"
_FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_SLOW: Final = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120)


class Metrics:
    """What the process counts. Labels are few words of our own, whatever the callers pass."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._seen: dict[tuple[Any, str], set[str]] = {}
        self._known: dict[tuple[Any, ...], Any] = {}
        self._messages = Counter(
            "confirma_messages", "Messages by what became of them", ("channel", "outcome"), registry=self.registry
        )
        self._inbound = Counter(
            "confirma_inbound", "Webhook events by what they led to", ("channel", "outcome"), registry=self.registry
        )
        self._queue_lag = Gauge(
            "confirma_queue_lag_seconds", "Age of the oldest work waiting", ("queue",), registry=self.registry
        )
        self._chunk = Histogram(
            "confirma_chunk_seconds", "One chunk, from start to record", ("channel",),
            buckets=_SLOW, registry=self.registry,
        )  # fmt: skip
        self._webhook = Histogram(
            "confirma_webhook_seconds", "One webhook call", ("channel",), buckets=_FAST, registry=self.registry
        )
        ProcessCollector(registry=self.registry)

    def message(self, channel: str, outcome: str, count: int = 1) -> None:
        self._of(self._messages, channel=channel, outcome=outcome).inc(count)

    def inbound(self, channel: str, outcome: str, count: int = 1) -> None:
        self._of(self._inbound, channel=channel, outcome=outcome).inc(count)

    def queue_lag(self, queue: str, seconds: float) -> None:
        self._of(self._queue_lag, queue=queue).set(seconds)

    def chunk_took(self, channel: str, seconds: float) -> None:
        self._of(self._chunk, channel=channel).observe(seconds)

    def webhook_took(self, channel: str, seconds: float) -> None:
        self._of(self._webhook, channel=channel).observe(seconds)

    def render(self) -> tuple[bytes, str]:
        """Return the exposition and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST

    def _of(self, metric: Any, **labels: str) -> Any:
        """Return a metric's part for these labels: looked up by every webhook call, so remembered."""
        key = (metric, *labels.values())
        part = self._known.get(key)
        if part is None:
            bound = {name: self._bound((metric, name), value) for name, value in labels.items()}
            part = metric.labels(**bound)
            if _OTHER not in bound.values():  # any number of words lead there
                self._known[key] = part
        return part

    def _bound(self, kind: tuple[Any, str], value: str) -> str:
        label = value.lower()
        seen = self._seen.setdefault(kind, set())
        if not _LABEL.fullmatch(label) or (label not in seen and len(seen) >= _MOST_LABELS):
            return _OTHER
        seen.add(label)
        return label
