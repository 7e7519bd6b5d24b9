"""The life of one confirmation and of one message: the only place where a status may change."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class StatusConfirmacao(StrEnum):
    """What the patient answered: ours, never mixed with the hospital's `SituacaoAgenda`."""

    PENDENTE = "pendente"
    AGUARDANDO = "aguardando"
    CONFIRMADO = "confirmado"
    CANCELADO = "cancelado"
    REAGENDAR = "reagendar"
    SEM_RESPOSTA = "sem_resposta"


class SituacaoAgenda(StrEnum):
    """Whether the booking is alive: the hospital's own fact."""

    AGENDADO = "agendado"
    ESPERA = "espera"
    PRESENTE = "presente"
    REALIZADO = "realizado"
    FALTA = "falta"
    CANCELADO = "cancelado"
    ERRO_REGISTRO = "erro_registro"
    BLOQUEADO = "bloqueado"
    DESCONHECIDO = "desconhecido"


class TipoAtendimento(StrEnum):
    CONSULTA = "consulta"
    EXAME = "exame"
    RETORNO = "retorno"
    CIRURGIA = "cirurgia"
    TELECONSULTA = "teleconsulta"


class Fato(StrEnum):
    """Something that happened to an atendimento and may change its status."""

    PERGUNTA_SAINDO = "pergunta_saindo"
    PACIENTE_CONFIRMOU = "paciente_confirmou"
    PACIENTE_CANCELOU = "paciente_cancelou"
    PACIENTE_QUER_OUTRA_DATA = "paciente_quer_outra_data"
    PRAZO_VENCEU = "prazo_venceu"
    CANCELAMENTO_AUTOMATICO = "cancelamento_automatico"
    RECEPCAO_CONFIRMOU = "recepcao_confirmou"
    RECEPCAO_CANCELOU = "recepcao_cancelou"
    HOSPITAL_CANCELOU = "hospital_cancelou"
    HOSPITAL_REATIVOU = "hospital_reativou"
    HORARIO_MUDOU = "horario_mudou"


class Efeito(StrEnum):
    """What the shell must do besides writing the status, in the same transaction.

    The two notices of the hospital's own changes are for those who were messaged
    about the visit: the shell leaves them out when nothing ever left.
    """

    AGRADECER_CONFIRMACAO = "agradecer_confirmacao"  # with preparation and address
    AVISAR_CANCELAMENTO = "avisar_cancelamento"  # "cancelled, and this is how to rebook"
    AVISAR_REMARCACAO = "avisar_remarcacao"  # "reception will look for another date"
    AVISAR_CANCELAMENTO_AUTOMATICO = "avisar_cancelamento_automatico"
    AVISAR_CANCELAMENTO_HOSPITAL = "avisar_cancelamento_hospital"
    AVISAR_HORARIO_NOVO = "avisar_horario_novo"
    AVISAR_VOLTA = "avisar_volta"  # the slot given up is the patient's again
    PEDIR_VOLTA = "pedir_volta"  # a person decides: the slot may be somebody else's by now
    RETIRAR_MENSAGENS = "retirar_mensagens"  # steps planned or queued are no longer wanted
    ANULAR_PERGUNTAS = "anular_perguntas"  # an answer to what was asked before finds nothing any more


@dataclass(frozen=True, slots=True)
class Decisao:
    status: StatusConfirmacao
    efeitos: tuple[Efeito, ...] = ()


_S = StatusConfirmacao
_F = Fato
_E = Efeito

_CONFIRMA: Final = Decisao(_S.CONFIRMADO, (_E.RETIRAR_MENSAGENS, _E.AGRADECER_CONFIRMACAO))
_CANCELA: Final = Decisao(_S.CANCELADO, (_E.RETIRAR_MENSAGENS, _E.AVISAR_CANCELAMENTO))
_REMARCA: Final = Decisao(_S.REAGENDAR, (_E.RETIRAR_MENSAGENS, _E.AVISAR_REMARCACAO))
_DESISTE: Final = Decisao(_S.SEM_RESPOSTA)  # the status is the call list; silence stops no remaining step
# Reception spoke to the patient: nothing more to say.
_RECEPCAO_CONFIRMA: Final = Decisao(_S.CONFIRMADO, (_E.RETIRAR_MENSAGENS,))
_RECEPCAO_CANCELA: Final = Decisao(_S.CANCELADO, (_E.RETIRAR_MENSAGENS,))
# After a cancellation the patient asked to come back and waits to hear: here reception's yes is worth a message.
_RECEPCAO_DEVOLVE: Final = Decisao(_S.CONFIRMADO, (_E.AVISAR_VOLTA,))


