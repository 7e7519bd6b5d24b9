"""Receipts: stored with many others in one commit before they are acknowledged, applied in batches soon after."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from loguru import logger

from app.database import Database, is_away
from app.repositories.recibos import Recibo, ReciboRepository
from app.schemas import Recebida
from app.services.recibo_service import ReciboService
from app.workers.canais import Canais, CanalPronto
from app.workers.fila import Fila

_CALLS: Final = 500  # of one commit
_AT_ONCE: Final = 2
_BATCHES: Final = 20  # of one round: others want the database too

Recibos = Sequence[Recibo]


class ReceiptInbox:
    """Takes receipts in, and applies them; owns the transactions."""

    def __init__(self, database: Database, canais: Canais) -> None:
        self._database = database
        self._canais = canais
        self._filas: dict[int, Fila[Recibos, bool]] = {}

    async def keep(self, pronto: CanalPronto, events: Sequence[Recebida], now: datetime) -> None:
        """Return once the receipts of one call are committed."""
        recibos = [
            Recibo(
                recebido_em=now,
                canal_id=pronto.canal_id,
                sobre_id=event.about_id,
                nossa_chave=event.our_key,
                estado=str(event.estado),
                falha=event.falha,
                codigo=event.codigo,
                em=event.sent_at,
            )
            for event in events
        ]
        fila = self._filas.get(pronto.tenant_id)
        if fila is None:
            store = partial(self._store, pronto.tenant_id)
            fila = self._filas[pronto.tenant_id] = Fila(store, size=_CALLS, at_once=_AT_ONCE)
        await fila.submit(recibos, now)

    async def apply(self, now: datetime) -> int:
        """Apply what waits at every hospital; return how many were taken. One hospital's failure is its own."""
        total = 0
        for tenant_id in await self._canais.tenants():
            total += await self.apply_of(tenant_id, now)
        return total

    async def apply_of(self, tenant_id: int, now: datetime) -> int:
        """Apply what waits at one hospital."""
        ultimos = await self._canais.last_resorts(tenant_id)
        total = 0
        try:
            for _ in range(_BATCHES):
                async with self._database.session_scope(tenant_id) as session:
                    taken = await ReciboService(session, tenant_id).apply(now, ultimos=ultimos)
                total += taken
                if not taken:
                    break
        except Exception as error:
            if is_away(error):
                raise
            logger.bind(tenant=tenant_id, error=type(error).__name__).exception("receipts.failed")
        return total

    async def _store(self, tenant_id: int, calls: Sequence[Recibos], now: datetime) -> Sequence[bool | Exception]:
        try:
            async with self._database.session_scope(tenant_id) as session:
                rows = [recibo for recibos in calls for recibo in recibos]
                await ReciboRepository(session, tenant_id).store(rows, tentar_em=now)
        except Exception as error:  # noqa: BLE001  each caller is told, and calls again
            return [error] * len(calls)
        return [True] * len(calls)
