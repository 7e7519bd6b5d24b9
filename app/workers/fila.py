"""What arrives while a transaction runs goes together into the next one: many events, one commit."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

E = TypeVar("E")
R = TypeVar("R")


@dataclass(slots=True)
class _Espera(Generic[E, R]):
    event: E
    now: datetime
    answer: "asyncio.Future[R]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Fila(Generic[E, R]):
    """Events of one sort, first come first served; nobody waits longer than the batch before theirs takes."""

    def __init__(
        self,
        apply: Callable[[Sequence[E], datetime], Awaitable[Sequence[R | Exception | None]]],
        *,
        size: int,
        at_once: int,
    ) -> None:
        """`apply` never raises: it returns answers, or what failed, in the order of the events.

        None must wait for another of the batch. `size` bounds a batch, `at_once` how many are under way: while one
        waits for the database, another is read and written up.
        """
        self._apply, self._size, self._at_once = apply, size, at_once
        self._waiting: deque[_Espera[E, R]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, event: E, now: datetime) -> R:
        """Return the answer once it is committed, or raise what kept it from being."""
        espera: _Espera[E, R] = _Espera(event, now)
        self._waiting.append(espera)
        if len(self._running) < self._at_once:
            task = asyncio.create_task(self._run())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await espera.answer

    async def _run(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(self._size, len(self._waiting)))]
            now = max(espera.now for espera in batch)
            answers = await self._apply([espera.event for espera in batch], now)
            pairs = list(zip(batch, answers, strict=True))
            self._waiting.extendleft(espera for espera, answer in reversed(pairs) if answer is None)
            for espera, answer in pairs:
                _tell(espera.answer, answer)


def _tell(waiting: "asyncio.Future[R]", answer: R | Exception | None) -> None:
    if waiting.done() or answer is None:  # whoever asked may have gone; what was committed stands
        return
    if isinstance(answer, Exception):
        waiting.set_exception(answer)
    else:
        waiting.set_result(answer)
