"""How long to wait before trying again."""

from datetime import timedelta
from typing import Final

BASE: Final = timedelta(seconds=2)
TETO: Final = timedelta(minutes=15)
_MAX_EXPOENTE: Final = 32  # beyond it every sensible cap is reached, and timedelta would overflow


def retry_delay(
    attempt: int,
    jitter: float,
    *,
    base: timedelta = BASE,
    cap: timedelta = TETO,
    at_least: timedelta = timedelta(0),
) -> timedelta:
    """Return the wait before attempt `attempt` + 1 (the first attempt is 1).

    Half of the wait is fixed, half drawn by `jitter` in [0, 1): workers that
    failed together do not come back together. `at_least` is what the other side
    asked for (`Retry-After`); it is obeyed even above the cap.
    """
    if attempt < 1 or not 0 <= jitter < 1:
        raise ValueError(f"attempt counts from 1 and jitter lies in [0, 1): {attempt}, {jitter}")
    full = min(cap, base * (1 << min(attempt - 1, _MAX_EXPOENTE)))
    return max(at_least, full * (0.5 + jitter / 2))
