"""The cron entries: what runs when. No rule lives here."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Final, Protocol

from croniter import croniter
from loguru import logger
from pgqueuer import PgQueuer
from pgqueuer.models import Schedule
from sqlalchemy import text

from app.database import Database, is_away
from app.repositories.hospital import HospitalRepository
from app.services.lembrete_service import LembreteService
from app.services.liberacao_service import LiberacaoService, Via

_BATCHES: Final = 200  # of one entry's run: a backlog must not keep the other entries waiting for ever
_AHEAD: Final = timedelta(days=120)
_SAVE: Final = text("""
INSERT INTO execucoes (nome, ultima_em, resultado, duracao_s) VALUES (:nome, :em, :resultado, :duracao)
ON CONFLICT (nome) DO UPDATE SET ultima_em = excluded.ultima_em, resultado = excluded.resultado,
                                 duracao_s = excluded.duracao_s""")


class Channels(Protocol):
    """The hospitals and their channels."""

    async def tenants(self) -> list[int]: ...

    async def vias(self) -> Mapping[int, Mapping[int, Via]]:
        """Return hospital → channel → the channel as a road."""
        ...


class KeptEvents(Protocol):
    """Events that could not be applied when they came."""

    async def apply_kept(self, tenant_id: int, *, now: datetime) -> int: ...


class Receipts(Protocol):
    """News of messages that waits to be applied."""

    async def apply(self, now: datetime) -> int: ...

    async def apply_of(self, tenant_id: int, now: datetime) -> int: ...


SettleDoubts = Callable[[int, datetime], Awaitable[int]]
"""Asks one hospital's gateways about messages whose answer was lost; returns how many were found."""

SyncTemplates = Callable[[int, datetime], Awaitable[int]]
"""Asks one hospital's gateways what became of the texts they approved; returns how many changed."""


@dataclass(frozen=True, slots=True)
class Entrada:
    """One cron entry; `run` does the work of one hospital and returns how much there was."""

    name: str
    cron: str
    run: Callable[[int, datetime], Awaitable[int]]

    def next_run(self, now: datetime) -> datetime:
        """Return when the entry is due after `now`."""
        following: datetime = croniter(self.cron, now).get_next(datetime)
        return following


@dataclass(frozen=True, slots=True)
class SchedulerOptions:
    """The `SCHEDULER_*` switches."""

    enable_confirmation_job: bool = True
    enable_reminder_job: bool = True
    monitoring_interval_minutes: int = 1


class AppointmentScheduler:
    """Runs the entries for every hospital; safe with many processes, because each entry locks what it takes."""

    def __init__(
        self,
        database: Database,
        canais: Channels,
        inbox: KeptEvents,
        clock: Callable[[], datetime],
        *,
        receipts: Receipts,
        settle_doubts: SettleDoubts,
        sync_templates: SyncTemplates,
        options: SchedulerOptions,
        chunk_size: int = 500,
    ) -> None:
        """Take what the entries work with."""
        self._database = database
        self._canais = canais
        self._inbox = inbox
        self._receipts = receipts
        self._clock = clock
        self._options = options
        self._chunk_size = chunk_size
        minutes = options.monitoring_interval_minutes
        every = f"*/{minutes} * * * *" if minutes > 1 else "* * * * *"
        planning = [Entrada("planejar", every, self._plan)] if options.enable_confirmation_job else []
        self.entries: tuple[Entrada, ...] = (
            *planning,
            Entrada("recibos", "* * * * *", receipts.apply_of),
            Entrada("cortes", "* * * * *", self._cutoffs),
            Entrada("expirar", "* * * * *", self._expire),
            Entrada("resgatar", "* * * * *", self._rescue),
            Entrada("duvidas", "* * * * *", settle_doubts),
            Entrada("entrada_pendente", "* * * * *", self._apply_kept),
            Entrada("modelos", "20 * * * *", sync_templates),
            Entrada("particoes", "10 3 * * *", self._partitions),
        )

    def register(self, queue: PgQueuer) -> None:
        """Put the entries on the queue's cron."""
        for entry in self.entries:
            self._register(queue, entry)

    async def run_entry(self, entry: Entrada) -> int:
        """Run one entry for all hospitals and note how it went; one hospital's failure leaves the others theirs."""
        started, now, total, failed = monotonic(), self._clock(), 0, 0
        for tenant_id in await self._canais.tenants():
            try:
                total += await entry.run(tenant_id, now)
            except Exception as error:  # one hospital's fault, of whatever kind, is not the next one's
                failed += 1
                log = logger.bind(entry=entry.name, tenant=tenant_id, error=type(error).__name__)
                log.exception("scheduler.failed")
        result = f"falhou em {failed} hospital(is)" if failed else f"ok: {total}"
        async with self._database.global_scope() as session:
            parameters = {"nome": entry.name, "em": now, "resultado": result, "duracao": monotonic() - started}
            await session.execute(_SAVE, parameters)
        return total

    async def run_all(self) -> int:
        """Run every entry once, in order: what the demonstration's clock and the tests do instead of cron."""
        return sum([await self.run_entry(entry) for entry in self.entries])

    async def release(self) -> int:
        """Release what the channels may send now; return how many messages. One hospital's failure is its own."""
        now, total = self._clock(), 0
        for tenant_id, vias in (await self._canais.vias()).items():
            try:
                async with self._database.session_scope(tenant_id) as session:
                    service = LiberacaoService(session, tenant_id, chunk_size=self._chunk_size)
                    total += await service.release(vias, now=now)
            except Exception as error:  # one hospital's fault, of whatever kind, is not the next one's
                if is_away(error):
                    raise
                log = logger.bind(entry="release", tenant=tenant_id, error=type(error).__name__)
                log.exception("scheduler.failed")
        return total

    async def receive(self) -> int:
        """Apply the receipts that came; return how many."""
        return await self._receipts.apply(self._clock())

    def _register(self, queue: PgQueuer, entry: Entrada) -> None:
        @queue.schedule(entry.name, entry.cron)
        async def run(_: Schedule) -> None:
            await self.run_entry(entry)

    async def _plan(self, tenant_id: int, now: datetime) -> int:
        total = 0
        for _ in range(_BATCHES):
            async with self._database.session_scope(tenant_id) as session:
                service = LembreteService(session, tenant_id)
                planned = await service.plan_due(now, lembretes=self._options.enable_reminder_job)
            total += planned
            if not planned:
                break
        return total

    async def _cutoffs(self, tenant_id: int, now: datetime) -> int:
        async with self._database.session_scope(tenant_id) as session:
            return await LembreteService(session, tenant_id).close_cutoffs(now)

    async def _expire(self, tenant_id: int, now: datetime) -> int:
        async with self._database.session_scope(tenant_id) as session:
            return await LiberacaoService(session, tenant_id).expire(now)

    async def _rescue(self, tenant_id: int, now: datetime) -> int:
        async with self._database.session_scope(tenant_id) as session:
            service = LiberacaoService(session, tenant_id)
            return await service.rescue(now) + await service.repeat_uncertain(now)

    async def _apply_kept(self, tenant_id: int, now: datetime) -> int:
        return await self._inbox.apply_kept(tenant_id, now=now)

    async def _partitions(self, tenant_id: int, now: datetime) -> int:
        async with self._database.session_scope(tenant_id) as session:
            await HospitalRepository(session, tenant_id).ensure_partitions(now.date(), (now + _AHEAD).date())
        return 0
