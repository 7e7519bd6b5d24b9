"""The worker of a simulation: told when a chunk is done, and killed when the bad day says so."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from app.services.liberacao_service import ChunkJob
from app.wiring import Programa
from app.workers.loop import Worker
from app.workers.outbox import Outbox, Outcome

_SEM_NOTICIA_S: Final = 2.0


class OutboxContada(Outbox):
    """Counts the messages of the chunks that came to an end, and knows the tasks that are at it."""

    def __init__(self, programa: Programa) -> None:
        super().__init__(
            programa.database,
            programa.canais.gateway,
            programa.clock,
            concurrency=programa.settings.worker.concurrency,
        )
        self.feitas = 0
        self.tarefas: set[asyncio.Task[object]] = set()
        self.mudou = asyncio.Event()

    async def send_chunk(self, job: ChunkJob) -> Sequence[Outcome]:
        tarefa = asyncio.current_task()
        if tarefa is not None:
            self.tarefas.add(tarefa)
            tarefa.add_done_callback(self.tarefas.discard)
        try:
            return await super().send_chunk(job)
        finally:
            self.feitas += len(job.ids)
            self.mudou.set()


class Operario:
    """One worker at a time, without cron and without release: the driver does both."""

    def __init__(self, programa: Programa) -> None:
        self._programa = programa
        self._outbox = OutboxContada(programa)
        self._worker: Worker | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._outbox = OutboxContada(self._programa)
        programa = self._programa
        self._worker = Worker(programa.database, self._outbox, programa.scheduler, with_cron=False, releases=False)
        self._task = asyncio.create_task(self._worker.run())

    async def stop(self) -> None:
        """Let it finish what it began."""
        if self._worker is not None and self._task is not None:
            self._worker.stop()
            with suppress(asyncio.CancelledError):
                await self._task
            self._worker = self._task = None

    @property
    def feitas(self) -> int:
        return self._outbox.feitas

    async def wait_for(self, feitas: int) -> bool:
        """Wait until so many messages were dealt with; False when there was no news for a while."""
        while self._outbox.feitas < feitas:
            self._outbox.mudou.clear()
            try:
                await asyncio.wait_for(self._outbox.mudou.wait(), _SEM_NOTICIA_S)
            except TimeoutError:
                return False
        return True

    async def kill(self) -> None:
        """End it as a kill does: in the middle, with nothing written down."""
        vitimas = [*self._outbox.tarefas, *([self._task] if self._task else [])]
        self._worker = self._task = None
        for tarefa in vitimas:
            tarefa.cancel()
        await asyncio.gather(*vitimas, return_exceptions=True)
