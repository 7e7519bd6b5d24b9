"""What a booking's new state in the schedule means for us: pure rules, without clock or database."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.confirmacao import Decisao, Efeito, Fato, SituacaoAgenda, StatusConfirmacao, decide, pode_perguntar

# The planner looks at a visit this long before it: longer than the earliest step a policy may have, and its holidays.
ANTECEDENCIA: Final = timedelta(days=45)

# Here the visit no longer exists: whatever was asked or answered about it is void, and a return starts anew.
_SEM_EXISTENCIA: Final = frozenset({SituacaoAgenda.CANCELADO, SituacaoAgenda.ERRO_REGISTRO, SituacaoAgenda.BLOQUEADO})
_AVISOS: Final = frozenset({Efeito.AVISAR_CANCELAMENTO_HOSPITAL, Efeito.AVISAR_HORARIO_NOVO})


class Planejamento(StrEnum):
    """What becomes of the instant at which the planner looks at the visit again."""

    MANTEM = "mantem"
    RECOMECA = "recomeca"
    PARA = "para"


@dataclass(frozen=True, slots=True)
class EstadoAgenda:
    """What of a booking decides about messages."""

    data_consulta: datetime
    situacao: SituacaoAgenda
    contato_id: int | None

    def first_look(self, now: datetime) -> datetime | None:
        """Return when the planner must first look, None when nobody is ever to be asked."""
        if self.contato_id is None or self.data_consulta <= now or not pode_perguntar(self.situacao):
            return None
        return max(now, self.data_consulta - ANTECEDENCIA)


@dataclass(frozen=True, slots=True)
class Consequencia:
    """`horario_novo`: the visit moved without a `fato`, whose effects would have noted it."""

    planejamento: Planejamento
    fato: Fato | None = None
    porque: str | None = None
    horario_novo: bool = False
    contato_mudou: bool = False
    retira: bool = False  # what is planned goes to a phone, or about a visit, that is no longer the one
    avisa: bool = True

    def decide(self, status: StatusConfirmacao) -> Decisao | None:
        """Return what follows for the confirmation: the table's decision, without notices where none is due."""
        decisao = decide(status, self.fato) if self.fato else None
        if decisao is None or self.avisa:
            return decisao
        return replace(decisao, efeitos=tuple(efeito for efeito in decisao.efeitos if efeito not in _AVISOS))


def compare(antes: EstadoAgenda, depois: EstadoAgenda, *, now: datetime) -> Consequencia:
    """Return what follows from a booking that is now `depois`."""
    moveu = antes.data_consulta != depois.data_consulta
    trocou = antes.contato_id != depois.contato_id
    fato = _fato(antes, depois, now=now)
    some = fato is Fato.HOSPITAL_CANCELOU
    return Consequencia(
        planejamento=_planejamento(antes, depois, recomeca=moveu or trocou or fato is not None, now=now),
        fato=fato,
        porque=str(depois.situacao) if some and depois.situacao is not SituacaoAgenda.CANCELADO else None,
        horario_novo=moveu and fato is None,
        retira=trocou or (fato is None and pode_perguntar(antes.situacao) and not pode_perguntar(depois.situacao)),
        contato_mudou=trocou,
        avisa=depois.data_consulta > now and (not some or depois.situacao is SituacaoAgenda.CANCELADO),
    )


def _fato(antes: EstadoAgenda, depois: EstadoAgenda, *, now: datetime) -> Fato | None:
    if depois.situacao in _SEM_EXISTENCIA:
        return None if antes.situacao in _SEM_EXISTENCIA else Fato.HOSPITAL_CANCELOU
    if not pode_perguntar(depois.situacao):
        return None
    if antes.situacao in _SEM_EXISTENCIA:
        return Fato.HOSPITAL_REATIVOU
    # Between two past times there is nothing left to ask: a correction of the record keeps the answer.
    moveu = antes.data_consulta != depois.data_consulta and max(antes.data_consulta, depois.data_consulta) > now
    return Fato.HORARIO_MUDOU if moveu else None


def _planejamento(antes: EstadoAgenda, depois: EstadoAgenda, *, recomeca: bool, now: datetime) -> Planejamento:
    if depois.first_look(now) is None:
        return Planejamento.PARA
    voltou = not pode_perguntar(antes.situacao)  # a check-in undone, a waiting list that moved
    return Planejamento.RECOMECA if recomeca or voltou else Planejamento.MANTEM