def _hospital_cancela(status: StatusConfirmacao) -> Decisao:
    """Withdraw and tell; the answer stays what it was, for the cancellation is the hospital's fact."""
    return Decisao(status, (_E.RETIRAR_MENSAGENS, _E.ANULAR_PERGUNTAS, _E.AVISAR_CANCELAMENTO_HOSPITAL))


def _hospital_acata(status: StatusConfirmacao) -> Decisao:
    """Say nothing: the hospital closed a slot the patient had already given up."""
    return Decisao(status, (_E.RETIRAR_MENSAGENS, _E.ANULAR_PERGUNTAS))


def _pede_volta(status: StatusConfirmacao) -> Decisao:
    return Decisao(status, (_E.PEDIR_VOLTA,))


# Whatever was answered was about another time, or about a visit that did not exist for a while.
_RECOMECO: Final[Mapping[Fato, Decisao]] = {
    _F.HORARIO_MUDOU: Decisao(_S.PENDENTE, (_E.RETIRAR_MENSAGENS, _E.ANULAR_PERGUNTAS, _E.AVISAR_HORARIO_NOVO)),
    _F.HOSPITAL_REATIVOU: Decisao(_S.PENDENTE, (_E.ANULAR_PERGUNTAS,)),  # the new question is the notice
}
_RECEPCAO: Final[Mapping[Fato, Decisao]] = {
    _F.RECEPCAO_CONFIRMOU: _RECEPCAO_CONFIRMA,
    _F.RECEPCAO_CANCELOU: _RECEPCAO_CANCELA,
}

TRANSITIONS: Final[Mapping[StatusConfirmacao, Mapping[Fato, Decisao]]] = {
    _S.PENDENTE: {
        **_RECOMECO,
        **_RECEPCAO,
        _F.PERGUNTA_SAINDO: Decisao(_S.AGUARDANDO),  # before the gateway is called: a fast answer finds it
        _F.HOSPITAL_CANCELOU: _hospital_cancela(_S.PENDENTE),
    },
    _S.AGUARDANDO: {
        **_RECOMECO,
        **_RECEPCAO,
        _F.PERGUNTA_SAINDO: Decisao(_S.AGUARDANDO),  # a reminder repeats the question
        _F.PACIENTE_CONFIRMOU: _CONFIRMA,
        _F.PACIENTE_CANCELOU: _CANCELA,
        _F.PACIENTE_QUER_OUTRA_DATA: _REMARCA,
        _F.PRAZO_VENCEU: _DESISTE,
        _F.HOSPITAL_CANCELOU: _hospital_cancela(_S.AGUARDANDO),
    },
    # Patients change their minds, and a late answer still frees a slot.
    _S.CONFIRMADO: {
        **_RECOMECO,
        **_RECEPCAO,
        _F.PACIENTE_CONFIRMOU: Decisao(_S.CONFIRMADO),
        _F.PACIENTE_CANCELOU: _CANCELA,
        _F.PACIENTE_QUER_OUTRA_DATA: _REMARCA,
        _F.HOSPITAL_CANCELOU: _hospital_cancela(_S.CONFIRMADO),
    },
    _S.SEM_RESPOSTA: {
        **_RECOMECO,
        **_RECEPCAO,
        _F.PERGUNTA_SAINDO: Decisao(_S.SEM_RESPOSTA),  # a later step asks again; the call list keeps the visit
        _F.PACIENTE_CONFIRMOU: _CONFIRMA,
        _F.PACIENTE_CANCELOU: _CANCELA,
        _F.PACIENTE_QUER_OUTRA_DATA: _REMARCA,
        _F.CANCELAMENTO_AUTOMATICO: Decisao(_S.CANCELADO, (_E.RETIRAR_MENSAGENS, _E.AVISAR_CANCELAMENTO_AUTOMATICO)),
        _F.HOSPITAL_CANCELOU: _hospital_cancela(_S.SEM_RESPOSTA),
    },
    _S.REAGENDAR: {
        **_RECOMECO,
        _F.RECEPCAO_CONFIRMOU: _RECEPCAO_DEVOLVE,
        _F.RECEPCAO_CANCELOU: _RECEPCAO_CANCELA,
        _F.PACIENTE_CONFIRMOU: _pede_volta(_S.REAGENDAR),
        _F.PACIENTE_CANCELOU: _CANCELA,
        _F.PACIENTE_QUER_OUTRA_DATA: Decisao(_S.REAGENDAR),
        _F.HOSPITAL_CANCELOU: _hospital_acata(_S.REAGENDAR),
    },
    _S.CANCELADO: {
        **_RECOMECO,
        _F.RECEPCAO_CONFIRMOU: _RECEPCAO_DEVOLVE,
        _F.RECEPCAO_CANCELOU: Decisao(_S.CANCELADO),
        _F.PACIENTE_CONFIRMOU: _pede_volta(_S.CANCELADO),
        _F.PACIENTE_CANCELOU: Decisao(_S.CANCELADO),
        _F.PACIENTE_QUER_OUTRA_DATA: _REMARCA,
        _F.HOSPITAL_CANCELOU: _hospital_acata(_S.CANCELADO),
    },
}


