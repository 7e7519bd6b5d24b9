"""The worker process: takes chunk jobs, runs the cron, releases every second, and comes back after an outage."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final, Protocol

import asyncpg
import msgspec
from loguru import logger
from pgqueuer import PgQueuer
from pgqueuer.models import Job

from app.database import Database
from app.services.liberacao_service import ENTRYPOINT, ChunkJob
from app.workers.outbox import Outbox

RELEASE_EVERY_S: Final = 0.5
RECEIVE_EVERY_S: Final = 1.0
_DEQUEUE_TIMEOUT: Final = timedelta(seconds=2)  # with the next: a killed worker's jobs run again within seconds
_HEARTBEAT_TIMEOUT: Final = timedelta(seconds=5)
_BATCH: Final = 10  # chunks, not messages
_RESTART_S: Final = (0.5, 1.0, 2.0, 5.0)


class Cron(Protocol):
    """What registers itself on the queue's cron and releases messages."""

    def register(self, queue: PgQueuer) -> None: ...

    async def release(self) -> int: ...

    async def receive(self) -> int: ...


class Worker:
    """One worker. Many may run, here and on other machines."""

    def __init__(
        self, database: Database, outbox: Outbox, scheduler: Cron, *, with_cron: bool = True, releases: bool = True
    ) -> None:
        """`with_cron` and `releases` are off where the caller drives time by itself."""
        self._database = database
        self._outbox = outbox
        self._scheduler = scheduler
        self._with_cron = with_cron
        self._releases = releases
        self._stopping = asyncio.Event()
        self._queue: PgQueuer | None = None

    async def run(self) -> None:
        """Work until `stop`; a lost database is waited for, never fatal."""
        tasks = [asyncio.create_task(self._keep(self._take_jobs))]
        if self._releases:
            tasks += [asyncio.create_task(self._keep(work)) for work in (self._release, self._receive)]
        await asyncio.gather(*tasks)

    def stop(self) -> None:
        """Take no more jobs; those begun are finished."""
        self._stopping.set()
        if self._queue is not None:
            self._queue.shutdown.set()

    async def _keep(self, work: Callable[[], Awaitable[None]]) -> None:
        attempt = 0
        while not self._stopping.is_set():
            try:
                await work()
                attempt = 0
            except Exception as error:  # noqa: BLE001  the loop outlives everything but the order to stop
                logger.bind(work=work.__name__, error=type(error).__name__).warning("worker.restarting")
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), _RESTART_S[min(attempt, len(_RESTART_S) - 1)])
                attempt += 1

    async def _take_jobs(self) -> None:
        pool = await self._database.raw_pool()
        try:
            self._queue = queue = PgQueuer.from_asyncpg_pool(pool)
            # its first probe of the listener may overtake the LISTEN itself: ten seconds later the queue would end
            await queue.connection.add_listener(queue.channel, lambda _: None)
            queue.entrypoint(ENTRYPOINT)(self._send)
            if self._with_cron:
                self._scheduler.register(queue)
            if self._stopping.is_set():
                return
            await queue.run(
                dequeue_timeout=_DEQUEUE_TIMEOUT,
                batch_size=_BATCH,
                max_concurrent_tasks=2 * _BATCH,
                heartbeat_timeout=_HEARTBEAT_TIMEOUT,
                shutdown_on_listener_failure=True,
            )
        finally:
            self._queue = None
            await _close(pool)

    async def _send(self, job: Job) -> None:
        await self._outbox.send_chunk(msgspec.json.decode(job.payload or b"{}", type=ChunkJob))

    async def _release(self) -> None:
        await self._every(RELEASE_EVERY_S, self._scheduler.release)

    async def _receive(self) -> None:
        await self._every(RECEIVE_EVERY_S, self._scheduler.receive)

    async def _every(self, seconds: float, work: Callable[[], Awaitable[int]]) -> None:
        while not self._stopping.is_set():
            await work()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), seconds)


async def _close(pool: asyncpg.Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), 5)
    except (TimeoutError, OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
        pool.terminate()
