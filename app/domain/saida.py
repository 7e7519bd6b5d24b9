"""The last look before a message leaves: whether it is still wanted, now, by this contact."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.domain.agrupamento import letter
from app.domain.confirmacao import Fato, SituacaoAgenda, StatusConfirmacao, TipoMensagem, decide, pode_perguntar
from app.domain.janela import Janela

# Templates that ask "will you come?": what they leave behind is an open question.
PERGUNTAS: Final = frozenset({"pedido", "lembrete", "mudanca"})
# An answer finds its visits by these too: a note that invites a second thought, and our own "which one?".
RESPONDIVEIS: Final = PERGUNTAS | {"vespera", "qual_consulta"}
# Waits to be said once more, though it may have arrived: meanwhile it can be answered.
SEM_PROVA: Final = "sem_prova_de_entrega"
_CANCELAMENTO_HOSPITAL: Final = "cancelamento_hospital"
_CANCELAMENTO_AUTOMATICO: Final = "cancelamento_automatico"


class MotivoSaida(StrEnum):
    """Why a message does not leave after all."""

    PEDIU_PARA_PARAR = "pediu_para_parar"
    NADA_A_DIZER = "nada_a_dizer"  # every visit of it is answered, cancelled, moved or past
    EXPIROU = "expirou"
    FORA_DA_JANELA = "fora_da_janela"


@dataclass(frozen=True, slots=True)
class VisitaDaMensagem:
    """A visit as it stands now, and the time (`perguntada`) the message was planned for."""

    atendimento_id: int
    letra: str
    status: StatusConfirmacao
    situacao: SituacaoAgenda
    data_consulta: datetime
    horario_versao: int
    perguntada: int
    calado: bool = False
    """The patient died, or the phone is not theirs."""


@dataclass(frozen=True, slots=True)
class Saida:
    """What to do: send about `visitas` (letters anew if some fell away), or not (`motivo`), or later (`quando`)."""

    visitas: tuple[VisitaDaMensagem, ...] = ()
    motivo: MotivoSaida | None = None
    quando: datetime | None = None


def decide_saida(
    modelo: str,
    visitas: Sequence[VisitaDaMensagem],
    *,
    tipo: TipoMensagem,
    optout: bool,
    planned: datetime,
    ate: datetime,
    janela: Janela,
    now: datetime,
) -> Saida:
    """Decide about one message.

    An answer to the patient's own words leaves at any hour, to anybody; an
    operator's question at any hour too, but only about what may be asked.
    """
    if tipo is TipoMensagem.RESPOSTA:
        return Saida(tuple(visitas))
    if optout:
        return Saida(motivo=MotivoSaida.PEDIU_PARA_PARAR)
    if now >= ate:
        return Saida(motivo=MotivoSaida.EXPIROU)
    wanted = [visita for visita in visitas if _still_wanted(modelo, visita, now)]
    if not wanted:
        return Saida(motivo=MotivoSaida.NADA_A_DIZER)
    if tipo is not TipoMensagem.MANUAL and not janela.may_send(now, planned=planned):
        quando = janela.next_opening(now)
        if quando is None or quando >= ate:
            return Saida(motivo=MotivoSaida.EXPIROU)
        return Saida(motivo=MotivoSaida.FORA_DA_JANELA, quando=quando)
    if len(wanted) < len(visitas):
        wanted = [replace(visita, letra=letter(posicao)) for posicao, visita in enumerate(wanted)]
    return Saida(tuple(wanted))


def _still_wanted(modelo: str, visita: VisitaDaMensagem, now: datetime) -> bool:
    if visita.calado or visita.data_consulta <= now:
        return False
    if modelo == _CANCELAMENTO_HOSPITAL:
        return visita.situacao is SituacaoAgenda.CANCELADO
    if modelo == _CANCELAMENTO_AUTOMATICO:  # reception may have given the slot back before this left
        return visita.status is StatusConfirmacao.CANCELADO and visita.horario_versao == visita.perguntada
    if not pode_perguntar(visita.situacao) or visita.horario_versao != visita.perguntada:
        return False
    if modelo in PERGUNTAS:
        return decide(visita.status, Fato.PERGUNTA_SAINDO) is not None
    return visita.status is StatusConfirmacao.CONFIRMADO
