"""How fast a number may speak: to everybody in one second, to one person in six."""

from collections import deque


class PerSecond:
    """Counts what was allowed within the last second."""

    def __init__(self, most: int | None) -> None:
        self._recent: deque[float] = deque(maxlen=most)
        self._most = most

    def takes(self, now: float) -> bool:
        if self._most is None:
            return True
        if len(self._recent) == self._most and now - self._recent[0] < 1.0:
            return False
        self._recent.append(now)
        return True


class PerPair:
    """One message in each interval, and a burst on credit that later silence pays back."""

    def __init__(self, interval_s: float, burst: int) -> None:
        self._interval, self._credit = interval_s, interval_s * (burst - 1)
        self._paid_at: dict[str, float] = {}

    def takes(self, person: str, now: float) -> bool:
        if not self._interval:
            return True
        due = max(self._paid_at.get(person, now), now)
        if due - now > self._credit:
            return False
        self._paid_at[person] = due + self._interval
        return True
