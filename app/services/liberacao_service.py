"""Releases what may leave: per channel as much as its rate allows, in chunks, with their jobs, in one transaction."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

import msgspec
from pgqueuer.queries import Queries
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Record
from app.domain.caminho import EstadoCanal, UltimosRecursos, choose_caminhos
from app.domain.confirmacao import EstadoMensagem
from app.domain.politica import AoIncerta
from app.domain.ritmo import Ritmo
from app.domain.saida import SEM_PROVA
from app.domain.saude import PROVA, SaudeCanal
from app.models import Canal
from app.repositories.base import FatoHistorico, HistoricoRepository
from app.repositories.canais import CanalRepository
from app.repositories.efeitos import EfeitoRepository
from app.repositories.hospital import HospitalRepository
from app.repositories.liberacao import Busca, LiberacaoRepository
from app.repositories.saida import Lote, Resultado, SaidaRepository

M = EstadoMensagem

ENTRYPOINT: Final = "enviar_lote"
_WAVES: Final = 4  # chunks released at once to a channel without a rate of its own
_STRANDED_AFTER: Final = timedelta(minutes=5)
_UNCERTAIN_AFTER: Final = timedelta(minutes=10)  # a patient's answer or the flow's own report may still prove it
_LOST: Final = "trabalho_perdido"


class ChunkJob(msgspec.Struct, frozen=True):
    """The payload of a job: ids only, nothing personal."""

    tenant: int
    canal: int
    ids: list[int]
    de: date
    ate: date
    inicio: float = 0.0
    """When the first of them may leave (seconds since 1970)."""
    por_s: float = 0.0
    """How many may leave a second; 0 is as fast as they can."""
    prova: bool = False
    """The channel fell, or may have: it is asked how it is before anything is handed over."""

    @property
    def lote(self) -> Lote:
        return Lote(self.ids, self.de, self.ate)


@dataclass(frozen=True, slots=True)
class Via:
    """A channel as its gateway has it: what a message costs at most, and what must be minded."""

    custo: Callable[[bool, bool], int]
    """(gateway id known, conversation open) → units"""
    ultimo_recurso: bool = False
    por_email: bool = False
    par_s: float = 0.0
    """The least time between two messages to one person."""
    por_mensagem: bool = False
    """Its rate counts messages, so that they can be spaced out."""


@dataclass(frozen=True, slots=True)
class _Passo:
    """How a channel's chunks of one round leave."""

    inicio: float
    por_s: float
    prova: bool


@dataclass(slots=True)
class _Conta:
    """What one channel may spend in this round."""

    ritmo: Ritmo | None
    fichas: float
    novos: float
    """People it may still write to first."""
    um_por_pessoa: bool
    escolhidos: list[tuple[int, date, int]] = field(default_factory=list)
    iniciados: list[int] = field(default_factory=list)
    _pessoas: set[int] = field(default_factory=set)

    def take(self, row: Record, units: int) -> bool:
        """Take one candidate; False when the rate is spent."""
        if self.ritmo and not self.ritmo.allows(self.fichas, units):
            return False
        if self.um_por_pessoa and row.contato_id in self._pessoas:
            return True
        if not (row.sessao or row.iniciado or row.contato_id in self._pessoas):
            if self.novos < 1:
                return True
            self.novos -= 1
            self.iniciados.append(row.contato_id)
        self._pessoas.add(row.contato_id)
        self.fichas -= self.ritmo.charge(units) if self.ritmo else units
        self.escolhidos.append((row.id, row.dia, units))
        return True


