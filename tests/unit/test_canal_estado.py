"""A channel's state in plain words: the graver reason comes first, and what is over is not told."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.cli.canal.ver import UNTIL_RESUMED, say_state, summary
from app.models import Canal

NOW = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
LOGO = NOW + timedelta(hours=1)
ANTES = NOW - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param({}, "ativo", id="well"),
        pytest.param({"ativo": False, "doente_ate": LOGO}, "desligado", id="off, whatever else"),
        pytest.param(
            {"pausado_ate": LOGO, "pausa_motivo": "troca de número", "doente_ate": LOGO},
            "pausado até 02/03/2026 11:00: troca de número",
            id="paused, and sick",
        ),
        pytest.param(
            {"pausado_ate": UNTIL_RESUMED}, "pausado até ser retomado: sem motivo", id="until somebody says so"
        ),
        pytest.param({"doente_ate": LOGO, "quedas": 1}, "doente até 02/03/2026 11:00, com 1 queda", id="sick once"),
        pytest.param({"doente_ate": LOGO, "quedas": 3}, "doente até 02/03/2026 11:00, com 3 quedas", id="sick again"),
        pytest.param({"pausado_ate": ANTES, "pausa_motivo": "x", "doente_ate": ANTES}, "ativo", id="over"),
    ],
)
def test_a_state_is_told_in_plain_words(columns: dict[str, Any], expected: str) -> None:
    canal = Canal(**{"nome": "principal", "ativo": True, "quedas": 0, **columns})
    assert say_state(summary(canal, NOW), ZoneInfo("America/Sao_Paulo")) == expected


def test_what_cannot_be_built_is_told_before_any_pause() -> None:
    canal = Canal(nome="principal", ativo=True, quedas=0, pausado_ate=LOGO)
    told = {**summary(canal, NOW), "defeito": "api_key: informe a chave"}
    assert say_state(told, ZoneInfo("America/Sao_Paulo")) == "mal configurado: api_key: informe a chave"
