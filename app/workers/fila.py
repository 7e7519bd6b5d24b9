"""What arrives while a transaction runs goes together into the next one: many events, one commit."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

E = TypeVar("E")
R = TypeVar("R")
_MOST_WAITING: Final = 5_000  # beyond this the caller is told to come back: memory and patience have an end


class FilaCheia(Exception):  # noqa: N818  named for what happened
    """More events wait than can be applied in reasonable time: nothing of this one was taken."""


@dataclass(slots=True)
class _Espera(Generic[E, R]):
    event: E
    now: datetime
    lane: Hashable
    answer: asyncio.Future[R] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Fila(Generic[E, R]):
    """Events of one sort. Those of one lane keep their order; lanes take turns: nobody's flood holds up others."""

    def __init__(
        self,
        apply: Callable[[Sequence[E], datetime], Awaitable[Sequence[R | Exception | None]]],
        *,
        size: int,
        at_once: int,
        lane_of: Callable[[E], Hashable] = id,
        most_waiting: int = _MOST_WAITING,
        gather_s: float = 0.0,
    ) -> None:
        """`apply` never raises: it returns answers, or what failed, in the order of the events.

        None must wait for another of the batch. `size` bounds a batch, `at_once` how many are under way: while one
        waits for the database, another is read and written up. `lane_of` tells events that must not overtake one
        another; without it every event is alone. `gather_s`: how long a batch waits for company, where a commit costs
        more than the wait.
        """
        self._gather_s = gather_s
        self._apply, self._size, self._at_once, self._lane_of = apply, size, at_once, lane_of
        self._most_waiting = most_waiting
        self._lanes: OrderedDict[Hashable, deque[_Espera[E, R]]] = OrderedDict()
        self._parked: dict[Hashable, deque[_Espera[E, R]]] = {}
        self._waiting = 0
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, event: E, now: datetime) -> R:
        """Return the answer once it is committed, or raise what kept it from being."""
        if self._waiting >= self._most_waiting:
            raise FilaCheia
        espera: _Espera[E, R] = _Espera(event, now, self._lane_of(event))
        under_way = self._parked.get(espera.lane)
        (self._lanes.setdefault(espera.lane, deque()) if under_way is None else under_way).append(espera)
        self._waiting += 1
        if len(self._running) < self._at_once:
            task = asyncio.create_task(self._run())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await espera.answer

    async def _run(self) -> None:
        while self._lanes:
            await asyncio.sleep(self._gather_s)
            batch = self._take()
            if not batch:  # another took them meanwhile
                return
            now = max(espera.now for espera in batch)
            answers = await self._apply([espera.event for espera in batch], now)
            pairs = list(zip(batch, answers, strict=True))
            for espera, answer in reversed(pairs):
                self._free(espera, again=answer is None)
            for espera, answer in pairs:
                _tell(espera.answer, answer)

    def _take(self) -> list[_Espera[E, R]]:
        """Take the first of each lane, the lanes that waited longest first; a lane has one event under way at most."""
        batch = []
        for _ in range(min(self._size, len(self._lanes))):
            lane, waiting = self._lanes.popitem(last=False)
            batch.append(waiting.popleft())
            self._parked[lane] = waiting
        self._waiting -= len(batch)
        return batch

    def _free(self, espera: _Espera[E, R], *, again: bool) -> None:
        """Let the next of a lane come: the same one once more, before all others, where it had to wait for another."""
        waiting = self._parked.pop(espera.lane)
        if again:
            waiting.appendleft(espera)
            self._waiting += 1
        if waiting:
            self._lanes[espera.lane] = waiting
            self._lanes.move_to_end(espera.lane, last=not again)


def _tell(waiting: asyncio.Future[R], answer: R | Exception | None) -> None:
    if waiting.done() or answer is None:  # whoever asked may have gone; what was committed stands
        return
    if isinstance(answer, Exception):
        waiting.set_exception(answer)
    else:
        waiting.set_result(answer)
