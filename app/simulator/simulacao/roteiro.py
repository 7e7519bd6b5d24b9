"""What the hospital does during a simulation: which bookings become known when, and which it changes later.

The schedule arrives as a hospital's export does: once an hour with what is new. A few visits are moved, cancelled or
taken back, drawn by seed and booking, so that the judge has something to judge there too.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.connectors.base import AtendimentoImportado, ItemAgenda
from app.domain.confirmacao import SituacaoAgenda
from app.simulator.oraculo import Evento, VisitaEntrada
from app.simulator.simulacao.relogio import HORA, ceil_to

_MUITOS_DIAS: Final = 3
_ANTES: Final = timedelta(days=7)  # the ask at 72 h falls back over a long weekend
_DESCANSO: Final = timedelta(hours=6)
_DIA: Final = timedelta(days=1)
_SEXTA: Final = 4
_ESCALA: Final = 2**64


class RoteiroInvalido(ValueError):  # noqa: N818 - named for what happened
    """What was asked cannot be simulated; the text says why, for the person who asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mudancas:
    """How often a hospital changes a booking it already exported. Shares are of 1."""

    cancela: float = 0.015
    move: float = 0.02
    reativa: float = 0.15  # of the cancelled


@dataclass(frozen=True, slots=True)
class Roteiro:
    """The hospital's part of a simulation of [inicio, fim)."""

    inicio: datetime
    fim: datetime
    cargas: Sequence[tuple[datetime, Sequence[AtendimentoImportado]]]
    visitas: Sequence[VisitaEntrada]

    @property
    def primeiro_dia(self) -> datetime:
        """The local midnight before the first visit."""
        return self.inicio + _ANTES

    @property
    def contatos(self) -> int:
        return len({visita.telefone for visita in self.visitas if visita.telefone})


def write_roteiro(
    itens: Iterable[ItemAgenda],
    *,
    semente: int,
    zona: ZoneInfo,
    de: date | None = None,
    ate: date | None = None,
    limite: int | None = None,
    mudancas: Mudancas | None = None,
) -> Roteiro:
    """Return the script for the visits of the days `de` to `ate`, or raise RoteiroInvalido.

    With `limite`, whole contacts are taken until there are that many visits: what makes a schedule hard is several
    visits of one phone.
    """
    por_numero = {item.nr_seq_agenda: item for item in itens if isinstance(item, AtendimentoImportado)}
    escolhidos = _choose(list(por_numero.values()), zona=zona, de=de, ate=ate)
    if limite is not None:
        escolhidos = _limit(escolhidos, limite)
    dia = min(item.data_consulta for item in escolhidos).astimezone(zona).date()
    inicio = datetime.combine(dia, time(), zona).astimezone(escolhidos[0].data_consulta.tzinfo) - _ANTES
    autor = _Autor(semente, zona, inicio, mudancas or Mudancas())
    for item in sorted(escolhidos, key=lambda item: (item.data_consulta, item.nr_seq_agenda)):
        autor.add(item)
    return autor.roteiro()


def _choose(
    itens: Sequence[AtendimentoImportado], *, zona: ZoneInfo, de: date | None, ate: date | None
) -> list[AtendimentoImportado]:
    dias = {item.data_consulta.astimezone(zona).date() for item in itens}
    if not dias:
        raise RoteiroInvalido("A agenda não tem nenhum atendimento que se possa ler.")
    if de is None and ate is None and len(dias) > _MUITOS_DIAS:
        raise RoteiroInvalido(
            f"A agenda tem {len(dias)} dias, de {min(dias):%d/%m/%Y} a {max(dias):%d/%m/%Y}: escolha com --de e --ate."
        )
    primeiro = de or ate or min(dias)
    ultimo = ate or de or max(dias)
    escolhidos = [i for i in itens if primeiro <= i.data_consulta.astimezone(zona).date() <= ultimo]
    if not escolhidos:
        raise RoteiroInvalido(f"Não há atendimentos de {primeiro:%d/%m/%Y} a {ultimo:%d/%m/%Y} na agenda.")
    return escolhidos


