"""Whether a channel can be trusted with more messages, judged by what became of its last ones."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

_MEMORIA: Final = 50  # results; older ones fade
_POUCOS: Final = 5  # fewer failures than these say nothing
_METADE: Final = 0.5
_CASTIGO: Final = timedelta(seconds=30)
_CASTIGO_MAXIMO: Final = timedelta(minutes=10)
PROVA: Final = 3  # messages with which a channel that fell may show that it is back
SEGUIDAS: Final = 10  # failures in a row after which nothing more of a chunk is handed over
LENTO_S: Final = 10.0  # an answer that takes longer counts as none: the next ones would wait behind it


@dataclass(frozen=True, slots=True)
class SaudeCanal:
    """Recent successes and failures, faded; how often it fell in a row; until when it is left alone.

    One whose last sends all failed has that instant as `doente_ate`: it is asked how it is before more is tried.
    """

    acertos: float = 0.0
    erros: float = 0.0
    quedas: int = 0
    doente_ate: datetime | None = None

    def is_sick(self, now: datetime) -> bool:
        return self.doente_ate is not None and now < self.doente_ate

    @property
    def suspeito(self) -> bool:
        """Whether it is to be asked first: it fell, or nothing of what it was last given arrived."""
        return self.doente_ate is not None

    @property
    def em_prova(self) -> bool:
        """Whether it fell and has not shown yet that it is back."""
        return self.quedas > 0


def judge(saude: SaudeCanal, *, acertos: int, erros: int, now: datetime, caiu: bool = False) -> SaudeCanal:
    """Return the health after some more sends.

    A channel falls when it plainly did (`caiu`: many in a row, or its own word),
    or at least half of its last fifty sends failed, five of them at least; while
    on trial, when no more arrived than failed. Each fall
    in a row doubles the time it is left alone, up to ten minutes. What comes
    meanwhile was in the air when it fell: neither another fall nor a proof.
    """
    if acertos + erros == 0 or saude.is_sick(now):
        return saude
    if caiu:
        return fall(saude, now)
    if saude.em_prova:
        return SaudeCanal(acertos=acertos, erros=erros) if acertos > erros else fall(saude, now)
    room, known = max(0, _MEMORIA - acertos - erros), saude.acertos + saude.erros
    fade = min(1.0, room / known) if known else 0.0
    bons, maus = saude.acertos * fade + acertos, saude.erros * fade + erros
    if maus >= _POUCOS and maus >= _METADE * (bons + maus):
        return fall(saude, now)
    return SaudeCanal(acertos=bons, erros=maus, doente_ate=None if acertos else now)


def fall(saude: SaudeCanal, now: datetime) -> SaudeCanal:
    """Return the health of a channel that is left alone for now: twice as long as the last time."""
    quedas = saude.quedas + 1
    return SaudeCanal(quedas=quedas, doente_ate=now + min(_CASTIGO * 2 ** min(quedas - 1, 10), _CASTIGO_MAXIMO))
