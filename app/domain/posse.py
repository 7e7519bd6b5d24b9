"""Who has a conversation: the program, a person who is waited for, a person, or nobody any more."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class EstadoConversa(StrEnum):
    """Who answers what the patient writes next."""

    ROBO = "robo"
    AGUARDANDO_PESSOA = "aguardando_pessoa"
    COM_PESSOA = "com_pessoa"
    ENCERRADA = "encerrada"


class Fila(StrEnum):
    """Whose work a waiting conversation is, most urgent first."""

    URGENTE = "urgente"
    RECEPCAO = "recepcao"
    CADASTRO = "cadastro"


_E = EstadoConversa
URGENTE: Final = "urgente"
# A death, a stranger's number and a wish for silence are answered at once; what is left is the register.
CADASTRO: Final = frozenset({"obito", "numero_errado", "pediu_para_parar"})
# These reasons are gone once the patient says plainly whether they come; a question still waits for its answer.
_RESOLVIDOS: Final = frozenset({"nao_entendido", "qual_consulta", "midia"})
CALADO_POR: Final = timedelta(hours=12)
"""How long after a person's last word the program keeps silent: one who forgot to give it back must not stop it."""


@dataclass(frozen=True, slots=True)
class Posse:
    """The state of one contact's conversation; `calado_ate` is until when the program says nothing there."""

    estado: EstadoConversa = _E.ROBO
    motivo: str | None = None
    aguardando_desde: datetime | None = None
    responsavel_id: int | None = None
    responsavel: str | None = None
    calado_ate: datetime | None = None
    versao: int = 0

    def is_silent(self, now: datetime) -> bool:
        """Tell whether a person is talking there now."""
        return self.estado is _E.COM_PESSOA and self.calado_ate is not None and now < self.calado_ate

    def belongs_to(self, responsavel_id: int | None, responsavel: str) -> bool:
        """Tell whether it is this person's."""
        return self.estado is _E.COM_PESSOA and (self.responsavel_id, self.responsavel) == (responsavel_id, responsavel)


def fila_of(motivo: str | None) -> Fila:
    """Return whose work a conversation is that waits for `motivo`."""
    if motivo == URGENTE:
        return Fila.URGENTE
    return Fila.CADASTRO if motivo in CADASTRO else Fila.RECEPCAO


_ORDEM: Final[Mapping[Fila, int]] = {fila: posicao for posicao, fila in enumerate(Fila)}


def follow_resposta(posse: Posse, atencao: str | None, *, decidiu: bool, now: datetime) -> Posse:
    """Return whose the conversation is after an answer of the patient.

    `atencao`: why a person must look at it, if one must. `decidiu`: the answer said plainly whether they come. A more
    urgent reason takes the place of the one that waits, and the wait counts from the first.
    """
    if posse.is_silent(now):
        return replace(posse, aguardando_desde=posse.aguardando_desde or now)
    if atencao is not None:
        return _wait_for(posse, atencao, now)
    if posse.estado is _E.AGUARDANDO_PESSOA and not (decidiu and posse.motivo in _RESOLVIDOS):
        return posse
    return Posse(versao=posse.versao)


def _wait_for(posse: Posse, motivo: str, now: datetime) -> Posse:
    if posse.estado is not _E.AGUARDANDO_PESSOA:
        return Posse(_E.AGUARDANDO_PESSOA, motivo, now, versao=posse.versao)
    keeps = _ORDEM[fila_of(posse.motivo)] <= _ORDEM[fila_of(motivo)]
    return Posse(
        _E.AGUARDANDO_PESSOA, posse.motivo if keeps else motivo, posse.aguardando_desde or now, versao=posse.versao
    )


def take(posse: Posse, responsavel_id: int | None, responsavel: str, *, now: datetime) -> Posse:
    """Return the conversation in a person's hands."""
    return Posse(
        _E.COM_PESSOA,
        posse.motivo,
        posse.aguardando_desde,
        responsavel_id,
        responsavel,
        now + CALADO_POR,
        posse.versao + 1,
    )


def speak(posse: Posse, responsavel_id: int | None, responsavel: str, *, now: datetime) -> Posse:
    """Return the conversation after a person said something: it is theirs, and nobody waits."""
    return replace(take(posse, responsavel_id, responsavel, now=now), aguardando_desde=None)


def give_back(posse: Posse) -> Posse:
    """Return the conversation to the program."""
    return Posse(versao=posse.versao + 1)


def close(posse: Posse) -> Posse:
    """Return the conversation ended; what the patient writes next begins another."""
    return Posse(_E.ENCERRADA, versao=posse.versao + 1)
