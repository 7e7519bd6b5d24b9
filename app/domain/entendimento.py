"""Asking back what only a model understood, and what a bare "sim" or "não" says after that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.resposta.tipos import Intencao, Leitura

PERGUNTAM: Final[Mapping[Intencao, str]] = {
    Intencao.CONFIRM: "entendi_que_vem",
    Intencao.CANCEL: "entendi_que_nao_vem",
}
"""The template that asks "did I understand?" of each intent that must never be guessed."""
_PERGUNTADA: Final = {modelo: intencao for intencao, modelo in PERGUNTAM.items()}
_CURTAS: Final = frozenset({"sim_curto", "nao_curto"})
VALE: Final = timedelta(hours=24)
"""How long "É isso?" waits for its answer."""


@dataclass(frozen=True, slots=True)
class Dita:
    """A message that left: its template, and when."""

    modelo: str
    em: datetime


def needs_context(leitura: Leitura) -> bool:
    """Tell whether these words mean another thing after "É isso?": a bare yes, a bare no."""
    return leitura.regra in _CURTAS


def read_after(leitura: Leitura, dita: Dita | None, now: datetime) -> Leitura:
    """Return what the words mean when `dita` is what the contact was last sent.

    After "Entendi que você não poderá vir. É isso?" a "sim" gives the visit up. A "não" there may deny what we
    understood or the visit itself: it is asked again, with numbers. So is a "sim" that comes a day later, when
    nobody can tell what it answers.
    """
    perguntada = _PERGUNTADA.get(dita.modelo) if dita else None
    if dita is None or perguntada is None or not needs_context(leitura):
        return leitura
    if leitura.regra == "nao_curto":
        return Leitura(Intencao.UNCLEAR, None, 0.0, leitura.trecho, "conversa", "entendimento_negado")
    if now - dita.em > VALE:
        return Leitura(Intencao.UNCLEAR, None, 0.0, leitura.trecho, "conversa", "entendimento_vencido")
    return Leitura(perguntada, None, 0.95, leitura.trecho, "conversa", "entendimento_confirmado")
