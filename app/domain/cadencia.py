"""When to speak to a patient about one visit, and when to stop waiting for the answer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

from app.domain.confirmacao import SituacaoAgenda, StatusConfirmacao, pode_perguntar
from app.domain.janela import Janela
from app.domain.politica import NOTA_VESPERA, Passo, Politica, TipoPasso

# Reception needs this long to call somebody else into the slot.
ULTIMO_CORTE: Final = timedelta(hours=1)

_MEIA_NOITE: Final = time(0)


class Motivo(StrEnum):
    """Why a message is planned, held or skipped: what the history shows, one code for one sentence."""

    # planned
    NO_PRAZO = "no_prazo"
    ATRASADO = "atrasado"  # its time passed, the next step's has not
    AO_AGENDAR = "ao_agendar"  # booked after the time of the ask
    EM_DIA_FECHADO = "em_dia_fechado"  # Sunday or holiday, for want of anything better
    DIA_SEGUINTE = "dia_seguinte"  # this visit's patient already got a message on the day it was due
    # nothing planned
    SITUACAO_NAO_PERMITE = "situacao_nao_permite"
    SEM_HORA = "sem_hora"
    CONSULTA_PASSADA = "consulta_passada"
    SEM_CELULAR = "sem_celular"
    RESPONDIDA = "respondida"
    CADENCIA_CUMPRIDA = "cadencia_cumprida"
    # one step skipped
    PASSOU_DA_VEZ = "passou_da_vez"
    SEM_PEDIDO = "sem_pedido"  # waits for the silence of somebody who was never asked
    EM_CIMA_DA_HORA = "em_cima_da_hora"
    SEM_JANELA = "sem_janela"
    LIMITE_DIARIO = "limite_diario"
    FORA_DA_JANELA = "fora_da_janela"


@dataclass(frozen=True, slots=True)
class Visita:
    """What the planner must know of an atendimento.

    `visto_em`: when the booking at this time was first known to us; a moved visit
    is seen anew. A visit at local midnight is one whose hour nobody entered.
    """

    data_consulta: datetime
    visto_em: datetime
    status: StatusConfirmacao = StatusConfirmacao.PENDENTE
    situacao: SituacaoAgenda = SituacaoAgenda.AGENDADO
    has_celular: bool = True
    respondido_em: datetime | None = None


@dataclass(frozen=True, slots=True)
class Envio:
    """One message to come: not before `quando`, and not at all from `ate` on."""

    passo: Passo
    quando: datetime
    ate: datetime
    motivo: Motivo = Motivo.NO_PRAZO


@dataclass(frozen=True, slots=True)
class Plano:
    """What comes next for one visit; `motivo` explains the envio, or why there is none."""

    motivo: Motivo
    envio: Envio | None = None
    corte_em: datetime | None = None
    pulados: tuple[tuple[Passo, Motivo], ...] = ()


@dataclass(frozen=True, slots=True)
class _Cadencia:
    """The arguments of one planning, so that its steps need not hand them on one by one."""

    politica: Politica
    janela: Janela
    visita: Visita
    feitos: Mapping[str, datetime]
    now: datetime

    @property
    def pedido(self) -> Passo:
        return self.politica.passos[0]

    @property
    def perguntada_em(self) -> datetime | None:
        """When the patient was first asked: the first message sent is the ask, whatever its step."""
        return min(self.feitos.values(), default=None)

    @property
    def ultimo_em(self) -> datetime | None:
        return max(self.feitos.values(), default=None)


def plan_cadencia(
    politica: Politica,
    janela: Janela,
    visita: Visita,
    *,
    feitos: Mapping[str, datetime],
    respondida: bool,
    now: datetime,
) -> Plano:
    """Return the next message about `visita` and its cut-off.

    `feitos` are the steps already sent about this visit at this time, with the
    instant of each. `respondida` holds reminders also while a person still has
    to read what the patient wrote.
    """
    caso = _Cadencia(politica, janela, visita, feitos, now)
    motivo = _why_silent(caso)
    if motivo is not None:
        return Plano(motivo)
    if visita.status is StatusConfirmacao.CONFIRMADO:
        return _plan_vespera(caso)
    if visita.status in _RESPONDIDOS:
        return Plano(Motivo.RESPONDIDA)
    if respondida:  # not understood yet: no reminder, but the cut-off still brings the visit to the call list
        return Plano(Motivo.RESPONDIDA, corte_em=_corte(caso, None))
    return _plan_pergunta(caso)


_RESPONDIDOS: Final = frozenset({StatusConfirmacao.CANCELADO, StatusConfirmacao.REAGENDAR})


def _why_silent(caso: _Cadencia) -> Motivo | None:
    visita = caso.visita
    if not pode_perguntar(visita.situacao):
        return Motivo.SITUACAO_NAO_PERMITE
    if visita.data_consulta <= caso.now:
        return Motivo.CONSULTA_PASSADA
    if caso.janela.local(visita.data_consulta).time() == _MEIA_NOITE:
        return Motivo.SEM_HORA
    return None if visita.has_celular else Motivo.SEM_CELULAR


def _plan_pergunta(caso: _Cadencia) -> Plano:
    pulados: list[tuple[Passo, Motivo]] = []
    envio: Envio | None = None
    for passo, marco, fim in _timeline(caso):
        desfecho = _try_passo(caso, passo, marco=marco, fim=fim)
        if isinstance(desfecho, Envio):
            envio = desfecho
            break
        pulados.append((passo, desfecho))
    return Plano(
        motivo=envio.motivo if envio else _why_none(caso, pulados),
        envio=envio,
        corte_em=_corte(caso, envio),
        pulados=tuple(pulados),
    )


def _why_none(caso: _Cadencia, pulados: Sequence[tuple[Passo, Motivo]]) -> Motivo:
    """Return the last obstacle of a patient who was never reached; one who was has simply heard everything."""
    obstacles = [motivo for _, motivo in pulados if motivo is not Motivo.SEM_PEDIDO]
    return Motivo.CADENCIA_CUMPRIDA if caso.feitos or not obstacles else obstacles[-1]


def _timeline(caso: _Cadencia) -> Iterator[tuple[Passo, datetime, datetime]]:
    """Yield the steps not yet sent in the order of their times, each with the time at which its validity ends.

    Times are compared as they fall into the window: two steps that a weekend
    pushes onto the same moment are one message.
    """
    visita = caso.visita
    asked = caso.perguntada_em or max(_marco(caso, caso.pedido, asked=None), visita.visto_em, caso.now)
    marcos = [(passo, _marco(caso, passo, asked=asked)) for passo in caso.politica.passos]
    marcos.sort(key=lambda par: (par[1], par[0] is caso.pedido))  # of two on one moment, the ask is the one kept
    fins = [*(marco for _, marco in marcos[1:]), visita.data_consulta]
    for (passo, marco), fim in zip(marcos, fins, strict=True):
        if passo.nome not in caso.feitos:
            yield passo, marco, min(fim, visita.data_consulta)


def _marco(caso: _Cadencia, passo: Passo, *, asked: datetime | None) -> datetime:
    """Return the step's own time, in the window but regardless of now."""
    janela, data_consulta = caso.janela, caso.visita.data_consulta
    local = janela.local(data_consulta)
    if passo.dias_uteis is not None:
        dia = janela.feriados.dias_uteis_antes(local.date(), passo.dias_uteis)
        quando = janela.at(dia, local.time())
    elif passo.apos_sem_resposta is not None:
        quando = (asked or data_consulta) + passo.apos_sem_resposta
        return janela.fit(quando, not_before=quando, emergencia=False) or quando  # patients get all of their time
    else:
        quando = data_consulta - (passo.antes or timedelta(0))
    if passo.tipo is TipoPasso.PEDIDO and caso.politica.hora_pedido is not None:
        quando = max(quando, janela.at(janela.dia_local(quando), caso.politica.hora_pedido))
    return janela.fit(quando, emergencia=False) or quando


