"""The rate of a channel: a bucket in the gateway's own unit, refilled by the clock it is given."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

_RAJADA_S: Final = 2.0  # at most this many seconds of the rate leave at once
_VELOZ: Final = 1200  # a minute: from here on a second's worth is enough, and the worker spaces it out
_RAJADA_VELOZ_S: Final = 1.0
_MENSAGEM: Final = 10.0  # room for the dearest message, where two seconds of a slow channel are less
_DESACERTO: Final = timedelta(minutes=1)  # clocks of two machines may differ by this much


@dataclass(frozen=True, slots=True)
class Ritmo:
    """What a channel may spend a minute. Never more in any minute: the burst is taken off the refill."""

    por_minuto: int

    @property
    def teto(self) -> float:
        """The most that may be spent at once."""
        rajada_s = _RAJADA_VELOZ_S if self.veloz else _RAJADA_S
        return max(self.por_minuto / 60 * rajada_s, min(_MENSAGEM, self.por_minuto / 2), 1.0)

    @property
    def veloz(self) -> bool:
        """Whether so many leave at a time that the gateway would see them as a burst."""
        return self.por_minuto >= _VELOZ

    def seat(self, vaga_em: datetime | None, unidades: float, now: datetime) -> tuple[datetime, datetime]:
        """Return when the first of some messages leaves, and when the first after them may: never two at a time.

        Whatever the number of processes that release, no second sees more than the rate.
        """
        inicio = max(vaga_em, now) if vaga_em is not None and vaga_em <= now + _DESACERTO else now
        return inicio, inicio + timedelta(seconds=unidades * 60 / self.por_minuto)

    @property
    def por_segundo(self) -> float:
        """The refill: in any 60 s at most `teto + 60 * por_segundo` = `por_minuto` are spent."""
        return max(self.por_minuto - self.teto, self.por_minuto / 2) / 60

    def refill(self, fichas: float, desde: datetime | None, now: datetime) -> float:
        """Return what may be spent now, given what was left at `desde`; a clock set back adds nothing."""
        if desde is None:
            return self.teto
        return min(self.teto, fichas + max(0.0, (now - desde).total_seconds()) * self.por_segundo)

    def mark(self, desde: datetime | None, now: datetime) -> datetime:
        """Return up to when the refill is paid out: never back, or a slower clock's time would be paid twice.

        A mark further ahead than clocks differ was somebody's wrong clock, and would stop the channel.
        """
        return desde if desde is not None and now < desde <= now + _DESACERTO else now

    def allows(self, fichas: float, custo: float) -> bool:
        """Tell whether a message may leave; one dearer than a full bucket leaves when the bucket is full."""
        return custo <= fichas or (custo > self.teto and fichas >= self.teto)

    def charge(self, custo: float) -> float:
        """Return what a message takes off: beyond a full bucket twice, so that no minute sees more than the rate."""
        return custo + max(0.0, custo - self.teto)
