"""How long a call to a gateway took, for the trace of a message and for its health."""

from time import perf_counter


def milliseconds_since(started: float) -> float:
    """Return the time since a reading of `perf_counter`, to the microsecond."""
    return round((perf_counter() - started) * 1000, 3)
