"""A schedule comes in: read whole, stored batch by batch, and what is missing from a complete file cancelled."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final, cast
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app import crypto
from app.connectors.base import AtendimentoImportado, Aviso, ItemAgenda, LinhaRejeitada
from app.database import Database
from app.domain.agenda import EstadoAgenda, compare
from app.domain.confirmacao import SituacaoAgenda, StatusConfirmacao
from app.repositories.importacao import Ausente, ImportacaoRepository
from app.services.efeitos import EfeitoService, Mudanca
from app.services.importacao_leitura import Lidos, read_all
from app.services.importacao_lote import LoteService, ResultadoLote
from app.services.importacao_pessoas import Encontradas, PessoasConhecidas
from app.services.importacao_registro import Preparador, Registro, UnidadeConhecida

LOTE: Final = 4_000
_IDS: Final = 1_000
_AUSENTE: Final = "ausente_em_carga_completa"
_DIA: Final = timedelta(days=1)


@dataclass(slots=True)
class ResultadoImportacao:
    """What became of the rows. `ids` (number → our id), `rejeitadas` and `avisadas` hold the first thousand."""

    criados: int = 0
    atualizados: int = 0
    inalterados: int = 0
    rejeitados: int = 0
    avisos: int = 0
    cancelados_por_ausencia: int = 0
    completo_recusado: str | None = None
    rejeitadas: list[LinhaRejeitada] = field(default_factory=list)
    avisadas: list[Aviso] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)

    @property
    def contagens(self) -> dict[str, int]:
        names = ("criados", "atualizados", "inalterados", "rejeitados", "avisos", "cancelados_por_ausencia")
        return {name: getattr(self, name) for name in names}

    def add_lote(self, lote: ResultadoLote) -> None:
        self.criados += len(lote.criados)
        self.atualizados += lote.atualizados
        self.inalterados += lote.inalterados
        if len(self.ids) < _IDS:
            self.ids |= lote.ids

    def add_lidos(self, lidos: Lidos) -> None:
        self.rejeitados, self.rejeitadas = lidos.rejeitados, lidos.rejeitadas
        self.avisos, self.avisadas = lidos.avisos, lidos.avisadas


class ImportacaoService:
    """Imports schedules into one hospital; a batch is a transaction, and the same again changes nothing."""

    def __init__(self, database: Database, tenant_id: int, *, zona: ZoneInfo, lote: int = LOTE) -> None:
        """Take the hospital's zone: that of units nobody has edited, and of visits without a unit."""
        self._database = database
        self._tenant_id = tenant_id
        self._zona = zona
        self._lote = lote

    async def importar(
        self,
        linhas: Iterable[ItemAgenda],
        *,
        origem: str,
        now: datetime,
        completo: date | None = None,
        arquivo_sha256: str | None = None,
        progress: Callable[[int], None] | None = None,
        rejeitar: Callable[[LinhaRejeitada], None] | None = None,
        quem: str = "importacao",
    ) -> ResultadoImportacao:
        """Take all that `linhas` gives; `progress` hears how many bookings are stored so far.

        `rejeitar` is handed every refused row while the source is read, in the reading thread. `completo` says that
        the source holds all bookings of that local day: those it does not name are cancelled by the hospital.
        `ArquivoRecusado` leaves through here before anything was stored.
        """
        carga = _Carga(self._database, self._tenant_id, origem=origem, quem=quem, now=now)
        terminou = False
        try:
            lidos = await asyncio.to_thread(read_all, linhas, now=now, rejeitar=rejeitar)
            carga.resultado.add_lidos(lidos)
            preparador = await carga.start(lidos, zona=self._zona)
            await carga.store(list(lidos.itens.values()), preparador, tamanho=self._lote, progress=progress)
            if completo is not None:
                await carga.complete(lidos, completo)
            terminou = True
        finally:
            await carga.record(arquivo_sha256=arquivo_sha256, terminou=terminou)
        return carga.resultado


@dataclass(frozen=True, slots=True)
class _Lote:
    """A batch on its way, with the people stored ahead of it."""

    registros: list[Registro]
    pessoas: Encontradas


