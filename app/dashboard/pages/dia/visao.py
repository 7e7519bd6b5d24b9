"""What the page of the day shows, worked out before any template sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from app.dashboard.datas import weekday_short
from app.dashboard.sinais import CONTADOS, STATUS, Sinal, desfecho_of, reason_to_call, situacao_of, status_of
from app.domain.confirmacao import StatusConfirmacao
from app.repositories.consulta import Cursor, Filtros
from app.repositories.painel import Chamadas, DiaContado

PAGE: Final = 100
_STRIP: Final = 7
_ADDRESS: Final = "/painel"


@dataclass(frozen=True, slots=True)
class Cartao:
    """One figure of the day, and the way to its visits."""

    nome: str
    sinal: Sinal
    valor: int
    href: str
    atual: bool


@dataclass(frozen=True, slots=True)
class Fatia:
    """A part of the day's bar, in thousandths of its width."""

    tom: str
    inicio: int
    largura: int


@dataclass(frozen=True, slots=True)
class DiaDaFaixa:
    dia: date
    nome: str
    conta: str
    href: str
    atual: bool


@dataclass(frozen=True, slots=True)
class Pessoa:
    """A visit in a list: `sinal` is its state, or why to call."""

    id: int
    nome: str
    telefone: str | None
    outro_telefone: str | None
    data_consulta: datetime
    especialidade: str
    medico: str
    unidade: str | None
    sinal: Sinal
    situacao: str
    escreveu: str | None


@dataclass(frozen=True, slots=True)
class Resposta:
    id: int
    em: datetime
    quem: str
    telefone: str | None
    texto: str
    sinal: Sinal
    atendimento_id: int | None
    data_consulta: datetime | None


@dataclass(frozen=True, slots=True)
class Dia:
    """Everything on the page."""

    dia: date
    hoje: date
    anterior: str
    seguinte: str
    contado: DiaContado
    resumo: str
    faixa: Sequence[DiaDaFaixa]
    cartoes: Sequence[Cartao]
    barra: Sequence[Fatia]
    chamadas: Sequence[Pessoa]
    chamadas_total: int
    respostas: Sequence[Resposta]
    visitas: Sequence[Pessoa]
    filtro: str
    mais: str | None
    parcial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pedido:
    """What the address asks for."""

    dia: date
    hoje: date
    status: str | None = None
    depois: Cursor | None = None

    def href(self, dia: date, *, status: str | None = None, depois: str | None = None, path: str = _ADDRESS) -> str:
        given = {"dia": dia.isoformat(), "status": status, "depois": depois}
        return f"{path}?{urlencode({name: value for name, value in given.items() if value})}"

    @property
    def filtros(self) -> Filtros:
        sem_celular = _MOBILE.get(self.status or "")
        status = "pendente" if sem_celular is not None else self.status
        return Filtros(
            de=self.dia,
            ate=self.dia,
            status_confirmacao=(StatusConfirmacao(status),) if status else (),
            sem_celular=sem_celular,
        )


# Two figures share a status: whom nobody asked yet, and whom nobody can ask.
_MOBILE: Final[Mapping[str, bool]] = {"pendente": False, "sem_celular": True}


def strip_days(pedido: Pedido) -> tuple[date, date]:
    """Return the days of the strip: a week that begins today, or with a day outside it."""
    first = pedido.hoje if pedido.hoje <= pedido.dia < pedido.hoje + timedelta(days=_STRIP) else pedido.dia
    return first, first + timedelta(days=_STRIP - 1)


def build_dia(
    pedido: Pedido,
    *,
    contados: Mapping[date, DiaContado],
    chamadas: Chamadas,
    respostas: Sequence[Mapping[Any, Any]],
    visitas: Sequence[Mapping[Any, Any]],
) -> Dia:
    dia, um = pedido.dia, timedelta(days=1)
    contado = contados.get(dia, DiaContado(dia))
    last = visitas[PAGE - 1] if len(visitas) > PAGE else None
    mais = Cursor(last["data_consulta"], last["id"]).encode() if last else None
    here = pedido.depois.encode() if pedido.depois else None
    return Dia(
        dia=dia,
        hoje=pedido.hoje,
        anterior=pedido.href(dia - um),
        seguinte=pedido.href(dia + um),
        contado=contado,
        resumo=_resumo(contado),
        faixa=_faixa(pedido, contados),
        cartoes=_cartoes(pedido, contado),
        barra=_barra(contado),
        chamadas=[_pessoa(row, reason_to_call(row)) for row in chamadas.itens],
        chamadas_total=chamadas.total,
        respostas=[_resposta(row) for row in respostas],
        visitas=[_pessoa(row, status_of(row)) for row in visitas[:PAGE]],
        filtro=CONTADOS[pedido.status].lower() if pedido.status else "",
        mais=pedido.href(dia, status=pedido.status, depois=mais) if mais else None,
        parcial=pedido.href(dia, status=pedido.status, depois=here, path=f"{_ADDRESS}/parcial"),
    )


def _resumo(contado: DiaContado) -> str:
    if not contado.total:
        return "Nenhum atendimento neste dia."
    answered = contado.confirmado + contado.cancelado + contado.reagendar
    visits = "1 atendimento" if contado.total == 1 else f"{contado.total} atendimentos"
    return f"{visits}, {round(100 * answered / contado.total)}% já responderam"


def _faixa(pedido: Pedido, contados: Mapping[date, DiaContado]) -> list[DiaDaFaixa]:
    first, _ = strip_days(pedido)
    days = [first + timedelta(days=number) for number in range(_STRIP)]
    return [
        DiaDaFaixa(
            dia=day,
            nome="hoje" if day == pedido.hoje else weekday_short(day),
            conta=f"{contados[day].confirmado} de {contados[day].total}" if day in contados else "",
            href=pedido.href(day),
            atual=day == pedido.dia,
        )
        for day in days
    ]


def _cartoes(pedido: Pedido, contado: DiaContado) -> list[Cartao]:
    return [
        Cartao(
            nome=CONTADOS[status],
            sinal=sinal,
            valor=getattr(contado, status),
            href=pedido.href(pedido.dia, status=None if status == pedido.status else status) + "#visitas",
            atual=status == pedido.status,
        )
        for status, sinal in STATUS.items()
    ]


def _barra(contado: DiaContado) -> list[Fatia]:
    parts: list[Fatia] = []
    begin = 0
    for status, sinal in STATUS.items():
        width = round(1000 * getattr(contado, status) / contado.total) if contado.total else 0
        if width:
            parts.append(Fatia(sinal.tom, begin, width))
        begin += width
    return parts


def _pessoa(row: Mapping[Any, Any], sinal: Sinal) -> Pessoa:
    return Pessoa(
        id=row["id"],
        nome=row["nome_paciente"],
        telefone=row["telefone_contato"] or row["telefone_escrito"],
        outro_telefone=row["telefone_2"],
        data_consulta=row["data_consulta"],
        especialidade=row["especialidade"],
        medico=row["nome_medico"],
        unidade=row["unidade"],
        sinal=sinal,
        situacao=situacao_of(row),
        escreveu=row["resposta_paciente"],
    )


def _resposta(row: Mapping[Any, Any]) -> Resposta:
    return Resposta(
        id=row["id"],
        em=row["recebida_em"],
        quem=row["nome_paciente"] or "Número desconhecido",
        telefone=row["telefone"],
        texto=row["texto"] or "",
        sinal=desfecho_of(row["desfecho"]),
        atendimento_id=row["atendimento_id"],
        data_consulta=row["data_consulta"],
    )