class LiberacaoService:
    """The only place where a channel's rate is spent; one row per channel makes it exact whatever the workers."""

    def __init__(self, session: AsyncSession, tenant_id: int, *, chunk_size: int = 500) -> None:
        """Take an open transaction of one hospital."""
        self._session = session
        self._tenant_id = tenant_id
        self._chunk_size = chunk_size
        self._saida = SaidaRepository(session, tenant_id)
        self._liberacao = LiberacaoRepository(session, tenant_id)
        self._canais = CanalRepository(session, tenant_id)
        self._hospital = HospitalRepository(session, tenant_id)
        self._historico = HistoricoRepository(session, tenant_id)
        self._efeitos = EfeitoRepository(session, tenant_id)

    async def release(self, vias: Mapping[int, Via], *, now: datetime) -> int:
        """Release what every channel with a gateway (`vias` by channel) may send now; return how many messages."""
        canais = [canal for canal in await self._hospital.canais() if canal.id in vias]
        usados = {canal.id: await self._started(canal, now) for canal in canais}
        caminhos = choose_caminhos(_estado_of(canal, vias[canal.id], usados[canal.id], now) for canal in canais)
        ultimos = last_resorts(vias)
        total = 0
        for canal in await self._hospital.lock_canais(caminhos) if caminhos else ():
            if canal.quedas and await self._liberacao.is_flying(canal.id):
                continue  # one trial at a time
            via = vias[canal.id]
            busca = Busca(
                canal_id=canal.id,
                caminho=caminhos[canal.id],
                limite=self._chunk_size * _WAVES,
                ultimo_recurso=via.ultimo_recurso,
                todos=not ultimos.canais,
                sem_email=ultimos.so_email and not via.ultimo_recurso,
                por_email=via.por_email,
                par_s=via.par_s,
                contado=canal.contatos_por_dia is not None,
                cheio=_is_full(canal, usados[canal.id]),
            )
            total += await self._release_canal(canal, via, busca, usados[canal.id], now=now)
        return total

    async def _started(self, canal: Canal, now: datetime) -> int:
        return await self._liberacao.count_started(canal.id, now) if canal.contatos_por_dia is not None else 0

    async def expire(self, now: datetime) -> int:
        """Give up messages whose moment passed before they could leave, and say so in the history."""
        rows = await self._saida.expiring(now)
        changed = await self._change(rows, {M.AGENDADA: M.EXPIRADA}, "expirou", now)
        await self._tell(changed, "mensagem_expirada", "expirou", now)
        return len(changed)

    async def rescue(self, now: datetime) -> int:
        """Find messages that a crash left behind: waiting ones wait again, those in the air become `incerta`."""
        rows = await self._saida.stranded(now - _STRANDED_AFTER)
        changed = await self._change(rows, {M.NA_FILA: M.AGENDADA, M.EM_ENVIO: M.INCERTA}, _LOST, now)
        await self._tell(changed, "mensagem_resgatada", _LOST, now)
        return len(changed)

    async def repeat_uncertain(self, now: datetime) -> int:
        """Try once more what nobody can say arrived, where the hospital prefers twice to never."""
        if (await self._hospital.load()).politica.ao_incerta is not AoIncerta.REPETIR:
            return 0
        rows = await self._saida.uncertain(now - _UNCERTAIN_AFTER, now)
        changed = await self._change(rows, {M.INCERTA: M.AGENDADA}, SEM_PROVA, now)
        await self._tell(changed, "mensagem_repetida", SEM_PROVA, now)
        return len(changed)

    async def _change(
        self, rows: Sequence[Record], following: Mapping[EstadoMensagem, EstadoMensagem], motivo: str, now: datetime
    ) -> list[int]:
        """Give locked messages the state that follows theirs; return which changed."""
        if not rows:
            return []
        lote = Lote([row.id for row in rows], min(row.dia for row in rows), max(row.dia for row in rows))
        results = [Resultado(mensagem_id=row.id, estado=following[row.estado], motivo=motivo) for row in rows]
        return sorted(await self._saida.record(lote, results, now=now, atuais=tuple(following)))

    async def _release_canal(self, canal: Canal, via: Via, busca: Busca, usados: int, *, now: datetime) -> int:
        ritmo = Ritmo(canal.taxa_por_minuto) if canal.taxa_por_minuto else None
        fichas = ritmo.refill(canal.fichas, canal.fichas_em, now) if ritmo else float("inf")
        novos = float("inf") if canal.contatos_por_dia is None else canal.contatos_por_dia - usados
        conta = _Conta(ritmo, fichas, novos, um_por_pessoa=via.par_s > 0)
        most = PROVA if canal.quedas else busca.limite
        if ritmo:
            most = min(max(int(fichas), 0) + 1, most)  # a dear message leaves the bucket in debt
        for row in await self._liberacao.candidates(replace(busca, limite=most), now):
            if not conta.take(row, via.custo(row.conhecido, row.sessao)):
                break
        inicio, vaga_em = now, None
        if ritmo and ritmo.veloz and via.por_mensagem and conta.escolhidos:
            inicio, vaga_em = ritmo.seat(canal.vaga_em, sum(units for _, _, units in conta.escolhidos), now)
        if ritmo:
            em = ritmo.mark(canal.fichas_em, now)
            await self._canais.spend(canal.id, conta.fichas, em=em, vaga_em=vaga_em)
        if conta.escolhidos:
            if busca.contado:
                await self._liberacao.start_conversations(canal.id, conta.iniciados, now)
            por_s = ritmo.por_minuto / 60 if ritmo and vaga_em else 0.0
            pace = _Passo(inicio.timestamp(), por_s, prova=_saude(canal).suspeito)
            await self._enqueue(canal.id, conta.escolhidos, pace, now)
        return len(conta.escolhidos)

    async def _enqueue(
        self, canal_id: int, chosen: Sequence[tuple[int, date, int]], passo: _Passo, now: datetime
    ) -> None:
        chunks = [(str(uuid.uuid4()), chunk) for chunk in _slices(chosen, self._chunk_size)]
        rows = [(ident, dia, units, key) for key, chunk in chunks for ident, dia, units in chunk]
        await self._liberacao.release(canal_id, rows, now=now)
        connection = await (await self._session.connection()).get_raw_connection()
        if connection.driver_connection is None:
            raise RuntimeError("the session has no driver connection")
        jobs = [
            ChunkJob(
                self._tenant_id,
                canal_id,
                [ident for ident, _, _ in chunk],
                min(dia for _, dia, _ in chunk),
                max(dia for _, dia, _ in chunk),
                passo.inicio + (position * self._chunk_size / passo.por_s if passo.por_s else 0.0),
                passo.por_s,
                passo.prova,
            )
            for position, (_, chunk) in enumerate(chunks)
        ]
        queries = Queries.from_asyncpg_connection(connection.driver_connection)
        await queries.enqueue(
            [ENTRYPOINT] * len(jobs),
            [msgspec.json.encode(job) for job in jobs],
            [0] * len(jobs),
            dedupe_key=[key for key, _ in chunks],
        )

    async def _tell(self, ids: Sequence[int], fato: str, porque: str, now: datetime) -> None:
        if not ids:
            return
        pairs = await self._saida.visits_of(ids)
        await self._historico.add(
            [
                FatoHistorico(
                    atendimento_id=visita, em=now, fato=fato, quem="confirma", porque=porque, mensagem_id=mensagem
                )
                for mensagem, visita in pairs
            ]
        )
        await self._efeitos.wake([visita for _, visita in pairs], now=now)


