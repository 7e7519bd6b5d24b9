"""The bad day: faults at the gateway by seed and message, a killed worker, a restarted database, an hour of outage."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from app.simulator.botconversa import Fault, FaultPlan
from app.simulator.simulacao.relogio import HORA

if TYPE_CHECKING:
    from app.simulator.simulacao.ambiente import Ambiente

TAXAS: Final[Mapping[Fault, float]] = {
    Fault.LOST_ANSWER: 0.01,
    Fault.ERROR_AFTER: 0.005,
    Fault.REFUSED_500: 0.01,
    Fault.RESET: 0.01,
    Fault.SLOW: 0.003,
    Fault.GARBAGE: 0.005,
    Fault.THROTTLE: 0.002,
}
_FORA_DO_AR: Final = 503
_ESPERA_S: Final = 0.02
_TENTATIVAS: Final = 500
_NO_AR: Final = text("""
SELECT count(*) FILTER (WHERE estado = 'na_fila'), count(*) FILTER (WHERE estado = 'em_envio')
FROM mensagens WHERE tenant_id = :t AND estado IN ('na_fila', 'em_envio')""")


class DiaRuim:
    """Draws nothing itself and does nothing: the day without faults."""

    async def begin(self, agora: datetime) -> None:
        """Change what is to be changed from `agora` on."""

    async def disturb(self, agora: datetime) -> int | None:
        """Release in the driver's place and break something meanwhile; None when the driver shall release."""
        del agora
        return None

    def next_after(self, agora: datetime) -> datetime | None:
        """Return when `begin` or `disturb` want to be called next."""
        del agora
        return None


class Falhas(DiaRuim):
    """Three accidents before the first day of the visits, each once."""

    def __init__(self, ambiente: "Ambiente", primeiro_dia: datetime) -> None:
        """`primeiro_dia` is the first day's local midnight: by then the questions of 72 h and 48 h are on their way."""
        self._ambiente = ambiente
        self._apagao = (primeiro_dia - 14 * HORA, primeiro_dia - 13 * HORA)
        self._morte: datetime | None = primeiro_dia - timedelta(days=2) + 10 * HORA
        self._reinicio: datetime | None = primeiro_dia - timedelta(days=1) + 9 * HORA
        self.feitas: list[str] = []

    async def begin(self, agora: datetime) -> None:
        inicio, fim = self._apagao
        fora = inicio <= agora < fim
        if fora and self._ambiente.gateway.options.outage is None:
            self.feitas.append("apagao")
        self._ambiente.gateway.options.outage = _FORA_DO_AR if fora else None

    def next_after(self, agora: datetime) -> datetime | None:
        futuros = [instante for instante in (*self._apagao, self._morte, self._reinicio) if instante]
        return min((instante for instante in futuros if instante > agora), default=None)

    async def disturb(self, agora: datetime) -> int | None:
        if self._morte is not None and agora >= self._morte:
            return await self._kill()
        if self._reinicio is not None and agora >= self._reinicio:
            return await self._restart()
        return None

    async def _kill(self) -> int:
        """Kill the worker when the gateway has taken every message of its chunks and answered none."""
        liberadas = await self._release_into(Fault.SILENT)
        if liberadas:
            self._morte = None
            await self._ambiente.operario.kill()
            self._ambiente.operario.start()
            self.feitas.append("trabalhador_morto")
        return liberadas

    async def _restart(self) -> int:
        """Restart the database between a chunk's two transactions."""
        liberadas = await self._release_into(Fault.SLOW)
        if liberadas:
            self._reinicio = None
            self._ambiente.servidor.restart()
            self.feitas.append("banco_reiniciado")
        return liberadas

    async def _release_into(self, falha: Fault) -> int:
        """Release into a gateway where every text meets `falha`; return once each was handed over."""
        gateway = self._ambiente.gateway
        plano, antes = gateway.faults, len(gateway.log)
        lento, gateway.options.slow_seconds = gateway.options.slow_seconds, 1.0
        gateway.faults = FaultPlan(plano.seed, {falha: 1.0}, only={"send_message"})
        try:
            liberadas = await self._ambiente.programa.scheduler.release()
            if liberadas:
                await self._all_handed_over(falha, antes)
        finally:
            gateway.faults, gateway.options.slow_seconds = plano, lento
        return liberadas

    async def _all_handed_over(self, falha: Fault, antes: int) -> None:
        programa = self._ambiente.programa
        for _ in range(_TENTATIVAS):
            async with programa.database.session_scope(programa.tenant_id) as session:
                na_fila, em_envio = (await session.execute(_NO_AR, {"t": programa.tenant_id})).one()
            entregues = sum(linha["falha"] == falha for linha in self._ambiente.gateway.log[antes:])
            if not na_fila and entregues >= em_envio:
                return
            await asyncio.sleep(_ESPERA_S)
