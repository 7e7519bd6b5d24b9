"""The hospital's knowledge, and what its visits say about themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import text

from app.database import Record
from app.repositories.base import TenantRepository

_ALL: Final = text("""
SELECT chave, texto, perguntas FROM conhecimento WHERE tenant_id = :tenant ORDER BY chave LIMIT 200""")
_SET: Final = text("""
INSERT INTO conhecimento (tenant_id, chave, texto, perguntas, atualizado_em)
VALUES (:tenant, :chave, :texto, CAST(:perguntas AS jsonb), :now)
ON CONFLICT (tenant_id, chave) DO UPDATE
SET texto = excluded.texto, perguntas = excluded.perguntas, atualizado_em = excluded.atualizado_em""")
_DROP: Final = text("DELETE FROM conhecimento WHERE tenant_id = :tenant AND chave = :chave RETURNING chave")
_VISITS: Final = text("""
SELECT a.id, a.preparo, a.chegar_antes_min, u.endereco, coalesce(u.nome_publico, u.nome) AS unidade
FROM atendimentos a LEFT JOIN unidades u ON u.tenant_id = a.tenant_id AND u.id = a.unidade_id
WHERE a.tenant_id = :tenant AND a.id = ANY(CAST(:ids AS bigint[])) ORDER BY a.data_consulta, a.id""")
_UNITS: Final = text("""
SELECT coalesce(nome_publico, nome) AS unidade, endereco FROM unidades
WHERE tenant_id = :tenant AND endereco IS NOT NULL ORDER BY id LIMIT 2""")


class ConhecimentoRepository(TenantRepository):
    """Reads and writes what the program may answer."""

    async def all(self) -> Sequence[Record]:
        return await self._fetch(_ALL)

    async def set(self, chave: str, texto: str, perguntas: Sequence[str], now: datetime) -> None:
        await self._fetch(
            _SET, chave=chave, texto=texto, perguntas=msgspec.json.encode(list(perguntas)).decode(), now=now
        )

    async def drop(self, chave: str) -> bool:
        return bool(await self._fetch(_DROP, chave=chave))

    async def visits(self, ids: Sequence[int]) -> Sequence[Record]:
        """Return what these visits say of preparation, arrival and place."""
        return await self._fetch(_VISITS, ids=list(ids)) if ids else []

    async def units(self) -> Sequence[Record]:
        """Return the hospital's first two places: of one alone, the address is the answer."""
        return await self._fetch(_UNITS)