def _limit(itens: Sequence[AtendimentoImportado], limite: int) -> list[AtendimentoImportado]:
    grupos: defaultdict[str, list[AtendimentoImportado]] = defaultdict(list)
    for item in itens:
        grupos[item.telefone or item.nr_seq_agenda].append(item)
    escolhidos: list[AtendimentoImportado] = []
    for chave in sorted(grupos, key=lambda chave: hashlib.sha256(chave.encode()).digest()):
        if len(escolhidos) >= limite:
            break
        escolhidos += grupos[chave]
    return escolhidos


@dataclass(slots=True)
class _Autor:
    """Draws what happens to each booking."""

    semente: int
    zona: ZoneInfo
    inicio: datetime
    mudancas: Mudancas
    _cargas: defaultdict[datetime, list[AtendimentoImportado]] = field(default_factory=lambda: defaultdict(list))
    _visitas: list[VisitaEntrada] = field(default_factory=list)
    _ultimo: datetime | None = None

    def add(self, item: AtendimentoImportado) -> None:
        conhecido = self.inicio
        if item.agendado_em is not None and item.agendado_em > self.inicio:
            conhecido = ceil_to(item.agendado_em, HORA)
        self._cargas[conhecido].append(item)
        eventos = self._change(item, conhecido)
        fins = [item.data_consulta, conhecido, *(evento.novo_inicio or evento.instante for evento in eventos)]
        self._ultimo = max([*fins, self._ultimo or self.inicio])
        self._visitas.append(
            VisitaEntrada(
                nr_seq_agenda=item.nr_seq_agenda,
                telefone=item.telefone,
                nome=item.nome_paciente,
                inicio=item.data_consulta,
                zona=self.zona.key,
                agendado_em=conhecido,
                eventos=eventos,
            )
        )

    def roteiro(self) -> Roteiro:
        fim = ceil_to((self._ultimo or self.inicio) + HORA, HORA)
        return Roteiro(self.inicio, fim, sorted(self._cargas.items()), self._visitas)

    def _change(self, item: AtendimentoImportado, conhecido: datetime) -> tuple[Evento, ...]:
        sobra = item.data_consulta - conhecido - HORA
        if sobra < 3 * HORA:
            return ()
        quando = ceil_to(conhecido + sobra * self._draw(item, "quando"), HORA)
        sorte = self._draw(item, "mudança")
        if sorte < self.mudancas.cancela:
            return self._cancel(item, max(quando, conhecido + HORA))
        if sorte < self.mudancas.cancela + self.mudancas.move:
            return self._move(item, max(quando, conhecido + HORA))
        return ()

    def _cancel(self, item: AtendimentoImportado, quando: datetime) -> tuple[Evento, ...]:
        self._cargas[quando].append(replace(item, situacao_agenda=SituacaoAgenda.CANCELADO))
        volta = quando + _DESCANSO
        if volta > item.data_consulta - HORA or self._draw(item, "reativa") >= self.mudancas.reativa:
            return (Evento(quando, "cancelado"),)
        self._cargas[volta].append(item)
        return Evento(quando, "cancelado"), Evento(volta, "reativado", item.data_consulta)

    def _move(self, item: AtendimentoImportado, quando: datetime) -> tuple[Evento, ...]:
        if self._draw(item, "mesmo dia") < 0.5:  # noqa: PLR2004 - heads or tails
            novo = item.data_consulta + HORA
        else:
            novo = item.data_consulta + (1 + int(self._draw(item, "dias") * 2)) * _DIA
            while novo.astimezone(self.zona).weekday() > _SEXTA:
                novo += _DIA
        self._cargas[quando].append(replace(item, data_consulta=novo))
        return (Evento(quando, "movido", novo),)

    def _draw(self, item: AtendimentoImportado, nome: str) -> float:
        digest = hashlib.sha256(f"{self.semente}|{item.nr_seq_agenda}|{nome}".encode()).digest()
        return int.from_bytes(digest[:8]) / _ESCALA
