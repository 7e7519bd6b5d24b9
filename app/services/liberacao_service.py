"""Releases what may leave: per channel as much as its rate allows, in chunks, with their jobs, in one transaction."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import msgspec
from pgqueuer.queries import Queries
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Record
from app.domain.confirmacao import EstadoMensagem
from app.domain.politica import AoIncerta
from app.domain.ritmo import Ritmo
from app.domain.saida import SEM_PROVA
from app.models import Canal
from app.repositories.base import FatoHistorico, HistoricoRepository
from app.repositories.efeitos import EfeitoRepository
from app.repositories.hospital import HospitalRepository
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

    @property
    def lote(self) -> Lote:
        return Lote(self.ids, self.de, self.ate)


@dataclass(frozen=True, slots=True)
class Custo:
    """The most one message may spend on a channel, by what is known of its contact."""

    of: Callable[[bool, bool], int]
    """(gateway id known, conversation open) → units"""


class LiberacaoService:
    """The only place where a channel's rate is spent; one row per channel makes it exact whatever the workers."""

    def __init__(self, session: AsyncSession, tenant_id: int, *, chunk_size: int = 500) -> None:
        """Take an open transaction of one hospital."""
        self._session = session
        self._tenant_id = tenant_id
        self._chunk_size = chunk_size
        self._saida = SaidaRepository(session, tenant_id)
        self._hospital = HospitalRepository(session, tenant_id)
        self._historico = HistoricoRepository(session, tenant_id)
        self._efeitos = EfeitoRepository(session, tenant_id)

    async def release(self, custos: Mapping[int, Custo], *, now: datetime) -> int:
        """Release what every channel with a gateway (`custos` by channel) may send now; return how many messages."""
        total = 0
        for canal in await self._hospital.canais_for_release(now):
            if canal.id in custos:
                total += await self._release_canal(canal, custos[canal.id], now)
        return total

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

    async def _release_canal(self, canal: Canal, custo: Custo, now: datetime) -> int:
        ritmo = Ritmo(canal.taxa_por_minuto) if canal.taxa_por_minuto else None
        fichas = ritmo.refill(canal.fichas, canal.fichas_em, now) if ritmo else float("inf")
        most = self._chunk_size * _WAVES
        limite = min(max(int(fichas), 0) + 1, most) if ritmo else most  # a dear message leaves the bucket in debt
        chosen: list[tuple[int, date, int]] = []
        for row in await self._saida.candidates(canal.id, now, limite=limite):
            units = custo.of(row.conhecido, row.sessao)
            if ritmo and not ritmo.allows(fichas, units):
                break
            fichas -= ritmo.charge(units) if ritmo else units
            chosen.append((row.id, row.dia, units))
        if ritmo:
            await self._saida.spend(canal.id, fichas, em=ritmo.mark(canal.fichas_em, now))
        if chosen:
            await self._enqueue(canal.id, chosen, now)
        return len(chosen)

    async def _enqueue(self, canal_id: int, chosen: Sequence[tuple[int, date, int]], now: datetime) -> None:
        chunks = [(str(uuid.uuid4()), chunk) for chunk in _slices(chosen, self._chunk_size)]
        rows = [(ident, dia, units, key) for key, chunk in chunks for ident, dia, units in chunk]
        await self._saida.release(canal_id, rows, now=now)
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
            )
            for _, chunk in chunks
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
