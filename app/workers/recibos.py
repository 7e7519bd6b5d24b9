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

_LONGEST_ID: Final = 200
_CALLS: Final = 500  # of one commit
_AT_ONCE: Final = 2
_GATHER_S: Final = 0.005  # a commit costs as much as what thirty receipts do
_BATCHES: Final = 20  # of one round: others want the database too
_SIZES: Final = (5_000, 100, 1)  # smaller and smaller, to find the one that cannot be applied

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
                tentar_em=now,
                canal_id=pronto.canal_id,
                sobre_id=_kept(event.about_id),
                nossa_chave=_kept(event.our_key),
                estado=str(event.estado),
                falha=event.falha,
                codigo=_kept(event.codigo),
                em=event.sent_at,
            )
            for event in events
        ]
        fila = self._filas.get(pronto.tenant_id)
        if fila is None:
            store = partial(self._store, pronto.tenant_id)
            fila = self._filas[pronto.tenant_id] = Fila(store, size=_CALLS, at_once=_AT_ONCE, gather_s=_GATHER_S)
        await fila.submit(recibos, now)

    async def apply(self, now: datetime) -> int:
        """Apply what waits at every hospital; return how many were taken. One hospital's failure is its own."""
        total = 0
        for tenant_id in await self._canais.tenants():
            total += await self.apply_of(tenant_id, now)
        return total

    async def apply_of(self, tenant_id: int, now: datetime) -> int:
        """Apply what waits at one hospital; a receipt that cannot be applied is dropped and holds up no others."""
        ultimos = await self._canais.last_resorts(tenant_id)
        total, size = 0, 0
        for _ in range(_BATCHES):
            try:
                async with self._database.session_scope(tenant_id) as session:
                    service = ReciboService(session, tenant_id)
                    taken = await service.apply(now, ultimos=ultimos, limite=_SIZES[size])
            except Exception as error:  # whatever one receipt spoils must not hold up the hospital's others
                if is_away(error):
                    raise
                log = logger.bind(tenant=tenant_id, error=type(error).__name__)
                log.opt(exception=error).error("receipts.failed")
                if size == len(_SIZES) - 1:
                    await self._drop_first(tenant_id, now)
                size = min(size + 1, len(_SIZES) - 1)
                continue
            total += taken
            if not taken:
                break
        return total

    async def _drop_first(self, tenant_id: int, now: datetime) -> None:
        async with self._database.session_scope(tenant_id) as session:
            await ReciboRepository(session, tenant_id).take(now, limite=1)

    async def _store(self, tenant_id: int, calls: Sequence[Recibos], now: datetime) -> Sequence[bool | Exception]:
        """Store calls in one commit; if one of them spoils it, each in its own."""
        try:
            async with self._database.session_scope(tenant_id) as session:
                rows = [recibo for recibos in calls for recibo in recibos]
                await ReciboRepository(session, tenant_id).store(rows)
        except Exception as error:  # noqa: BLE001  each caller is told, and calls again
            if is_away(error) or len(calls) == 1:
                return [error] * len(calls)
            return [(await self._store(tenant_id, [recibos], now))[0] for recibos in calls]
        return [True] * len(calls)


def _kept(ident: str | None) -> str | None:
    """Return an id that a database can keep and find; another is none of ours, and must not spoil its neighbours."""
    return ident if ident and len(ident) <= _LONGEST_ID and "\x00" not in ident else None
