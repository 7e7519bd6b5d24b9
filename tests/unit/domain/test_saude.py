"""When a channel is no longer trusted, and how it shows that it is back."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.saude import SaudeCanal, judge
from tests.fabricas import AGORA

SAUDAVEL = SaudeCanal()
EM_PROVA = SaudeCanal(quedas=1, doente_ate=AGORA)
LOTES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=30)


def play(saude: SaudeCanal, lotes: Iterable[tuple[int, int]]) -> SaudeCanal:
    """Judge chunks of (successes, failures), one right after the other."""
    for acertos, erros in lotes:
        saude = judge(saude, acertos=acertos, erros=erros, now=AGORA)
    return saude


@pytest.mark.parametrize(
    ("lotes", "falls"),
    [
        pytest.param([(0, 4)], False, id="four failures say nothing"),
        pytest.param([(0, 5)], True, id="five of five"),
        pytest.param([(5, 5)], True, id="half"),
        pytest.param([(6, 5)], False, id="less than half"),
        pytest.param([(0, 1)] * 5, True, id="five chunks of one"),
        pytest.param([(50, 0), (0, 24)], False, id="half of the last fifty arrived"),
        pytest.param([(50, 0), (0, 25)], True, id="half of the last fifty did not"),
        pytest.param([(5000, 0), (0, 25)], True, id="what is older than fifty is forgotten"),
        pytest.param([(0, 4), (50, 0), (0, 4)], False, id="old failures fade as well"),
        pytest.param([(500, 5)], False, id="one in a hundred, in one chunk"),
        pytest.param([(0, 0)] * 9, False, id="nothing was sent"),
    ],
)
def test_a_channel_falls_at_half_of_its_last_fifty(lotes: list[tuple[int, int]], *, falls: bool) -> None:
    assert play(SAUDAVEL, lotes).is_sick(AGORA) is falls


@pytest.mark.parametrize(
    ("acertos", "erros", "back"),
    [(3, 0, True), (2, 1, True), (1, 0, True), (1, 2, False), (0, 1, False), (1, 1, False)],
)
def test_on_trial_more_must_arrive_than_fail(acertos: int, erros: int, *, back: bool) -> None:
    saude = judge(EM_PROVA, acertos=acertos, erros=erros, now=AGORA)
    assert (saude.em_prova, saude.is_sick(AGORA)) == (not back, not back)


def test_each_fall_in_a_row_doubles_the_pause_up_to_ten_minutes() -> None:
    saude, now, pauses = SAUDAVEL, AGORA, []
    for _ in range(8):
        saude = judge(saude, acertos=0, erros=5, now=now)
        assert saude.doente_ate is not None
        pauses.append((saude.doente_ate - now).total_seconds())
        now = saude.doente_ate
    assert pauses == [30, 60, 120, 240, 480, 600, 600, 600]


def test_once_back_the_next_fall_begins_at_thirty_seconds_again() -> None:
    fallen = SaudeCanal(quedas=6, doente_ate=AGORA)
    back = judge(fallen, acertos=3, erros=0, now=AGORA)
    again = judge(back, acertos=0, erros=5, now=AGORA)
    assert again == SaudeCanal(quedas=1, doente_ate=AGORA + timedelta(seconds=30))


@pytest.mark.parametrize(("acertos", "erros"), [(0, 500), (500, 0)])
def test_what_was_in_the_air_when_it_fell_says_nothing_of_its_return(acertos: int, erros: int) -> None:
    """Four chunks die together: that is one fall, not four."""
    fallen = judge(SAUDAVEL, acertos=0, erros=10, now=AGORA)
    assert judge(fallen, acertos=acertos, erros=erros, now=AGORA + timedelta(seconds=29)) == fallen


def test_ten_in_a_row_are_a_fall_whatever_arrived_before() -> None:
    assert judge(SaudeCanal(acertos=50), acertos=0, erros=10, now=AGORA, caiu=True).quedas == 1


@pytest.mark.parametrize(("acertos", "erros", "suspect"), [(0, 1, True), (1, 1, False), (1, 0, False)])
def test_where_nothing_arrived_it_is_asked_before_the_next(acertos: int, erros: int, *, suspect: bool) -> None:
    saude = judge(SAUDAVEL, acertos=acertos, erros=erros, now=AGORA)
    assert (saude.suspeito, saude.is_sick(AGORA), saude.em_prova) == (suspect, False, False)
    assert not judge(saude, acertos=1, erros=0, now=AGORA).suspeito


def test_the_pause_ends_at_its_end() -> None:
    fallen = judge(SAUDAVEL, acertos=0, erros=5, now=AGORA)
    assert [fallen.is_sick(AGORA + timedelta(seconds=s)) for s in (0, 29.9, 30)] == [True, True, False]


@given(LOTES)
def test_no_more_than_fifty_results_are_remembered(lotes: list[tuple[int, int]]) -> None:
    saude = play(SAUDAVEL, lotes)
    largest = max((acertos + erros for acertos, erros in lotes), default=0)
    assert saude.acertos + saude.erros <= max(50, largest) + 1e-6


@given(LOTES)
def test_a_channel_where_everything_arrives_never_falls(lotes: list[tuple[int, int]]) -> None:
    assert play(SAUDAVEL, [(acertos, 0) for acertos, _ in lotes]).quedas == 0
