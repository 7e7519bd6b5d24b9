"""How many visits were asked about, reached, answered, confirmed, given up: as a whole and by what a manager asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import text

from app.domain.confirmacao import PEDEM_RESPOSTA
from app.repositories.base import TenantRepository, sql_list

# One pass over the period's visits; GROUPING tells which question a row answers.
_COUNTS: Final = text(f"""
WITH visitas AS (
    SELECT a.dia, u.nome AS unidade, a.especialidade, a.nome_medico, a.status_confirmacao AS status,
           a.respondido_em IS NOT NULL AS respondido,
           coalesce(m.enviado, false) AS enviado, coalesce(m.entregue, false) AS entregue
    FROM atendimentos a
    LEFT JOIN unidades u ON u.tenant_id = a.tenant_id AND u.id = a.unidade_id
    LEFT JOIN LATERAL (
        SELECT bool_or(m.enviada_em IS NOT NULL) AS enviado,
               bool_or(m.entregue_em IS NOT NULL OR m.lida_em IS NOT NULL) AS entregue
        FROM mensagens_atendimentos ma
        JOIN mensagens m ON m.tenant_id = ma.tenant_id AND m.dia = ma.dia AND m.id = ma.mensagem_id
        WHERE ma.tenant_id = a.tenant_id AND ma.atendimento_id = a.id AND m.tipo IN {sql_list(PEDEM_RESPOSTA)}
    ) AS m ON true
    WHERE a.tenant_id = :tenant AND a.dia BETWEEN :de AND :ate
      AND a.data_consulta >= :desde AND a.data_consulta < :antes)
SELECT CASE WHEN GROUPING(dia) = 0 THEN 'dia' WHEN GROUPING(unidade) = 0 THEN 'unidade'
            WHEN GROUPING(especialidade) = 0 THEN 'especialidade' WHEN GROUPING(nome_medico) = 0 THEN 'medico'
            ELSE 'total' END AS recorte,
       coalesce(CAST(dia AS text), unidade, especialidade, nome_medico) AS chave,
       count(*) AS atendimentos,
       count(*) FILTER (WHERE enviado) AS enviados,
       count(*) FILTER (WHERE entregue) AS entregues,
       count(*) FILTER (WHERE enviado AND respondido) AS respondidos,
       count(*) FILTER (WHERE status = 'confirmado') AS confirmados,
       count(*) FILTER (WHERE status = 'cancelado') AS cancelados,
       count(*) FILTER (WHERE status = 'reagendar') AS reagendar,
       count(*) FILTER (WHERE status = 'sem_resposta') AS sem_resposta
FROM visitas
GROUP BY GROUPING SETS ((), (dia), (unidade), (especialidade), (nome_medico))
ORDER BY recorte, chave NULLS LAST
LIMIT 5000""")  # noqa: S608  constants


@dataclass(frozen=True, slots=True)
class Contagem:
    """`recorte` is total, dia, unidade, especialidade or medico; `chave` its value."""

    recorte: str
    chave: str | None
    atendimentos: int
    enviados: int
    entregues: int
    respondidos: int
    confirmados: int
    cancelados: int
    reagendar: int
    sem_resposta: int


class EstatisticaRepository(TenantRepository):
    """Counts the visits of a period."""

    async def count(self, de: date, ate: date) -> Sequence[Contagem]:
        parameters = {
            "tenant": self._tenant_id,
            "de": de,
            "ate": ate,
            "desde": datetime.combine(de, time(), UTC) - timedelta(days=1),  # the index knows instants, not local days
            "antes": datetime.combine(ate, time(), UTC) + timedelta(days=2),
        }
        return [Contagem(*row) for row in await self._session.execute(_COUNTS, parameters)]
