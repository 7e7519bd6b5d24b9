"""What an import asks of the hospital's tables besides people and bookings: order, units, months, its own record."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from app.repositories.base import TenantRepository


@dataclass(frozen=True, slots=True)
class Conhecido:
    """A booking we already have: what tells a repetition from a change, and old news from new."""

    id: int
    hash: bytes | None
    versao_origem: datetime | None


@dataclass(frozen=True, slots=True)
class Ausente:
    """A live booking that a complete file no longer has."""

    id: int
    status: str
    data_consulta: datetime


# Imports of one hospital take turns, batch by batch: each finds what the other stored.
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('importacao', :tenant))")
_KNOWN: Final = text("""
SELECT nr_seq_agenda, id, conteudo_hash, versao_origem FROM atendimentos
WHERE tenant_id = :tenant AND origem = :origem AND nr_seq_agenda = ANY(CAST(:numeros AS text[]))""")
_UNITS: Final = text(
    "SELECT nome, id, zona FROM unidades WHERE tenant_id = :tenant AND nome = ANY(CAST(:nomes AS text[]))"
)
_NEW_UNITS: Final = text("""
INSERT INTO unidades (tenant_id, nome, zona)
SELECT :tenant, nome, :zona FROM unnest(CAST(:nomes AS text[])) AS u (nome) ORDER BY nome
ON CONFLICT (tenant_id, nome) DO NOTHING""")
_TOUCH: Final = text("""
UPDATE atendimentos a SET versao_origem = u.versao
FROM unnest(CAST(:ids AS bigint[]), CAST(:versoes AS timestamptz[])) AS u (id, versao)
WHERE a.tenant_id = :tenant AND a.id = u.id""")
_REFRESH: Final = text("""
UPDATE atendimentos a SET conteudo_hash = u.hash, versao_origem = coalesce(u.versao, a.versao_origem)
FROM unnest(CAST(:ids AS bigint[]), CAST(:hashes AS bytea[]), CAST(:versoes AS timestamptz[])) AS u (id, hash, versao)
WHERE a.tenant_id = :tenant AND a.id = u.id""")
_PARTITIONS: Final = text("SELECT garantir_particoes(:de, :ate)")
_RECORD: Final = text("""
INSERT INTO importacoes (tenant_id, origem, arquivo_sha256, em, contagens)
VALUES (:tenant, :origem, :sha256, :em, :contagens)""").bindparams(bindparam("contagens", type_=JSONB))
_LIVE: Final = text("""
SELECT nr_seq_agenda, id, status_confirmacao, data_consulta FROM atendimentos
WHERE tenant_id = :tenant AND origem = :origem AND situacao_agenda = 'agendado' AND dia = :dia
  AND data_consulta BETWEEN CAST(:dia AS date) - 1 AND CAST(:dia AS date) + 3 ORDER BY id FOR UPDATE""")
# Without its fingerprint the booking is taken as changed when the source names it again.
_GONE: Final = text("""
UPDATE atendimentos SET situacao_agenda = 'cancelado', planejar_em = NULL, corte_em = NULL, conteudo_hash = NULL,
       versao = versao + 1, atualizado_em = :now
WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[]))""")


class ImportacaoRepository(TenantRepository):
    """The frame of an import."""

    async def lock(self) -> None:
        """Wait for other imports of this hospital; the turn ends with the transaction."""
        await self._session.execute(_LOCK, {"tenant": self._tenant_id})

    async def known(self, origem: str, numeros: Sequence[str]) -> dict[str, Conhecido]:
        rows = await self._session.execute(
            _KNOWN, {"tenant": self._tenant_id, "origem": origem, "numeros": list(numeros)}
        )
        return {numero: Conhecido(*rest) for numero, *rest in rows}

    async def ensure_units(self, nomes: Collection[str], *, zona: str) -> dict[str, tuple[int, str]]:
        """Return id and zone of each unit, creating those nobody has named before; existing ones stay as edited."""
        if not nomes:
            return {}
        found = await self._units(nomes)
        missing = sorted(set(nomes) - found.keys())
        if missing:
            await self._session.execute(_NEW_UNITS, {"tenant": self._tenant_id, "zona": zona, "nomes": missing})
            found |= await self._units(missing)
        return found

    async def _units(self, nomes: Iterable[str]) -> dict[str, tuple[int, str]]:
        rows = await self._session.execute(_UNITS, {"tenant": self._tenant_id, "nomes": list(nomes)})
        return {nome: (unidade_id, zona) for nome, unidade_id, zona in rows}

    async def ensure_partitions(self, de: date, ate: date) -> None:
        await self._session.execute(_PARTITIONS, {"de": de, "ate": ate})

    async def touch_versions(self, versoes: Mapping[int, datetime]) -> None:
        """Note that the source said the same again, later: what it said in between is old news."""
        if versoes:
            await self._session.execute(
                _TOUCH, {"tenant": self._tenant_id, "ids": list(versoes), "versoes": list(versoes.values())}
            )

    async def refresh(self, conteudos: Mapping[int, tuple[bytes, datetime | None]]) -> None:
        """Note a new fingerprint of the same content."""
        if conteudos:
            hashes, versoes = zip(*conteudos.values(), strict=True)
            await self._session.execute(
                _REFRESH,
                {"tenant": self._tenant_id, "ids": list(conteudos), "hashes": list(hashes), "versoes": list(versoes)},
            )

    async def live_bookings(self, origem: str, dia: date) -> dict[str, Ausente]:
        """Return, locked, the live bookings of one local day by their number."""
        rows = await self._session.execute(_LIVE, {"tenant": self._tenant_id, "origem": origem, "dia": dia})
        return {numero: Ausente(*rest) for numero, *rest in rows}

    async def mark_gone(self, ids: Sequence[int], *, now: datetime) -> None:
        await self._session.execute(_GONE, {"tenant": self._tenant_id, "ids": list(ids), "now": now})

    async def record(
        self, origem: str, contagens: Mapping[str, Any], *, arquivo_sha256: str | None, now: datetime
    ) -> None:
        await self._session.execute(
            _RECORD,
            {
                "tenant": self._tenant_id,
                "origem": origem,
                "sha256": arquivo_sha256,
                "em": now,
                "contagens": msgspec.to_builtins(contagens),
            },
        )
