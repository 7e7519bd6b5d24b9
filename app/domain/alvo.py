"""Which visits an answer is about: never "the last one sent wins"."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.domain.confirmacao import SituacaoAgenda, StatusConfirmacao

_A_RESPONDER: Final = frozenset({StatusConfirmacao.AGUARDANDO, StatusConfirmacao.SEM_RESPOSTA})


class TipoAlvo(StrEnum):
    """What was found for an answer."""

    ABERTA = "aberta"  # one question waits for it
    RESPONDIDA = "respondida"  # answered before, and the visit is still to come: a second thought
    QUAL = "qual"  # several may be meant: ask
    MOVIDA = "movida"  # the visit has another time than was asked about
    CANCELADA = "cancelada"  # by the hospital
    PASSADA = "passada"
    NENHUM = "nenhum"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitaPerguntada:
    """A visit of a question, as it stands now; `atual`: its time is still the one the answer was written about."""

    atendimento_id: int
    nr_seq_agenda: str
    letra: str
    status: StatusConfirmacao
    situacao: SituacaoAgenda
    data_consulta: datetime
    atual: bool
    paciente_id: int
    unidade_id: int | None
    horario_versao: int = 1
    respondido_em: datetime | None = None

    def stands(self, now: datetime) -> bool:
        """Tell whether an answer can still mean something for it."""
        return self.atual and self.situacao is SituacaoAgenda.AGENDADO and self.data_consulta > now


@dataclass(frozen=True, slots=True)
class Pergunta:
    """One message that asked, with its visits."""

    mensagem_id: int
    contato_id: int
    modelo: str
    enviada_em: datetime | None
    provider_id: str | None
    visitas: tuple[VisitaPerguntada, ...]
    chegou: bool = True
    """Whether it surely left; an answer to one that may not have is its proof."""

    def is_open(self, now: datetime) -> bool:
        return any(visita.stands(now) and visita.status in _A_RESPONDER for visita in self.visitas)

    def standing(self, now: datetime) -> tuple[VisitaPerguntada, ...]:
        return tuple(visita for visita in self.visitas if visita.stands(now))


@dataclass(frozen=True, slots=True)
class Alvo:
    """What an answer is about; `perguntas` has several only where the patient must be asked which."""

    tipo: TipoAlvo
    perguntas: tuple[Pergunta, ...] = ()

    @property
    def pergunta(self) -> Pergunta | None:
        return self.perguntas[0] if len(self.perguntas) == 1 else None


def choose_alvo(
    perguntas: Iterable[Pergunta],
    *,
    atendimento_id: int | None,
    nr_seq_agenda: str | None,
    quoted_id: str | None,
    mensagem_id: int | None = None,
    now: datetime,
) -> Alvo:
    """Return the question an answer belongs to.

    By the message whose button was touched (`mensagem_id`) or that was quoted
    (as it was: a later one about the same visit does not hide it), else by the
    only open question; an id in the payload decides while no more than one is
    open, because a contact's field at the gateway holds one value: with several
    open it may be any of them, and one older than the open question was
    overwritten when that question left.
    """
    perguntas = tuple(perguntas)
    quoted = [pergunta for pergunta in perguntas if pergunta.mensagem_id == mensagem_id] or [
        pergunta for pergunta in perguntas if quoted_id and pergunta.provider_id == quoted_id
    ]
    if quoted:
        return _judge(quoted[0], now)
    newest = _newest_first(perguntas)
    abertas = [pergunta for pergunta in newest if pergunta.is_open(now)]
    if len(abertas) > 1:
        return Alvo(TipoAlvo.QUAL, tuple(reversed(abertas)))
    since = abertas[0].mensagem_id if abertas else 0
    named = [
        pergunta
        for pergunta in newest
        if pergunta.mensagem_id >= since and _names(pergunta, atendimento_id, nr_seq_agenda)
    ]
    if named:
        return _judge(named[0], now)
    if abertas:
        return Alvo(TipoAlvo.ABERTA, (abertas[0],))
    standing = [pergunta for pergunta in newest if pergunta.standing(now)]
    if len(standing) > 1:
        return Alvo(TipoAlvo.QUAL, tuple(reversed(standing)))
    return _judge((standing or newest)[0], now) if newest else Alvo(TipoAlvo.NENHUM)


def _judge(pergunta: Pergunta, now: datetime) -> Alvo:
    if pergunta.is_open(now):
        return Alvo(TipoAlvo.ABERTA, (pergunta,))
    if pergunta.standing(now):
        return Alvo(TipoAlvo.RESPONDIDA, (pergunta,))
    future = [visita for visita in pergunta.visitas if visita.data_consulta > now]
    if not future:
        return Alvo(TipoAlvo.PASSADA, (pergunta,))
    if any(visita.situacao is SituacaoAgenda.AGENDADO for visita in future):
        return Alvo(TipoAlvo.MOVIDA, (pergunta,))
    return Alvo(TipoAlvo.CANCELADA, (pergunta,))


def _names(pergunta: Pergunta, atendimento_id: int | None, nr_seq_agenda: str | None) -> bool:
    return any(
        visita.atendimento_id == atendimento_id or (nr_seq_agenda is not None and visita.nr_seq_agenda == nr_seq_agenda)
        for visita in pergunta.visitas
    )


def _newest_first(perguntas: Iterable[Pergunta]) -> Sequence[Pergunta]:
    """Leave each visit to the newest message about it: a reminder takes the question's place."""
    seen: set[int] = set()
    kept: list[Pergunta] = []
    for pergunta in sorted(perguntas, key=lambda p: p.mensagem_id, reverse=True):
        visitas = tuple(visita for visita in pergunta.visitas if visita.atendimento_id not in seen)
        seen.update(visita.atendimento_id for visita in visitas)
        if visitas:
            kept.append(replace(pergunta, visitas=visitas))
    return kept
