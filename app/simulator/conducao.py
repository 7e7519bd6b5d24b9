"""Drives the demonstration's time: what cron, the release loop and patients do at their hour happens by its clock."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from loguru import logger
from sqlalchemy import Row, text

from app.simulator.relogio import VELOCIDADE, RelogioVirtual, next_morning
from app.simulator.telefone.conversas import Conversas
from app.wiring import Programa

PHONE_PATH: Final = "/demo/telefone"
_EVERY_S: Final = 0.2  # answers and releases
_BUSY_S: Final = 0.03  # while there is more to send: a channel releases two seconds of its rate at a time
_CRON_EVERY_S: Final = 1.0
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_STEP: Final = timedelta(minutes=3)  # of a jump, or more if it goes far
_DRIP: Final = timedelta(seconds=2)  # of a jump while messages wait for their turn: the channel's rate stays true
_STEPS: Final = 100  # of a jump at most, besides the drips
_SETTLE_S: Final = 10.0
_LOOK_S: Final = 0.02

_DUE: Final = text("""
SELECT (SELECT min(planejar_em) FROM atendimentos WHERE tenant_id = :tenant AND planejar_em IS NOT NULL) AS planejar,
       (SELECT min(corte_em) FROM atendimentos WHERE tenant_id = :tenant AND corte_em IS NOT NULL) AS corte,
       (SELECT min(quando) FROM mensagens WHERE tenant_id = :tenant AND estado = 'agendada') AS mensagem,
       EXISTS (SELECT FROM mensagens WHERE tenant_id = :tenant AND estado IN ('na_fila', 'em_envio')) AS voando,
       EXISTS (SELECT FROM mensagens WHERE tenant_id = :tenant AND estado = 'agendada'
               AND recebida_id IS NOT NULL AND quando <= :now) AS devendo_resposta""")


class Condutor:
    """The demonstration's clock as its buttons turn it, and the loop that works by it."""

    phone_url: Final = PHONE_PATH

    def __init__(self, programa: Programa, relogio: RelogioVirtual, conversas: Conversas) -> None:
        """Do nothing until `run`."""
        self._programa = programa
        self._relogio = relogio
        self._conversas = conversas
        self._turn = asyncio.Lock()  # time goes on by its own or jumps, never both
        self._ending = asyncio.Event()
        self._wake = asyncio.Event()

    @property
    def speed(self) -> float:
        return self._relogio.velocidade

    @property
    def now(self) -> datetime:
        return self._relogio()

    async def stop(self) -> None:
        async with self._turn:
            self._relogio.run_at(0)
            await self.save()

    async def go_on(self) -> None:
        async with self._turn:
            self._relogio.run_at(VELOCIDADE)
            await self.save()

    async def jump(self, by: timedelta) -> None:
        async with self._turn:
            await self._travel(self._relogio() + by)

    async def next_day(self) -> None:
        """Go to 08:00 of the day after."""
        async with self._turn:
            await self._travel(next_morning(self._relogio(), self._programa.zona))

    async def save(self) -> None:
        """Note what time it is, for the next start."""
        await self._relogio.save(self._programa.database)

    def hurry(self) -> None:
        """Look now: somebody wrote and waits for what the hospital says."""
        self._wake.set()

    async def run(self) -> None:
        """Work until `end`; one failure is logged and the next turn tries again."""
        cron_at = 0.0
        while not self._ending.is_set():
            cron = monotonic() >= cron_at
            released = await self._try_turn(cron=cron)
            if cron:
                cron_at = monotonic() + _CRON_EVERY_S
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _BUSY_S if released else _EVERY_S)
            self._wake.clear()

    async def _try_turn(self, *, cron: bool) -> int:
        """Take one turn; return how many messages it released, none if it failed."""
        try:
            async with self._turn:
                released = await self._work(cron=cron)
                if not released and not self.speed:
                    released = await self._owe_nobody()
                if cron:
                    await self.save()
        except Exception as error:  # a failed turn is logged and the next one tries: the demonstration goes on
            log = logger.bind(error=type(error).__name__)
            log.exception("demo.turn_failed")
            return 0
        return released

    def end(self) -> None:
        """Let the turn or the jump under way end early."""
        self._ending.set()
        self._wake.set()

    async def _work(self, *, cron: bool) -> int:
        """Do what is due at this moment; return how many messages were released."""
        await self._conversas.answer_due(self._relogio())
        if cron:
            await self._programa.scheduler.run_all()
        return await self._programa.scheduler.release()

    async def _owe_nobody(self) -> int:
        """Let a stopped clock tick on until a patient has their answer: the channel's rate fills with time alone."""
        if not (await self._read_due()).devendo_resposta:
            return 0
        self._relogio.set(self._relogio() + _DRIP)
        return await self._programa.scheduler.release()

    async def _travel(self, goal: datetime) -> None:
        """Go to `goal` in steps, so that nothing due in between is skipped or happens at the wrong hour."""
        relogio, velocidade = self._relogio, self._relogio.velocidade
        relogio.run_at(0)
        step = max(_STEP, (goal - relogio()) / _STEPS)
        cron_at, released = relogio(), 1  # what waited before the jump goes first
        try:
            while relogio() < goal and not self._ending.is_set():
                relogio.set(min(goal, await self._next_stop(step, sending=released > 0)))
                cron = relogio() >= min(cron_at, goal)
                cron_at = relogio() + _MINUTE if cron else cron_at
                released = await self._work(cron=cron)
                await self._settle()
        finally:
            relogio.run_at(velocidade)
            await self.save()

    async def _next_stop(self, step: timedelta, *, sending: bool) -> datetime:
        """Return the next moment to look at: soon while messages wait, after the quiet hours when nothing does."""
        now, row = self._relogio(), await self._read_due()
        if sending and row.mensagem is not None and row.mensagem <= now:
            return now + _DRIP
        ours = min((due for due in (row.planejar, row.corte, row.mensagem) if due is not None), default=None)
        talk = self._conversas.next_due
        stops = [max(ours, now + _MINUTE)] if ours is not None else []
        stops += [max(talk, now + step)] if talk is not None else []  # answers may come a little late
        return min(stops, default=now + _DAY)

    async def _settle(self) -> None:
        """Wait until what was released is sent and recorded."""
        deadline = monotonic() + _SETTLE_S
        while (await self._read_due()).voando and monotonic() < deadline:  # noqa: ASYNC110 - the worker tells the database
            await asyncio.sleep(_LOOK_S)

    async def _read_due(self) -> Row[Any]:
        programa = self._programa
        async with programa.database.session_scope(programa.tenant_id) as session:
            return (await session.execute(_DUE, {"tenant": programa.tenant_id, "now": self._relogio()})).one()