def decide(status: StatusConfirmacao, fato: Fato) -> Decisao | None:
    """Return what follows from `fato`, or None when it changes nothing.

    A question may leave only where `PERGUNTA_SAINDO` is listed: None means
    that nobody should be asked any more.
    """
    return TRANSITIONS[status].get(fato)


def pode_perguntar(situacao: SituacaoAgenda) -> bool:
    """Tell whether the hospital's own state allows messaging: anything but a live booking is shown, never messaged."""
    return situacao is SituacaoAgenda.AGENDADO


class TipoMensagem(StrEnum):
    """What a message is for; its words are its template's."""

    PEDIDO = "pedido"
    LEMBRETE = "lembrete"
    VESPERA = "vespera"
    AVISO = "aviso"  # the hospital's own change
    RESPOSTA = "resposta"  # said back to what a patient wrote
    MANUAL = "manual"  # an operator's question


# One of these a day and phone; an answer, or what an operator does, is not of our own accord.
INICIATIVAS: Final = frozenset({TipoMensagem.PEDIDO, TipoMensagem.LEMBRETE, TipoMensagem.VESPERA, TipoMensagem.AVISO})
# Steps of the cadencia that are done: what an operator asked is not asked again.
PASSOS_DADOS: Final = INICIATIVAS | {TipoMensagem.MANUAL}
PEDEM_RESPOSTA: Final = frozenset({TipoMensagem.PEDIDO, TipoMensagem.LEMBRETE, TipoMensagem.MANUAL})


class EstadoMensagem(StrEnum):
    """The life of one message, never folded into the appointment's."""

    AGENDADA = "agendada"
    NA_FILA = "na_fila"
    EM_ENVIO = "em_envio"
    ENVIADA = "enviada"
    ENTREGUE = "entregue"
    LIDA = "lida"
    FALHOU = "falhou"
    CANCELADA = "cancelada"
    EXPIRADA = "expirada"
    INCERTA = "incerta"


_M = EstadoMensagem

# A receipt is proof, wherever the row stood: one that we withdrew or gave up after a lost answer did arrive.
PROVAS: Final = frozenset({_M.ENVIADA, _M.ENTREGUE, _M.LIDA})
DESISTENCIAS: Final = frozenset({_M.CANCELADA, _M.EXPIRADA})
# What may have reached the phone: a question of these can be answered, a visit of these was spoken of.
PODEM_TER_CHEGADO: Final = PROVAS | {_M.EM_ENVIO, _M.INCERTA}

# Every statement that moves a message keeps to this table (tests/integration/test_vida_da_mensagem.py).
MESSAGE_TRANSITIONS: Final[Mapping[EstadoMensagem, frozenset[EstadoMensagem]]] = {
    # Proof of one that waits is of an earlier try, whose answer was lost.
    _M.AGENDADA: frozenset({_M.NA_FILA}) | DESISTENCIAS | PROVAS,
    _M.NA_FILA: frozenset({_M.AGENDADA, _M.EM_ENVIO, _M.FALHOU}) | DESISTENCIAS | PROVAS,
    # Waits again only when the gateway surely did not take it; is given up by nobody, for it may have left.
    _M.EM_ENVIO: frozenset({_M.AGENDADA, _M.FALHOU, _M.INCERTA}) | PROVAS,
    _M.ENVIADA: frozenset({_M.ENTREGUE, _M.LIDA, _M.FALHOU}),
    _M.ENTREGUE: frozenset({_M.LIDA}),
    _M.LIDA: frozenset(),
    _M.FALHOU: PROVAS - {_M.ENVIADA},  # "sent" is older news than "failed"; an arrival is newer
    _M.CANCELADA: PROVAS,
    _M.EXPIRADA: PROVAS,
    # Reconciled by a receipt, an answer or a query; only then, where that is allowed, one repeat.
    _M.INCERTA: frozenset({_M.AGENDADA, _M.FALHOU}) | PROVAS,
}


def advance(estado: EstadoMensagem, novo: EstadoMensagem) -> EstadoMensagem:
    """Return the state after hearing `novo`.

    Receipts come late, twice and out of order; none takes a message back.
    """
    return novo if novo in MESSAGE_TRANSITIONS[estado] else estado
