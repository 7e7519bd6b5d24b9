"""The demonstration's clock, on paper."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from app.database import Database
from app.simulator.relogio import RelogioVirtual, first_morning, next_morning

ZONA: Final = ZoneInfo("America/Sao_Paulo")
INICIO: Final = datetime(2026, 3, 3, 11, tzinfo=UTC)


class Real:
    """A real clock that a test moves."""

    def __init__(self) -> None:
        self.agora = datetime(2026, 3, 2, 20, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.agora

    def pass_by(self, seconds: float) -> None:
        self.agora += timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        pytest.param(datetime(2026, 3, 2, 15, tzinfo=UTC), "2026-03-03", id="Monday: Tuesday"),
        pytest.param(datetime(2026, 3, 6, 15, tzinfo=UTC), "2026-03-09", id="Friday: Monday"),
        pytest.param(datetime(2026, 4, 2, 15, tzinfo=UTC), "2026-04-06", id="before Good Friday: after Easter"),
        pytest.param(datetime(2026, 3, 3, 1, tzinfo=UTC), "2026-03-03", id="it is still Monday in Minas"),
    ],
)
def test_it_begins_on_the_next_working_morning(real: datetime, expected: str) -> None:
    assert first_morning(real, ZONA, "MG").astimezone(ZONA).isoformat() == f"{expected}T08:00:00-03:00"


def test_the_next_morning_is_the_day_after_even_on_a_sunday() -> None:
    sabado = datetime(2026, 3, 7, 23, 30, tzinfo=UTC)
    assert next_morning(sabado, ZONA).astimezone(ZONA).isoformat() == "2026-03-08T08:00:00-03:00"


def test_it_runs_stops_and_goes_on() -> None:
    real = Real()
    relogio = RelogioVirtual(real, INICIO)
    real.pass_by(100)
    assert relogio() == INICIO
    relogio.run_at(60)
    real.pass_by(2)
    assert relogio() == INICIO + timedelta(minutes=2)
    relogio.run_at(0)
    real.pass_by(10)
    assert relogio() == INICIO + timedelta(minutes=2)


def test_a_real_clock_set_back_does_not_turn_it_back() -> None:
    real = Real()
    relogio = RelogioVirtual(real, INICIO)
    relogio.run_at(60)
    real.pass_by(-3600)
    assert relogio() == INICIO


async def test_the_time_between_two_demonstrations_does_not_count(database: Database) -> None:
    real = Real()
    relogio = RelogioVirtual(real, INICIO)
    relogio.run_at(60)
    real.pass_by(30)
    await relogio.save(database)
    real.pass_by(86_400)
    later = RelogioVirtual(real, INICIO - timedelta(days=9))
    assert await later.load(database)
    assert later() == INICIO + timedelta(minutes=30)
    assert later.velocidade == 60
