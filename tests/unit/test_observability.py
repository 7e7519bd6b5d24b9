import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from app.config import Environment, LogSettings
from app.observability import Metrics, configure_logging, current_request_id, redact, request_context

NOME = "Maria da Conceição"


@pytest.fixture(autouse=True)
def _leave_logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    logger.remove()
    logger.configure(patcher=None)
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = before


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    configure_logging(LogSettings(format="json"), environment=Environment.PROD, stream=stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def read_age(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise RuntimeError(f"31987654321 {text}") from error


@pytest.mark.parametrize(
    "personal",
    [
        "5531987654321",
        "+55 31 98765-4321",
        "(31) 98765-4321",
        "031 3456.7890",
        "maria.silva@exemplo.com.br",
        "5531987654321@s.whatsapp.net",
        "postgresql://user:hush@db/confirma",
        "Authorization: Bearer abc.def-ghi",
        "api_key=abc123",
        "token: 'abc123'",
        "[parameters: ('Maria', 'Rua A')]",
        "input_value='Maria', input_type=str",
    ],
)
def test_redact_masks(personal: str) -> None:
    cleaned = redact(f"before {personal} after")
    assert "***" in cleaned
    assert not [part for part in ("98765", "3456", "silva", "hush", "abc", "Maria") if part in cleaned]
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")


@pytest.mark.parametrize(
    "harmless",
    [
        "2026-11-23T17:50:57.123456+00:00",
        "2026-11-23 17:50",
        "id=123456789",
        "550e8400-e29b-41d4-a716-446655440000",
        "HTTP 503 after 3 attempts in 1520 ms",
        "sha 3f786850e387550fdab836ed7e6dc881de23001b",
    ],
)
def test_redact_leaves(harmless: str) -> None:
    assert redact(harmless) == harmless


def test_a_line_is_an_event_and_its_facts(stream: io.StringIO) -> None:
    logger.info("message.sent", key=42, provider="botconversa")
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["key"], line["provider"]) == ("message.sent", "INFO", 42, "botconversa")
    assert line["time"].endswith("+00:00")


def test_facts_named_like_personal_data_or_secrets_are_hidden(stream: io.StringIO) -> None:
    logger.info("x", nome_paciente="Maria", api_key="abc", to=5531987654321, deep={"telefone": "1", "ids": [1, 2]})
    (line,) = lines(stream)
    assert (line["nome_paciente"], line["api_key"], line["to"]) == ("***", "***", "***")
    assert line["deep"] == {"telefone": "***", "ids": [1, 2]}


@pytest.mark.parametrize("log_format", ["json", "texto"])
def test_input_cannot_forge_a_line(log_format: str) -> None:
    stream = io.StringIO()
    settings = LogSettings.model_validate({"LOG_FORMAT": log_format})
    configure_logging(settings, environment=Environment.DEV, stream=stream)
    logger.info("first\n2026-11-23 INFO forged\u2028x", fact="a\r\nINFO forged\x1b[2J")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b[2J" not in stream.getvalue()


def test_an_exception_shows_where_but_not_whose(stream: io.StringIO) -> None:
    try:
        read_age(NOME)
    except RuntimeError:
        logger.exception("job.failed")
    (line,) = lines(stream)
    assert line["error"] == "RuntimeError"
    assert "test_observability.py" in line["traceback"]
    assert "ValueError" in line["traceback"]
    assert NOME not in stream.getvalue()


def test_libraries_speak_through_the_same_filter(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info("GET /webhook?phone=5531987654321")
    logging.getLogger("sqlalchemy.engine").info("SELECT")
    logging.getLogger("pgqueuer").warning("lost %s", "+5531987654321")
    (line,) = lines(stream)
    assert (line["event"], line["logger"]) == ("lost ***", "pgqueuer")


def test_every_line_of_a_request_carries_its_id(stream: io.StringIO) -> None:
    with request_context("abc-12345678") as request_id:
        logger.info("inside")
        assert current_request_id() == request_id == "abc-12345678"
    logger.info("outside")
    inside, outside = lines(stream)
    assert inside["request_id"] == "abc-12345678"
    assert "request_id" not in outside


@pytest.mark.parametrize("incoming", [None, "", "short", "5531987654321", "a b c d e f g", "x" * 65, "a\nbcdefghij"])
def test_an_unfit_request_id_is_replaced(incoming: str | None) -> None:
    with request_context(incoming) as request_id:
        assert request_id != incoming
        assert len(request_id) == 32


@pytest.mark.parametrize(
    ("environment", "level", "expected"),
    [
        pytest.param(Environment.DEV, None, {"debug", "info"}, id="development says everything"),
        pytest.param(Environment.PROD, None, {"info"}, id="production starts at INFO"),
        pytest.param(Environment.PROD, "DEBUG", {"debug", "info"}, id="a set level wins"),
    ],
)
def test_levels_follow_the_environment(environment: Environment, level: str | None, expected: set[str]) -> None:
    stream = io.StringIO()
    settings = LogSettings.model_validate({"LOG_LEVEL": level, "LOG_FORMAT": "json"})
    configure_logging(settings, environment=environment, stream=stream)
    logger.debug("debug")
    logger.info("info")
    assert {line["event"] for line in lines(stream)} == expected


def test_a_log_file_rotates_and_is_closed_to_others(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "confirma.log"
    configure_logging(LogSettings(file=file, rotation="1 KB", retention="1 day"), environment=Environment.PROD)
    for number in range(40):
        logger.info("event", number=number)
    written = list(file.parent.iterdir())
    assert len(written) > 1
    assert sum(len(part.read_text("utf-8").splitlines()) for part in written) == 40
    assert not [part for part in written if part.stat().st_mode & 0o007]


def test_metrics_are_rendered_with_few_labels() -> None:
    metrics = Metrics()
    metrics.message("botconversa", "enviada", 3)
    metrics.inbound("botconversa", "CONFIRMADO")
    metrics.queue_lag("saida", 1.5)
    metrics.chunk_took("botconversa", 0.2)
    metrics.webhook_took("botconversa", 0.01)
    body, content_type = metrics.render()
    text = body.decode()
    assert 'confirma_messages_total{channel="botconversa",outcome="enviada"} 3.0' in text
    assert 'confirma_inbound_total{channel="botconversa",outcome="confirmado"} 1.0' in text
    assert 'confirma_queue_lag_seconds{queue="saida"} 1.5' in text
    assert content_type.startswith("text/plain")


def test_a_label_can_hold_neither_a_number_nor_grow_without_end() -> None:
    metrics = Metrics()
    metrics.message("5531987654321", "enviada")
    for first in "abcdefghij":
        for second in "abcdefghij":
            metrics.message("botconversa", first + second)
    text = metrics.render()[0].decode()
    assert "55319" not in text
    assert sum(line.startswith("confirma_messages_total{") for line in text.splitlines()) <= 33
