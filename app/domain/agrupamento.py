"""One message per contact and day: what is due together leaves together."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from app.domain.cadencia import Envio, Motivo
from app.domain.janela import Janela
from app.domain.politica import Passo, TipoPasso


@dataclass(frozen=True, slots=True)
class Devido:
    """A visit's next message, due now or later."""

    atendimento_id: int
    contato_id: int
    dia_visita: date  # by the clock of the unit
    data_consulta: datetime
    envio: Envio


@dataclass(frozen=True, slots=True)
class ItemMensagem:
    """One visit of a message: patients answer by `letra`, history keeps the visit's own `passo`."""

    letra: str
    atendimento_id: int
    passo: Passo


@dataclass(frozen=True, slots=True)
class MensagemPlanejada:
    """One message: `dia` is its earliest visit day, `passo` its weightiest, `ate` the first of its visits' ends."""

    contato_id: int
    dia: date
    passo: Passo
    itens: tuple[ItemMensagem, ...]
    quando: datetime
    ate: datetime


@dataclass(frozen=True, slots=True)
class Retido:
    """A visit's message that must wait until `quando` or, with None, is skipped."""

    devido: Devido
    motivo: Motivo
    quando: datetime | None


@dataclass(frozen=True, slots=True)
class Agrupamento:
    mensagens: tuple[MensagemPlanejada, ...] = ()
    retidos: tuple[Retido, ...] = ()


_PESO: Final = (TipoPasso.PEDIDO, TipoPasso.LEMBRETE, TipoPasso.VESPERA)
_ALFABETO: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def group_envios(
    devidos: Iterable[Devido],
    *,
    janela: Janela,
    now: datetime,
    ja_enviado_hoje: Mapping[int, datetime],
) -> Agrupamento:
    """Return the messages to release now, and what of the due has to wait.

    Hand over everything open of each contact, not only what is due: a message
    takes along what would be due later. `ja_enviado_hoje` is the last message
    of our own accord to each contact; one of an earlier day holds nothing.
    """
    by_contato: defaultdict[int, list[Devido]] = defaultdict(list)
    for devido in devidos:
        by_contato[devido.contato_id].append(devido)
    mensagens: list[MensagemPlanejada] = []
    retidos: list[Retido] = []
    for contato_id, todos in by_contato.items():
        due = [devido for devido in todos if devido.envio.quando <= now < devido.envio.ate]
        ultimo = ja_enviado_hoje.get(contato_id)
        if ultimo is not None and janela.dia_local(ultimo) == janela.dia_local(now):
            retidos.extend(_hold(devido, Motivo.LIMITE_DIARIO, janela=janela, now=now) for devido in due)
            continue
        ready = [devido for devido in due if janela.may_send(now, planned=devido.envio.quando)]
        juntos = _join(ready, todos, janela=janela, now=now)
        if juntos:
            mensagens.append(_build(juntos, now))
        retidos.extend(_leave_behind(due, ready, juntos, janela=janela, now=now))
    return Agrupamento(tuple(mensagens), tuple(retidos))


def letter(posicao: int) -> str:
    """Return the name of the visit at `posicao` (from 0): A … Z, AA, AB …, as spreadsheets count."""
    resto, ultima = divmod(posicao, len(_ALFABETO))
    return (letter(resto - 1) if resto else "") + _ALFABETO[ultima]


def _join(ready: Sequence[Devido], todos: Sequence[Devido], *, janela: Janela, now: datetime) -> Sequence[Devido]:
    """Return the visits of the contact's message of today.

    Questions leave no room for a note: in a message that asks about one visit
    and only mentions another, a "0" would cancel both.
    """
    if not ready:
        return ()
    pool = [devido for devido in todos if devido in ready or _belongs(devido, ready, janela=janela, now=now)]
    perguntas = [devido for devido in pool if devido.envio.passo.tipo is not TipoPasso.VESPERA]
    return perguntas or pool


def _belongs(devido: Devido, ready: Sequence[Devido], *, janela: Janela, now: datetime) -> bool:
    """Tell whether what is due later goes along: later today, or the same question about the same day.

    Two visits of one day are asked about together even if a closed window pulled
    the early one's question to the evening before. But a visit booked later gets
    its own question, and the others keep the time of their reminder.
    """
    envio = devido.envio
    if envio.quando <= now:
        return False  # due, yet not ready: it was planned for other hours
    if janela.dia_local(envio.quando) == janela.dia_local(now):
        return True
    return any(
        devido.dia_visita == outro.dia_visita and _same_question(envio.passo, outro.envio.passo) for outro in ready
    )


def _same_question(um: Passo, outro: Passo) -> bool:
    return um.tipo is outro.tipo and (um.tipo is TipoPasso.PEDIDO or um.nome == outro.nome)


def _build(juntos: Sequence[Devido], now: datetime) -> MensagemPlanejada:
    em_ordem = sorted(juntos, key=lambda devido: (devido.data_consulta, devido.atendimento_id))
    dominante = min(em_ordem, key=lambda devido: (_PESO.index(devido.envio.passo.tipo), devido.envio.quando))
    return MensagemPlanejada(
        contato_id=dominante.contato_id,
        dia=em_ordem[0].dia_visita,
        passo=dominante.envio.passo,
        itens=tuple(
            ItemMensagem(letter(posicao), devido.atendimento_id, devido.envio.passo)
            for posicao, devido in enumerate(em_ordem)
        ),
        quando=now,
        ate=min(devido.envio.ate for devido in em_ordem),
    )


def _leave_behind(
    due: Sequence[Devido],
    ready: Sequence[Devido],
    juntos: Sequence[Devido],
    *,
    janela: Janela,
    now: datetime,
) -> Iterable[Retido]:
    for devido in due:
        if devido not in ready:
            yield _hold(devido, Motivo.FORA_DA_JANELA, janela=janela, now=now)
        elif devido not in juntos:
            yield _hold(devido, Motivo.LIMITE_DIARIO, janela=janela, now=now)


def _hold(devido: Devido, motivo: Motivo, *, janela: Janela, now: datetime) -> Retido:
    opening = janela.opening_after_day(now) if motivo is Motivo.LIMITE_DIARIO else janela.next_opening(now)
    return Retido(devido, motivo, opening if opening is not None and opening < devido.envio.ate else None)
