"""From a channel's row to a gateway: what is accepted, and the sentence for what is not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.providers.base import (
    DEFAULT_RETRY_AFTER,
    Ambiguous,
    Misconfigured,
    ProviderError,
    Rejected,
    Setup,
    Throttled,
    Unavailable,
    error_from,
    retry_after,
)
from app.providers.botconversa import BotconversaConfig, Modo
from app.providers.http import HttpClient
from app.providers.registry import PROVIDERS, build_provider

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)


@dataclass
class Answered:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


@pytest.mark.parametrize("kind", sorted(PROVIDERS))
def test_each_gateway_has_its_page_and_its_cases(kind: str) -> None:
    assert (ROOT / "docs" / "provedores" / f"{kind}.md").is_file()
    assert list((ROOT / "tests" / "contract" / "fixtures" / kind).glob("*.json"))


def test_a_channel_with_nothing_but_its_key(http: HttpClient, clock: Any) -> None:
    provider = build_provider("botconversa", Setup({}, {"api_key": "k"}, http, clock))
    assert provider.capabilities.rate_per_minute == 600


@pytest.mark.parametrize(
    ("kind", "config", "credentials", "says"),
    [
        ("pombo", {}, {}, "desconhecido: pombo"),
        ("botconversa", {}, {}, "api_key"),
        ("botconversa", {}, {"api_key": "chave\ninjetada: x"}, "api_key"),
        ("botconversa", {"modo": "misto"}, {"api_key": "k"}, "nao_oficial, oficial, mensagem_e_fluxo"),
        ("botconversa", {"flow_id": "abc"}, {"api_key": "k"}, "flow_id"),
        ("botconversa", {"flow_id": True}, {"api_key": "k"}, "flow_id"),
        ("botconversa", {"base_url": "ftp://x"}, {"api_key": "k"}, "base_url"),
        ("botconversa", {"tag": 3}, {"api_key": "k"}, "tag"),
        ("botconversa", {"campos": {"id_tabela": 3}}, {"api_key": "k"}, "campos"),
        ("botconversa", {"taxa_por_minuto": 99999999}, {"api_key": "k"}, "taxa_por_minuto"),
        ("botconversa", {"fluxo": 1}, {"api_key": "k"}, "desconhecida: fluxo"),
        ("evolution", {"base_url": "https://e.test", "instancia": "x"}, {}, "api_key"),
        ("evolution", {"base_url": "https://e.test", "instancia": "x"}, {"api_key": "ké"}, "api_key"),
        ("evolution", {"instancia": "x"}, {"api_key": "k"}, "base_url"),
        ("evolution", {"base_url": "e.test", "instancia": "x"}, {"api_key": "k"}, "base_url"),
        ("evolution", {"base_url": "https://e.test"}, {"api_key": "k"}, "instancia"),
        ("evolution", {"base_url": "https://e.test", "instancia": 7}, {"api_key": "k"}, "instancia"),
        ("evolution", {"base_url": "https://e.test", "instancia": "x", "botoes": "sim"}, {"api_key": "k"}, "botoes"),
        (
            "evolution",
            {"base_url": "https://e.test", "instancia": "x", "digitando_ms": 9000},
            {"api_key": "k"},
            "digitando_ms",
        ),
        (
            "evolution",
            {"base_url": "https://e.test", "instancia": "x", "taxa_por_minuto": 0},
            {"api_key": "k"},
            "taxa_por_minuto",
        ),
        (
            "evolution",
            {"base_url": "https://e.test", "instancia": "x", "instance": "y"},
            {"api_key": "k"},
            "desconhecida: instance",
        ),
    ],
)
def test_a_wrong_channel_says_which_key(
    http: HttpClient,
    clock: Any,
    *,
    kind: str,
    config: Mapping[str, object],
    credentials: Mapping[str, str],
    says: str,
) -> None:
    with pytest.raises(ValueError, match=says):
        build_provider(kind, Setup(config, credentials, http, clock))


def test_a_whole_configuration() -> None:
    config = BotconversaConfig.from_mapping(
        {
            "base_url": "https://gateway.test/api/",
            "modo": "oficial",
            "flow_id": "987654",
            "tag": " confirmacao ",
            "campanha": "",
            "campos": {"id_tabela": "id_tabela"},
        }
    )
    assert (config.base_url, config.modo, config.flow_id) == ("https://gateway.test/api", Modo.OFICIAL, 987654)
    assert (config.tag, config.campanha, config.taxa_por_minuto) == ("confirmacao", None, 600)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("999999", 3600.0),
        ("Mon, 02 Mar 2026 13:01:30 GMT", 90.0),
        ("Mon, 02 Mar 2026 12:00:00 GMT", 0.0),
        ("-5", DEFAULT_RETRY_AFTER),
        ("nan", DEFAULT_RETRY_AFTER),
        ("logo", DEFAULT_RETRY_AFTER),
        ("", DEFAULT_RETRY_AFTER),
    ],
)
def test_retry_after(header: str, seconds: float) -> None:
    assert retry_after(Answered(429, {"Retry-After": header}), NOW) == seconds


@pytest.mark.parametrize(
    ("status", "repeatable", "expected"),
    [
        (429, True, Throttled),
        (401, True, Misconfigured),
        (403, False, Misconfigured),
        (302, False, Misconfigured),
        (400, True, Rejected),
        (422, False, Rejected),
        (503, True, Unavailable),
        (503, False, Ambiguous),
    ],
)
def test_error_from(status: int, *, repeatable: bool, expected: type[ProviderError]) -> None:
    assert type(error_from(Answered(status), repeatable=repeatable)) is expected