def _slices(chosen: Sequence[tuple[int, date, int]], size: int) -> Iterator[Sequence[tuple[int, date, int]]]:
    return (chosen[start : start + size] for start in range(0, len(chosen), size))


def last_resorts(vias: Mapping[int, Via]) -> UltimosRecursos:
    """Return a hospital's channels of last resort: one that is paused is waited for."""
    found = {ident: via for ident, via in vias.items() if via.ultimo_recurso}
    return UltimosRecursos(frozenset(found), so_email=bool(found) and all(via.por_email for via in found.values()))


def _estado_of(canal: Canal, via: Via, usados: int, now: datetime) -> EstadoCanal:
    ritmo = Ritmo(canal.taxa_por_minuto) if canal.taxa_por_minuto else None
    paused = canal.pausado_ate is not None and now < canal.pausado_ate
    return EstadoCanal(
        id=canal.id,
        prioridade=canal.prioridade,
        ultimo_recurso=via.ultimo_recurso,
        usavel=not paused and not _saude(canal).is_sick(now),
        cheio=_is_full(canal, usados),
        esgotado=ritmo is not None and ritmo.refill(canal.fichas, canal.fichas_em, now) < 1,
    )


def _saude(canal: Canal) -> SaudeCanal:
    return SaudeCanal(canal.acertos, canal.erros, canal.quedas, canal.doente_ate)


def _is_full(canal: Canal, usados: int) -> bool:
    return canal.contatos_por_dia is not None and usados >= canal.contatos_por_dia
