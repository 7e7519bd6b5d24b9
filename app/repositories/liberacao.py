"""Messages that may leave now, and by which channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import text

from app.database import Record
from app.domain.caminho import Caminho
from app.repositories.base import TenantRepository

_DIA: Final = timedelta(hours=24)
_SEM_WHATSAPP_VALE: Final = timedelta(days=90)  # numbers get WhatsApp, and change hands

_HAS_EMAIL: Final = """EXISTS (
       SELECT FROM mensagens_atendimentos ma
       JOIN atendimentos a ON a.tenant_id = ma.tenant_id AND a.id = ma.atendimento_id
       WHERE ma.tenant_id = m.tenant_id AND ma.mensagem_id = m.id AND a.email IS NOT NULL)"""
# A conversation is open on the channel the person wrote to, and on no other. Whoever wrote within the last minute may
# just have got an answer: only there is it worth looking whether the pause between two messages has passed.
_CANDIDATES: Final = text(f"""
SELECT m.id, m.dia, m.contato_id, cc.externo_id IS NOT NULL AS conhecido, ci.em IS NOT NULL AS iniciado, s.sessao
FROM mensagens m
JOIN contatos c ON c.tenant_id = m.tenant_id AND c.id = m.contato_id
CROSS JOIN LATERAL (
    SELECT coalesce(c.ultima_entrada_em > CAST(:now AS timestamptz) - interval '24 hours'
                    AND coalesce(c.canal_id, :canal) = :canal, false) AND NOT m.exige_modelo) AS s(sessao)
LEFT JOIN contatos_canais cc ON cc.tenant_id = m.tenant_id AND cc.canal_id = :canal AND cc.contato_id = m.contato_id
LEFT JOIN conversas_iniciadas ci ON :contado AND ci.tenant_id = m.tenant_id AND ci.canal_id = :canal
                                AND ci.contato_id = m.contato_id AND ci.em > :iniciadas_desde
WHERE m.tenant_id = :tenant AND m.estado = 'agendada' AND m.quando <= :now AND m.ate > :now
  AND (:todos OR coalesce(c.sem_whatsapp_em > :sem_whatsapp_desde, false) = :ultimo_recurso
       OR :sem_email AND NOT {_HAS_EMAIL})
  AND (c.canal_id = :canal OR :preferido AND m.contato_id % :partes = :parte
                              AND (c.canal_id IS NULL OR c.canal_id <> ALL(CAST(:usaveis AS bigint[]))))
  AND (NOT :cheio OR s.sessao OR ci.em IS NOT NULL)
  AND (NOT :por_email OR {_HAS_EMAIL})
  AND (c.calado_ate IS NULL OR c.calado_ate <= :now OR m.tipo IN ('resposta', 'manual'))
  AND (CAST(:par AS interval) = interval '0'
       OR m.tipo NOT IN ('resposta', 'manual')
          AND coalesce(c.ultima_entrada_em < CAST(:now AS timestamptz) - interval '1 minute', true)
       OR NOT EXISTS (
          SELECT FROM mensagens r
          WHERE r.tenant_id = m.tenant_id AND r.contato_id = m.contato_id AND r.id <> m.id AND r.canal_id = :canal
            AND r.quando > CAST(:now AS timestamptz) - interval '1 day' AND r.dia >= CAST(:ontem AS date)
            AND (r.estado = 'na_fila' OR r.iniciada_em > CAST(:now AS timestamptz) - CAST(:par AS interval))))
ORDER BY m.prioridade, m.dia, m.quando, m.id LIMIT :limite
FOR UPDATE OF m SKIP LOCKED""")  # noqa: S608  a constant

# The most urgent are found by the index and the search ends at the limit. Left alone, PostgreSQL underestimates what
# the conditions let through, and reads and sorts the whole backlog at every round.
_BY_INDEX: Final = text("""
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true), set_config('enable_sort', 'off', true),
       set_config('enable_bitmapscan', 'off', true)""")

_RELEASE: Final = text("""
UPDATE mensagens m SET estado = 'na_fila', canal_id = :canal, custo = u.custo, chunk = u.chunk, atualizado_em = :now
FROM unnest(CAST(:ids AS bigint[]), CAST(:dias AS date[]), CAST(:custos AS smallint[]), CAST(:chunks AS uuid[]))
     AS u(id, dia, custo, chunk)
