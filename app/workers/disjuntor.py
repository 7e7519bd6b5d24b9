"""Stops handing a chunk over when the gateway is plainly gone: what was not handed over goes by another channel."""

from app.domain.saude import LENTO_S, SEGUIDAS
from app.providers.base import Ambiguous, ProviderError, Receipt, Unavailable


class Disjuntor:
    """Counts what became of one chunk's sends."""

    def __init__(self) -> None:
        self.acertos = 0
        self.erros = 0
        self.aberto = False
        """Nothing more should be handed over, whatever still comes back."""
        self._seguidas = 0

    def note(self, outcome: Receipt | ProviderError, seconds: float) -> None:
        """Take one result; a refusal is an answer like any other, one that took too long is not."""
        if isinstance(outcome, (Unavailable, Ambiguous)) or seconds >= LENTO_S:
            self.erros += 1
            self._seguidas += 1
            self.aberto = self.aberto or self._seguidas >= SEGUIDAS
        else:
            self.acertos += 1
            self._seguidas = 0