class _Carga:
    """One import under way."""

    def __init__(self, database: Database, tenant_id: int, *, origem: str, quem: str, now: datetime) -> None:
        self._scope = partial(database.session_scope, tenant_id)
        self._tenant_id = tenant_id
        self._origem = origem
        self._quem = quem
        self._now = now
        self._dias: set[date] = set()
        self._pessoas = PessoasConhecidas(tenant_id)
        self.resultado = ResultadoImportacao()

    async def start(self, lidos: Lidos, *, zona: ZoneInfo) -> Preparador:
        """Make sure of what the rows stand on: their units, and the months their messages and history fall in."""
        ultimo = max((item.data_consulta for item in lidos.itens.values()), default=self._now)
        async with self._scope() as session:
            repository = ImportacaoRepository(session, self._tenant_id)
            await repository.ensure_partitions(self._now.date() - _DIA, max(ultimo, self._now).date() + _DIA)
            unidades = await repository.ensure_units(lidos.unidades, zona=zona.key)
        return Preparador(
            crypto.keyring().finder(self._tenant_id),
            origem=self._origem,
            zona=zona,
            unidades={nome: UnidadeConhecida(*unidade) for nome, unidade in unidades.items()},
        )

    async def store(
        self,
        itens: Sequence[AtendimentoImportado],
        preparador: Preparador,
        *,
        tamanho: int,
        progress: Callable[[int], None] | None,
    ) -> None:
        """Store batch after batch; while one is stored, the people of the next are, and its successor is prepared."""
        preparado: list[Registro] = []
        encontrado = _Lote([], Encontradas())
        feitos = 0
        for inicio in range(0, len(itens) + 2 * tamanho, tamanho):
            seguinte = asyncio.to_thread(preparador.prepare_all, itens[inicio : inicio + tamanho])
            ahead = self._meet(preparado, alone=len(itens) <= tamanho)
            preparado, proximo = await _together(seguinte, ahead, self._apply(encontrado))
            feitos += len(encontrado.registros)
            if progress and encontrado.registros:
                progress(feitos)
            encontrado = proximo

    async def _meet(self, registros: list[Registro], *, alone: bool) -> _Lote:
        """Store the people of a batch; one that comes alone does it in its own transaction."""
        if alone or not registros:
            return _Lote(registros, Encontradas())
        async with self._scope() as session:
            pessoas = await self._service(session).meet(registros)
        self._pessoas.remember(pessoas)
        return _Lote(registros, pessoas)

    async def _apply(self, lote: _Lote) -> None:
        if not lote.registros:
            return
        async with self._scope() as session:
            feito = await self._service(session).apply(lote.registros, lote.pessoas, now=self._now)
        self.resultado.add_lote(feito)
        self._dias.update(registro.dia for registro in lote.registros)

    def _service(self, session: AsyncSession) -> LoteService:
        return LoteService(session, self._tenant_id, origem=self._origem, quem=self._quem, pessoas=self._pessoas)

    async def complete(self, lidos: Lidos, dia: date) -> None:
        """Cancel what a complete file of `dia` does not name, unless the file cannot be taken at its word."""
        recusa = _doubt(lidos, dia, self._dias)
        if recusa:
            self.resultado.completo_recusado = recusa
            return
        async with self._scope() as session:
            repository = ImportacaoRepository(session, self._tenant_id)
            await repository.lock()
            vivos = await repository.live_bookings(self._origem, dia)
            nomeados = lidos.itens.keys() | lidos.ids_rejeitados
            ausentes = [vivo for numero, vivo in vivos.items() if numero not in nomeados]
            await repository.mark_gone([ausente.id for ausente in ausentes], now=self._now)
            mudancas = [mudanca for ausente in ausentes if (mudanca := _cancela(ausente, now=self._now))]
            await EfeitoService(session, self._tenant_id).apply(mudancas, now=self._now, quem=self._quem)
        self.resultado.cancelados_por_ausencia = len(ausentes)

    async def record(self, *, arquivo_sha256: str | None, terminou: bool) -> None:
        async with self._scope() as session:
            await ImportacaoRepository(session, self._tenant_id).record(
                self._origem,
                {**self.resultado.contagens, "terminou": terminou},
                arquivo_sha256=arquivo_sha256,
                now=self._now,
            )


async def _together(
    seguinte: Awaitable[list[Registro]], ahead: Awaitable[_Lote], apply: Awaitable[None]
) -> tuple[list[Registro], _Lote]:
    """Run all to their end, then raise what one of them raised: none is left running behind its caller."""
    preparado, encontrado, aplicado = await asyncio.gather(seguinte, ahead, apply, return_exceptions=True)
    for result in (aplicado, encontrado, preparado):
        if isinstance(result, BaseException):
            raise result
    return cast("list[Registro]", preparado), cast("_Lote", encontrado)


def _doubt(lidos: Lidos, dia: date, dias: Collection[date]) -> str | None:
    """Return why absence from this file proves nothing about `dia`."""
    if lidos.sem_id:
        return (
            f"Nada foi cancelado por ausência em {dia:%d/%m/%Y}: {lidos.sem_id} linha(s) rejeitada(s) não dizem de que "
            "agendamento são. Corrija-as e importe o arquivo de novo."
        )
    if dia not in dias:
        return f"Nada foi cancelado por ausência: o arquivo não tem nenhum atendimento em {dia:%d/%m/%Y}."
    return None


def _cancela(ausente: Ausente, *, now: datetime) -> Mudanca | None:
    antes = EstadoAgenda(ausente.data_consulta, SituacaoAgenda.AGENDADO, None)
    consequencia = compare(antes, replace(antes, situacao=SituacaoAgenda.CANCELADO), now=now)
    status = StatusConfirmacao(ausente.status)
    decisao = consequencia.decide(status)
    if consequencia.fato is None or decisao is None:
        return None
    return Mudanca(atendimento_id=ausente.id, fato=consequencia.fato, de=status, decisao=decisao, porque=_AUSENTE)