def _try_passo(caso: _Cadencia, passo: Passo, *, marco: datetime, fim: datetime) -> Envio | Motivo:
    """Return the step's message, or the reason for skipping it."""
    asked = caso.perguntada_em is not None
    if passo.apos_sem_resposta is not None and not asked:
        return Motivo.SEM_PEDIDO
    if fim <= max(caso.now, marco):
        return Motivo.PASSOU_DA_VEZ
    if passo.tipo is TipoPasso.PEDIDO and asked:
        return Motivo.PASSOU_DA_VEZ  # a reminder has taken the ask's place
    quando, motivo = _moment(caso, marco, fim)
    if quando is None:
        return motivo
    if asked:
        return Envio(passo, quando, fim, motivo)
    if _booked_late(caso):
        if caso.visita.data_consulta - quando < timedelta(hours=caso.politica.pedir_ao_agendar_min_horas):
            return Motivo.EM_CIMA_DA_HORA
        motivo = Motivo.AO_AGENDAR if motivo is Motivo.ATRASADO else motivo
    # A reminder of a question nobody was asked has no sense: whatever goes first, asks.
    return Envio(replace(passo, tipo=TipoPasso.PEDIDO), quando, fim, motivo)


def _moment(caso: _Cadencia, marco: datetime, fim: datetime) -> tuple[datetime | None, Motivo]:
    """Return when the step may leave, or None, and why then or why not.

    Closed days lend their hours to the last step only: before it, the next step
    reaches the patient in ordinary hours.
    """
    janela = caso.janela
    is_last = fim == caso.visita.data_consulta
    quando = janela.fit(marco, not_before=caso.now, ate=fim, emergencia=is_last)
    if quando is None:
        return None, Motivo.SEM_JANELA
    if caso.ultimo_em is not None and janela.dia_local(quando) <= janela.dia_local(caso.ultimo_em):
        return _hold_to_next_day(caso, fim)
    if not janela.is_open(quando):
        return quando, Motivo.EM_DIA_FECHADO
    return quando, Motivo.ATRASADO if marco < caso.now else Motivo.NO_PRAZO


