"""Which days a unit does not work: national, state and its own."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Self

import holidays

_SABADO: Final = 5
_DIA: Final = re.compile(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}))?")
_BISSEXTO: Final = 2024  # lets 29/02 be a yearly day
# Longer than any run of closed days, so that a wrong calendar ends in an error instead of a loop.
_LIMITE_BUSCA: Final = 60

UFS: Final = frozenset(uf for uf in holidays.country_holidays("BR").subdivisions if len(uf) == 2)  # noqa: PLR2004


@dataclass(frozen=True, slots=True, order=True)
class DiaLocal:
    """A holiday of the city or of the unit: every year, or of one year only (Corpus Christi moves)."""

    mes: int
    dia: int
    ano: int | None = None


def read_dia_local(texto: str) -> DiaLocal:
    """Read `dd/mm` (every year) or `dd/mm/aaaa`; raise ValueError with a sentence for the screen."""
    achado = _DIA.fullmatch(texto.strip())
    if achado is None:
        raise ValueError(f"“{texto}” não é um dia: escreva dd/mm ou dd/mm/aaaa.")
    dia, mes = int(achado[1]), int(achado[2])
    ano = int(achado[3]) if achado[3] else None
    try:
        date(ano or _BISSEXTO, mes, dia)
    except ValueError:
        raise ValueError(f"“{texto}” não existe no calendário.") from None
    return DiaLocal(mes, dia, ano)


@lru_cache(maxsize=512)
def _days_of_year(uf: str | None, ano: int, *, facultativos: bool) -> Mapping[date, str]:
    """Return the year's holidays; building them is a thousand times dearer than looking one up."""
    categorias = ("public", "optional") if facultativos else ("public",)
    return MappingProxyType(
        dict(holidays.country_holidays("BR", subdiv=uf, years=ano, categories=categorias, language="pt_BR"))
    )


@dataclass(frozen=True, slots=True)
class Feriados:
    """The calendar of one unit.

    `facultativos` are the days an office may close without having to (Carnaval,
    Corpus Christi, 28 October): clinics differ, so the hospital says.
    """

    uf: str | None = None
    locais: frozenset[DiaLocal] = frozenset()
    facultativos: bool = False

    def __post_init__(self) -> None:
        if self.uf is not None and self.uf not in UFS:
            raise ValueError(f"“{self.uf}” não é uma unidade da federação.")

    @classmethod
    def from_texts(cls, uf: str | None, locais: Iterable[str] = (), *, facultativos: bool = False) -> Self:
        return cls(uf, frozenset(map(read_dia_local, locais)), facultativos)

    def nome(self, dia: date) -> str | None:
        """Return the holiday's name, or None on an ordinary day."""
        if self.locais and not self.locais.isdisjoint(
            (DiaLocal(dia.month, dia.day), DiaLocal(dia.month, dia.day, dia.year)),
        ):
            return "Feriado local"
        return _days_of_year(self.uf, dia.year, facultativos=self.facultativos).get(dia)

    def is_feriado(self, dia: date) -> bool:
        return self.nome(dia) is not None

    def is_dia_util(self, dia: date) -> bool:
        """Tell whether offices work: Saturday sends messages, but is no working day."""
        return dia.weekday() < _SABADO and not self.is_feriado(dia)

    def dias_uteis_antes(self, dia: date, quantos: int = 1) -> date:
        """Return the working day that lies `quantos` working days before `dia`, which itself does not count."""
        faltam = quantos
        for atras in range(1, _LIMITE_BUSCA + 2 * quantos):
            candidato = dia - timedelta(days=atras)
            faltam -= self.is_dia_util(candidato)
            if faltam == 0:
                return candidato
        raise ValueError(f"Não há {quantos} dias úteis antes de {dia:%d/%m/%Y}.")
