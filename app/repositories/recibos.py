"""News of messages: stored as it comes, taken in batches, gone when applied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text

from app.database import Record
from app.domain.confirmacao import MESSAGE_TRANSITIONS, PROVAS, EstadoMensagem
from app.repositories.base import TenantRepository

_STORE: Final = text("""
INSERT INTO recibos (tenant_id, tentar_em, recebido_em, canal_id, sobre_id, nossa_chave, estado, falha, codigo, em)
SELECT :tenant, :tentar_em, u.* FROM unnest(CAST(:recebido_em AS timestamptz[]),
    CAST(:canal_id AS bigint[]), CAST(:sobre_id AS text[]), CAST(:nossa_chave AS text[]), CAST(:estado AS text[]),
    CAST(:falha AS text[]), CAST(:codigo AS text[]), CAST(:em AS timestamptz[])) AS u""")

_TAKE: Final = text("""
DELETE FROM recibos WHERE tenant_id = :tenant AND id = ANY(ARRAY(
    SELECT id FROM recibos WHERE tenant_id = :tenant AND tentar_em <= :now ORDER BY tentar_em, id LIMIT :limite
    FOR UPDATE SKIP LOCKED))
RETURNING canal_id, sobre_id, nossa_chave, estado, falha, codigo, em, recebido_em""")

_BY_ID: Final = text("""
SELECT id, dia, canal_id, provider_id FROM mensagens
WHERE tenant_id = :tenant AND provider_id = ANY(CAST(:sobre AS text[]))""")

_FAILED: Final = text("""
SELECT id, dia, contato_id, canal_id, tentativas, exige_modelo, EXISTS (
       SELECT FROM mensagens_atendimentos ma
       JOIN atendimentos a ON a.tenant_id = ma.tenant_id AND a.id = ma.atendimento_id
       WHERE ma.tenant_id = m.tenant_id AND ma.mensagem_id = m.id AND a.email IS NOT NULL) AS tem_email
FROM mensagens m
WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[])) AND dia = ANY(CAST(:dias AS date[]))""")

# From where to where a proof leads, as the domain's table has it.
_PAIRS: Final = ", ".join(
    f"('{de}', '{para}')" for de, following in MESSAGE_TRANSITIONS.items() for para in sorted(following & PROVAS)
)
_PROVE: Final = text(f"""
WITH na_ordem AS (
    SELECT m.id, m.dia, m.estado AS antes, u.estado, u.em, u.sobre FROM mensagens m
    JOIN unnest(CAST(:ids AS bigint[]), CAST(:dias AS date[]), CAST(:estados AS text[]), CAST(:ems AS timestamptz[]),
                CAST(:sobres AS text[])) AS u(id, dia, estado, em, sobre) ON m.id = u.id AND m.dia = u.dia
    WHERE m.tenant_id = :tenant AND m.dia = ANY(CAST(:dias AS date[]))
      AND ((m.estado, u.estado) IN ({_PAIRS}) OR m.provider_id IS NULL AND u.sobre IS NOT NULL)
    ORDER BY m.id FOR UPDATE OF m)
UPDATE mensagens m SET
       estado = CASE WHEN (m.estado, o.estado) IN ({_PAIRS}) THEN o.estado ELSE m.estado END,
       provider_id = coalesce(m.provider_id, o.sobre),
       enviada_em = coalesce(m.enviada_em, m.iniciada_em),
       entregue_em = coalesce(m.entregue_em, CASE WHEN o.estado IN ('entregue', 'lida') THEN o.em END),
       lida_em = coalesce(m.lida_em, CASE WHEN o.estado = 'lida' THEN o.em END),
       atualizado_em = :now
FROM na_ordem o WHERE m.tenant_id = :tenant AND m.id = o.id AND m.dia = o.dia
RETURNING m.id, o.antes, m.estado""")  # noqa: S608  constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Recibo:
    """One piece of news about one message."""

    recebido_em: datetime
    canal_id: int
    sobre_id: str | None
    """The gateway's id of the message."""
    nossa_chave: str | None
    """Ours, where the gateway gives it back."""
    estado: str
    falha: str | None
    codigo: str | None
    em: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prova:
    """The furthest state that news proves of a message."""

    id: int
    dia: date
    estado: EstadoMensagem
    em: datetime
    sobre_id: str | None


_COLUMNS: Final = ("recebido_em", "canal_id", "sobre_id", "nossa_chave", "estado", "falha", "codigo", "em")


class ReciboRepository(TenantRepository):
    """The queue of receipts."""

    async def store(self, recibos: Sequence[Recibo], *, tentar_em: datetime) -> None:
        columns = {name: [getattr(each, name) for each in recibos] for name in _COLUMNS}
        await self._fetch(_STORE, tentar_em=tentar_em, **columns)

    async def take(self, now: datetime, *, limite: int) -> Sequence[Record]:
        """Take receipts off the queue; they are back if the transaction is not committed."""
        return await self._fetch(_TAKE, now=now, limite=limite)

    async def find(self, sobre: Sequence[str]) -> Mapping[tuple[int, str], tuple[int, date]]:
        """Return (channel, gateway's id) → our message (id, day)."""
        if not sobre:
            return {}
        rows = await self._fetch(_BY_ID, sobre=list(sobre))
        return {(row.canal_id, row.provider_id): (row.id, row.dia) for row in rows}

    async def load_failed(self, messages: Sequence[tuple[int, date]]) -> Sequence[Record]:
        """Return what must be known of messages that did not arrive."""
        ids, dias = zip(*messages, strict=True)
        return await self._fetch(_FAILED, ids=list(ids), dias=sorted(set(dias)))

    async def prove(self, provas: Sequence[Prova], now: datetime) -> Sequence[Record]:
        """Move messages forward, never back; return (id, antes, estado) of those that changed."""
        if not provas:
            return []
        return await self._fetch(
            _PROVE,
            ids=[prova.id for prova in provas],
            dias=[prova.dia for prova in provas],
            estados=[prova.estado.value for prova in provas],
            ems=[prova.em for prova in provas],
            sobres=[prova.sobre_id for prova in provas],
            now=now,
        )
