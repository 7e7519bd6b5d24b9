"""A channel never spends more than its rate in any minute, whatever is drawn and whenever."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.ritmo import Ritmo
from tests.fabricas import AGORA


def spend(ritmo: Ritmo, draws: Iterable[tuple[float, int]]) -> list[tuple[datetime, int]]:
    """Draw as the release does; return what was spent and when. A draw is (seconds since the last, cost)."""
    now, fichas, since = AGORA, 0.0, None
    spent: list[tuple[datetime, int]] = []
    for wait, custo in draws:
        now += timedelta(seconds=wait)
        fichas = ritmo.refill(fichas, since, now)
        since = ritmo.mark(since, now)
        if ritmo.allows(fichas, custo):
            fichas -= ritmo.charge(custo)
            spent.append((now, custo))
    return spent


def worst_minute(spent: Sequence[tuple[datetime, int]]) -> int:
    minute = timedelta(seconds=60)
    return max(
        (sum(custo for em, custo in spent if start <= em < start + minute) for start, _ in spent),
        default=0,
    )


@settings(max_examples=150, deadline=None)
@given(
    por_minuto=st.sampled_from([10, 20, 30, 60, 600, 60_000]),
    draws=st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.1, 0.5, 2.0, 7.0]), st.integers(1, 9)), max_size=300),
)
def test_no_minute_sees_more_than_the_rate(por_minuto: int, draws: list[tuple[float, int]]) -> None:
    assert worst_minute(spend(Ritmo(por_minuto), draws)) <= por_minuto


@pytest.mark.parametrize("custo", range(1, 10))
def test_a_steady_flow_of_one_cost_stays_below_the_rate_and_uses_most_of_it(custo: int) -> None:
    for por_minuto in (30, 60, 600):
        spent = spend(Ritmo(por_minuto), [(0.05, custo)] * 6000)  # five minutes
        assert worst_minute(spent) <= por_minuto
        assert sum(cost for _, cost in spent) >= 5 * por_minuto * 0.5


def test_a_message_dearer_than_the_whole_bucket_leaves_all_the_same() -> None:
    assert spend(Ritmo(2), [(0, 5), (1, 5)]) == [(AGORA, 5)]


def test_a_clock_set_back_adds_nothing_and_is_not_paid_for_twice() -> None:
    """Two machines half a second apart take turns: together they must not refill faster than one."""
    ritmo = Ritmo(600)
    fichas, since = 0.0, AGORA
    for turn in range(100):
        now = AGORA + timedelta(seconds=turn * 0.1, milliseconds=500 * (turn % 2))
        fichas = ritmo.refill(fichas, since, now) - 0.0
        since = ritmo.mark(since, now)
    elapsed = 99 * 0.1 + 0.5
    assert fichas <= ritmo.por_segundo * elapsed + 1e-6


def test_a_mark_far_in_the_future_does_not_stop_the_channel() -> None:
    ritmo = Ritmo(600)
    assert ritmo.mark(AGORA + timedelta(days=1), AGORA) == AGORA


def test_an_idle_channel_holds_two_seconds_of_its_rate_and_no_more() -> None:
    ritmo = Ritmo(600)
    assert ritmo.refill(0, AGORA - timedelta(days=1), AGORA) == ritmo.teto == 20