def _hold_to_next_day(caso: _Cadencia, fim: datetime) -> tuple[datetime | None, Motivo]:
    """Respect one message per contact and day already here, so that the plan shown is the one kept."""
    quando = caso.janela.opening_after_day(max(caso.ultimo_em or caso.now, caso.now))
    return (quando, Motivo.DIA_SEGUINTE) if quando is not None and quando < fim else (None, Motivo.LIMITE_DIARIO)


def _booked_late(caso: _Cadencia) -> bool:
    return caso.visita.visto_em > _marco(caso, caso.pedido, asked=None)


def _corte(caso: _Cadencia, envio: Envio | None) -> datetime | None:
    """Return when an unanswered visit goes to the call list: None before it is asked, or when it is there already.

    A question that leaves shortly before the hospital's cut-off, or after it, has
    its own: nobody is given up before `prazo_resposta_minimo`.
    """
    asked = caso.perguntada_em or (envio.quando if envio else None)
    if asked is None or caso.visita.status is StatusConfirmacao.SEM_RESPOSTA:
        return None
    politica, janela, data_consulta = caso.politica, caso.janela, caso.visita.data_consulta
    dia = janela.feriados.dias_uteis_antes(janela.dia_local(data_consulta), politica.corte_dias_uteis)
    proprio = min(asked + politica.prazo_resposta_minimo, data_consulta - ULTIMO_CORTE)
    return max(janela.at(dia, politica.corte_hora), proprio)


def _plan_vespera(caso: _Cadencia) -> Plano:
    """Return the one note a confirmed visit may get: on an earlier day than the visit, a later one than the answer."""
    janela, visita = caso.janela, caso.visita
    if not caso.politica.nota_vespera:
        return Plano(Motivo.RESPONDIDA)
    if NOTA_VESPERA.nome in caso.feitos:
        return Plano(Motivo.CADENCIA_CUMPRIDA)
    fim = janela.at(janela.dia_local(visita.data_consulta), _MEIA_NOITE)
    quando = janela.fit(_marco(caso, NOTA_VESPERA, asked=None), not_before=caso.now, ate=fim, emergencia=False)
    ultimos = [instant for instant in (visita.respondido_em, caso.ultimo_em) if instant is not None]
    if quando is None:
        return Plano(Motivo.RESPONDIDA, pulados=((NOTA_VESPERA, Motivo.PASSOU_DA_VEZ),))
    if any(janela.dia_local(quando) <= janela.dia_local(ultimo) for ultimo in ultimos):
        return Plano(Motivo.RESPONDIDA, pulados=((NOTA_VESPERA, Motivo.LIMITE_DIARIO),))
    return Plano(Motivo.NO_PRAZO, Envio(NOTA_VESPERA, quando, fim))
