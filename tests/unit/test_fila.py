"""Events that wait together go together: each once, whoever takes them, and none is left behind."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from app.workers.fila import Fila

NOW: Final = datetime(2026, 3, 2, 13, tzinfo=UTC)


class Banco:
    """Takes batches as a database does: a little later."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    async def apply(self, events: Sequence[int], now: datetime) -> Sequence[int]:  # noqa: ARG002  of every Fila
        self.batches.append(list(events))
        await asyncio.sleep(0.002)
        return [event * 10 for event in events]

    @property
    def taken(self) -> list[int]:
        return sorted(event for batch in self.batches for event in batch)


async def test_what_comes_within_the_gathering_shares_a_batch() -> None:
    banco = Banco()
    fila: Fila[int, int] = Fila(banco.apply, size=50, at_once=2, gather_s=0.01)
    answers = await asyncio.gather(*(fila.submit(n, NOW) for n in range(40)))
    assert answers == [n * 10 for n in range(40)]
    assert banco.taken == list(range(40))
    assert len(banco.batches) <= 2


async def test_two_that_gather_at_once_lose_and_double_nothing() -> None:
    banco = Banco()
    fila: Fila[int, int] = Fila(banco.apply, size=3, at_once=2, gather_s=0.001)

    async def come(n: int) -> int:
        await asyncio.sleep(n % 7 * 0.0007)
        return await fila.submit(n, NOW)

    answers = await asyncio.gather(*(come(n) for n in range(200)))
    assert answers == [n * 10 for n in range(200)]
    assert banco.taken == list(range(200))


async def test_after_a_silence_the_next_one_is_taken_too() -> None:
    banco = Banco()
    fila: Fila[int, int] = Fila(banco.apply, size=3, at_once=2, gather_s=0.001)
    for n in range(3):
        assert await fila.submit(n, NOW) == n * 10
        await asyncio.sleep(0.004)
    assert banco.batches == [[0], [1], [2]]