WHERE m.tenant_id = :tenant AND m.id = u.id AND m.dia = u.dia
  AND m.dia BETWEEN CAST(:de AS date) AND CAST(:ate AS date) AND m.estado = 'agendada'""")

_FLYING: Final = text("""
SELECT 1 FROM mensagens WHERE tenant_id = :tenant AND canal_id = :canal AND estado IN ('na_fila', 'em_envio') LIMIT 1
""")
_INICIADAS: Final = text("""
SELECT count(*) FROM conversas_iniciadas WHERE tenant_id = :tenant AND canal_id = :canal AND em > :desde""")
_INICIAR: Final = text("""
INSERT INTO conversas_iniciadas (tenant_id, canal_id, contato_id, em)
SELECT :tenant, :canal, u.id, :now FROM unnest(CAST(:contatos AS bigint[])) AS u(id) ORDER BY u.id
ON CONFLICT (tenant_id, canal_id, contato_id) DO UPDATE SET em = excluded.em""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Busca:
    """What one channel looks for."""

    canal_id: int
    caminho: Caminho
    limite: int
    ultimo_recurso: bool = False
    todos: bool = False
    """Those without WhatsApp too: the hospital has nothing else for them."""
    sem_email: bool = False
    """Of them those without an address: the hospital has nothing but e-mail for them."""
    por_email: bool = False
    par_s: float = 0.0
    contado: bool = False
    """The channel counts whom it writes to first."""
    cheio: bool = False


class LiberacaoRepository(TenantRepository):
    """The rows that wait."""

    async def candidates(self, busca: Busca, now: datetime) -> Sequence[Record]:
        """Return what may leave, most urgent first: (id, dia, contato_id, conhecido, iniciado, sessao), locked."""
        await self._fetch(_BY_INDEX)
        return await self._fetch(
            _CANDIDATES,
            canal=busca.canal_id,
            preferido=busca.caminho.preferido,
            parte=busca.caminho.parte,
            partes=busca.caminho.partes,
            usaveis=list(busca.caminho.usaveis),
            limite=busca.limite,
            ultimo_recurso=busca.ultimo_recurso,
            todos=busca.todos,
            sem_email=busca.sem_email,
            por_email=busca.por_email,
            par=timedelta(seconds=busca.par_s),
            contado=busca.contado,
            cheio=busca.cheio,
            sem_whatsapp_desde=now - _SEM_WHATSAPP_VALE,
            iniciadas_desde=now - _DIA,
            ontem=(now - _DIA).date(),
            now=now,
        )

    async def release(self, canal_id: int, rows: Sequence[tuple[int, date, int, str]], *, now: datetime) -> None:
        """Put messages (id, day, cost, chunk) into the queue of a channel."""
        dias = [row[1] for row in rows]
        await self._fetch(
            _RELEASE,
            canal=canal_id,
            ids=[row[0] for row in rows],
            dias=dias,
            custos=[row[2] for row in rows],
            chunks=[row[3] for row in rows],
            de=min(dias),
            ate=max(dias),
            now=now,
        )

    async def is_flying(self, canal_id: int) -> bool:
        """Tell whether anything handed to a channel has not come back yet."""
        return bool(await self._fetch(_FLYING, canal=canal_id))

    async def count_started(self, canal_id: int, now: datetime) -> int:
        """Return how many people a channel wrote to first in the last 24 hours."""
        return int((await self._fetch(_INICIADAS, canal=canal_id, desde=now - _DIA))[0][0])

    async def start_conversations(self, canal_id: int, contatos: Sequence[int], now: datetime) -> None:
        """Count these people as written to first."""
        if contatos:
            await self._fetch(_INICIAR, canal=canal_id, contatos=list(contatos), now=now)
