"""The visits whose cut-off has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from app.domain.confirmacao import PROVAS, StatusConfirmacao
from app.domain.saida import PERGUNTAS
from app.repositories.base import TenantRepository, sql_list

_DUE: Final = text(f"""
SELECT a.id, a.status_confirmacao,
       EXISTS (SELECT FROM mensagens_atendimentos ma
               JOIN mensagens m ON m.tenant_id = ma.tenant_id AND m.id = ma.mensagem_id AND m.dia = ma.dia
               WHERE ma.tenant_id = a.tenant_id AND ma.atendimento_id = a.id AND ma.horario_versao = a.horario_versao
                 AND m.modelo IN {sql_list(PERGUNTAS)} AND m.estado IN {sql_list(PROVAS)}
              ) AS perguntada
FROM atendimentos a
WHERE a.tenant_id = :tenant AND a.corte_em <= :now
  AND (a.status_confirmacao <> 'pendente' OR a.data_consulta <= :now)
ORDER BY a.corte_em LIMIT :limite FOR UPDATE OF a SKIP LOCKED""")  # noqa: S608  constants
_CLEAR: Final = text("""
UPDATE atendimentos SET corte_em = NULL WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[]))""")


@dataclass(frozen=True, slots=True)
class Vencido:
    """A visit nobody answered for in time; `perguntada`: a question surely reached the phone."""

    id: int
    status: StatusConfirmacao
    perguntada: bool


class CorteRepository(TenantRepository):
    """Reads and clears cut-offs."""

    async def due(self, now: datetime, *, limite: int) -> list[Vencido]:
        """Return the visits to give up on, locked; one not asked yet keeps its cut-off until it is."""
        rows = await self._session.execute(_DUE, {"tenant": self._tenant_id, "now": now, "limite": limite})
        return [Vencido(row.id, StatusConfirmacao(row.status_confirmacao), row.perguntada) for row in rows]

    async def clear(self, ids: Sequence[int]) -> None:
        await self._session.execute(_CLEAR, {"tenant": self._tenant_id, "ids": list(ids)})
