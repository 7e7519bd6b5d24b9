from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.backoff import TETO, retry_delay

ALMOST_ONE = 1 - 2**-53


@pytest.mark.parametrize(
    ("attempt", "jitter", "expected"),
    [
        pytest.param(1, 0.0, 1, id="half of the base at least"),
        pytest.param(1, 0.5, 1.5, id="the rest is drawn"),
        pytest.param(4, 0.0, 8, id="each attempt doubles it"),
        pytest.param(30, 0.0, 450, id="up to the cap"),
        pytest.param(10**9, 0.0, 450, id="however often it failed"),
    ],
)
def test_retry_delay(attempt: int, jitter: float, expected: float) -> None:
    assert retry_delay(attempt, jitter) == timedelta(seconds=expected)


def test_what_the_gateway_asked_for_is_obeyed_above_the_cap() -> None:
    assert retry_delay(1, 0.0, at_least=timedelta(hours=1)) == timedelta(hours=1)


@given(st.integers(1, 100), st.floats(0, ALMOST_ONE))
def test_never_at_once_and_never_beyond_the_cap(attempt: int, jitter: float) -> None:
    assert timedelta(0) < retry_delay(attempt, jitter) <= TETO


@pytest.mark.parametrize(("attempt", "jitter"), [(0, 0.0), (1, 1.0), (1, -0.1)])
def test_wrong_use_is_refused(attempt: int, jitter: float) -> None:
    with pytest.raises(ValueError, match="counts from 1"):
        retry_delay(attempt, jitter)
