"""A channel never spends more than its rate in any minute, whatever is drawn and whenever."""

import math
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


def seats(ritmo: Ritmo, rounds: Iterable[tuple[float, float, int]]) -> list[datetime]:
    """Let releasers seat messages: (seconds since the last round, how far the clock is ahead, how many)."""
    now, vaga_em, leaves = AGORA, None, []
    for wait, ahead, quantas in rounds:
        now += timedelta(seconds=wait)
        inicio, vaga_em = ritmo.seat(vaga_em, quantas, now + timedelta(seconds=ahead))
        leaves += [inicio + timedelta(seconds=n * 60 / ritmo.por_minuto) for n in range(quantas)]
    return leaves


def worst_second(leaves: Sequence[datetime]) -> int:
    ordered, most, last = sorted(leaves), 0, 0
    for first, em in enumerate(ordered):
        while last < len(ordered) and ordered[last] - em < timedelta(seconds=1, microseconds=-50):
            last += 1
        most = max(most, last - first)
    return most


@settings(max_examples=100, deadline=None)
@given(
    por_minuto=st.sampled_from([1200, 1300, 4800, 60_000]),
    rounds=st.lists(
        st.tuples(st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.0]), st.floats(-2, 2), st.floats(0, 1)), max_size=40
    ),
)
def test_no_second_sees_more_than_the_rate_whoever_releases(
    por_minuto: int, rounds: list[tuple[float, float, float]]
) -> None:
    ritmo = Ritmo(por_minuto)
    por_s = por_minuto / 60
    told = [(wait, ahead, int(share * ritmo.teto)) for wait, ahead, share in rounds]
    assert worst_second(seats(ritmo, told)) <= math.ceil(por_s)


def test_messages_of_two_rounds_follow_one_another_without_a_gap() -> None:
    ritmo = Ritmo(60_000)
    inicio, vaga = ritmo.seat(None, 500, AGORA)
    assert (inicio, vaga) == (AGORA, AGORA + timedelta(seconds=0.5))
    assert ritmo.seat(vaga, 500, AGORA) == (vaga, AGORA + timedelta(seconds=1))


def test_an_idle_channel_begins_now_and_saves_up_nothing() -> None:
    inicio, _ = Ritmo(60_000).seat(AGORA - timedelta(hours=1), 500, AGORA)
    assert inicio == AGORA


def test_a_seat_far_in_the_future_was_a_wrong_clock_and_does_not_stop_the_channel() -> None:
    inicio, _ = Ritmo(60_000).seat(AGORA + timedelta(days=1), 1, AGORA)
    assert inicio == AGORA


@pytest.mark.parametrize(("por_minuto", "veloz"), [(600, False), (1199, False), (1200, True), (60_000, True)])
def test_from_twenty_a_second_on_the_gateway_would_see_a_burst(por_minuto: int, *, veloz: bool) -> None:
    assert Ritmo(por_minuto).veloz is veloz
