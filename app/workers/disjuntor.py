"""Stops handing messages to a gateway that is plainly gone: what was not handed over goes by another channel."""

from dataclasses import dataclass
from time import monotonic
from typing import Final

from app.domain.saude import LENTO_S, SEGUIDAS
from app.providers.base import Ambiguous, ProviderError, Receipt, Unavailable

_FECHA_S: Final = 30.0  # as long as the first fall keeps the channel's row from being released to


def failed(outcome: Receipt | ProviderError, seconds: float) -> bool:
    """Tell whether a send found no gateway; a refusal is an answer like any other, one that took too long is not."""
    return isinstance(outcome, (Unavailable, Ambiguous)) or seconds >= LENTO_S


@dataclass(slots=True)
class Contagem:
    """What became of one chunk's sends, as the channel's health counts them."""

    acertos: int = 0
    erros: int = 0

    def note(self, *, failure: bool) -> None:
        self.erros += failure
        self.acertos += not failure


class Disjuntor:
    """One channel's fuse in this process, shared by all chunks under way: the row in the database hears of it later."""

    def __init__(self) -> None:
        self._seguidas = 0
        self._aberto_em = float("-inf")

    @property
    def aberto(self) -> bool:
        """Whether nothing more should be handed over."""
        return monotonic() - self._aberto_em < _FECHA_S

    def note(self, *, failure: bool) -> None:
        self._seguidas = self._seguidas + 1 if failure else 0
        if self._seguidas >= SEGUIDAS:
            self._aberto_em = monotonic()

    def close(self) -> None:
        """Let messages through: the gateway said that it lives."""
        self._seguidas, self._aberto_em = 0, float("-inf")
