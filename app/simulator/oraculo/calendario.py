"""When a message may reach a phone, told a second time and apart from the program's own rules."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import holidays

_WEEK: Final = (time(8), time(20))
_SATURDAY: Final = (time(8), time(13))
_EXCEPTION: Final = (time(8), time(20))  # Sundays and holidays, when nothing else was possible
_DAY: Final = timedelta(days=1)


def to_local(instante: datetime, zona: str) -> datetime:
    return instante.astimezone(ZoneInfo(zona))


@dataclass(frozen=True, slots=True)
class Calendario:
    """The open hours of a unit. Half-open: at 20:00 it is closed."""

    uf: str | None = None
    facultativos: bool = False
    locais: frozenset[date] = frozenset()
    _cache: dict[int, frozenset[date]] = field(default_factory=dict, compare=False, repr=False)

    def is_feriado(self, dia: date) -> bool:
        return dia in self.locais or dia in self._nacionais(dia.year)

    def is_open(self, instante: datetime, zona: str) -> bool:
        local = to_local(instante, zona)
        horas = self._hours(local.date())
        return horas is not None and horas[0] <= local.time() < horas[1]

    def is_exception(self, instante: datetime, zona: str) -> bool:
        """Tell whether it is a Sunday or a holiday at an hour that an emergency may use."""
        local = to_local(instante, zona)
        return self._is_rest(local.date()) and _EXCEPTION[0] <= local.time() < _EXCEPTION[1]

    def next_opening(self, instante: datetime, zona: str) -> datetime:
        """Return the first opening of a later local day."""
        seguinte = to_local(instante, zona).date() + _DAY
        ate = datetime.combine(seguinte + timedelta(days=30), time(), ZoneInfo(zona))
        inicio = datetime.combine(seguinte, time(), ZoneInfo(zona))
        return next(self.stretches(inicio, ate, zona))[0]

    def stretches(self, de: datetime, ate: datetime, zona: str) -> Iterator[tuple[datetime, datetime]]:
        """Yield the open stretches of [de, ate), one a day at most."""
        fuso = ZoneInfo(zona)
        dia = to_local(de, zona).date()
        while datetime.combine(dia, time(), fuso) < ate:
            horas = self._hours(dia)
            if horas is not None:
                inicio = max(de, datetime.combine(dia, horas[0], fuso))
                fim = min(ate, datetime.combine(dia, horas[1], fuso))
                if inicio < fim:
                    yield inicio, fim
            dia += _DAY

    def _hours(self, dia: date) -> tuple[time, time] | None:
        if self._is_rest(dia):
            return None
        return _SATURDAY if dia.weekday() == 5 else _WEEK  # noqa: PLR2004 - Saturday

    def _is_rest(self, dia: date) -> bool:
        return dia.weekday() == 6 or self.is_feriado(dia)  # noqa: PLR2004 - Sunday

    def _nacionais(self, ano: int) -> frozenset[date]:
        if ano not in self._cache:
            categorias = ("public", "optional") if self.facultativos else ("public",)
            dias = holidays.country_holidays("BR", subdiv=self.uf, years=ano, categories=categorias)
            self._cache[ano] = frozenset(dias)
        return self._cache[ano]
