"""What arrives while a transaction runs goes together into the next one: many answers, one commit."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.services.webhook_service import Chegada

_SIZE: Final = 32
_AT_ONCE: Final = 2  # while one waits for the database, another is read and written up

Resposta = dict[str, Any]
ApplyBatch = Callable[[Sequence[Chegada], datetime], Awaitable[Sequence[Resposta | Exception | None]]]
"""Answers, or what failed, in the order of the events; None must wait for another of the batch."""


@dataclass(slots=True)
class _Espera:
    chegada: Chegada
    now: datetime
    answer: asyncio.Future[Resposta] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Fila:
    """One hospital's events, first come first served; nobody waits longer than the batch before theirs takes."""

    def __init__(self, apply: ApplyBatch) -> None:
        """`apply` never raises."""
        self._apply = apply
        self._waiting: deque[_Espera] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, chegada: Chegada, now: datetime) -> Resposta:
        """Return the answer once it is committed, or raise what kept it from being."""
        espera = _Espera(chegada, now)
        self._waiting.append(espera)
        if len(self._running) < _AT_ONCE:
            task = asyncio.create_task(self._run())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await espera.answer

    async def _run(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(_SIZE, len(self._waiting)))]
            now = max(espera.now for espera in batch)
            answers = await self._apply([espera.chegada for espera in batch], now)
            pairs = list(zip(batch, answers, strict=True))
            self._waiting.extendleft(espera for espera, answer in reversed(pairs) if answer is None)
            for espera, answer in pairs:
                _tell(espera.answer, answer)


def _tell(waiting: asyncio.Future[Resposta], answer: Resposta | Exception | None) -> None:
    if waiting.done() or answer is None:  # whoever asked may have gone; what was committed stands
        return
    if isinstance(answer, Exception):
        waiting.set_exception(answer)
    else:
        waiting.set_result(answer)
