"""Virtual time: it stands still while the program works and moves when nothing more is due."""

from datetime import datetime, timedelta
from typing import Final

MINUTO: Final = timedelta(minutes=1)
HORA: Final = timedelta(hours=1)


class Relogio:
    """The clock of a simulation. It never goes back."""

    def __init__(self, inicio: datetime) -> None:
        self._agora = inicio

    def __call__(self) -> datetime:
        return self._agora

    def advance(self, instante: datetime) -> None:
        self._agora = max(self._agora, instante)


def ceil_to(instante: datetime, passo: timedelta) -> datetime:
    """Return the first multiple of `passo` of the hour or day that is not before `instante`."""
    meia_noite = instante.replace(hour=0, minute=0, second=0, microsecond=0)
    return meia_noite - (meia_noite - instante) // passo * passo
