"""The rate of a channel: a bucket in the gateway's own unit, refilled by the clock it is given."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

_RAJADA_S: Final = 2.0  # at most this many seconds of the rate leave at once


@dataclass(frozen=True, slots=True)
class Ritmo:
    """What a channel may spend a minute. Never more in any minute: the burst is taken off the refill."""

    por_minuto: int

    @property
    def teto(self) -> float:
        """The most that may be spent at once."""
        return max(1.0, self.por_minuto / 60 * _RAJADA_S)

    @property
    def por_segundo(self) -> float:
        """The refill: in any 60 s at most `teto + 60 * por_segundo` = `por_minuto` are spent."""
        return max(self.por_minuto - self.teto, self.por_minuto / 2) / 60

    def refill(self, fichas: float, desde: datetime | None, now: datetime) -> float:
        """Return what may be spent now, given what was left at `desde`; a clock set back adds nothing."""
        if desde is None:
            return self.teto
        return min(self.teto, fichas + max(0.0, (now - desde).total_seconds()) * self.por_segundo)
