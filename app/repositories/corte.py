"""The visits whose cut-off has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from app.domain.confirmacao import StatusConfirmacao
from app.repositories.base import TenantRepository

_DUE: Final = text("""
SELECT id, status_confirmacao FROM atendimentos
WHERE tenant_id = :tenant AND corte_em <= :now ORDER BY corte_em LIMIT :limite FOR UPDATE SKIP LOCKED""")
_CLEAR: Final = text("""
UPDATE atendimentos SET corte_em = NULL WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[]))""")


@dataclass(frozen=True, slots=True)
class Vencido:
    """A visit nobody answered for in time."""

    id: int
    status: StatusConfirmacao


class CorteRepository(TenantRepository):
    """Reads and clears cut-offs."""

    async def due(self, now: datetime, *, limite: int) -> list[Vencido]:
        rows = await self._session.execute(_DUE, {"tenant": self._tenant_id, "now": now, "limite": limite})
        return [Vencido(row.id, StatusConfirmacao(row.status_confirmacao)) for row in rows]

    async def clear(self, ids: Sequence[int]) -> None:
        await self._session.execute(_CLEAR, {"tenant": self._tenant_id, "ids": list(ids)})
