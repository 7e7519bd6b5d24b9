"""What every repository is: a session, and the hospital whose rows it may see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import crypto
from app.database import Record, fetch


def sql_list(values: Iterable[str]) -> str:
    """Return constants of the domain as an SQL list: written out, so that partial indexes and plans know them."""
    quoted = ", ".join(f"'{value}'" for value in sorted(values))
    return f"({quoted})"


class TenantRepository:
    """A repository of one hospital; it never commits."""

    def __init__(self, session: AsyncSession, tenant_id: int) -> None:
        """Take an open transaction of `tenant_id`."""
        self._session = session
        self._tenant_id = tenant_id

    async def _fetch(self, statement: TextClause, **parameters: Any) -> list[Record]:
        """Run a statement about this hospital (`:tenant`) and return its rows."""
        return await fetch(self._session, statement, {"tenant": self._tenant_id, **parameters})

    @property
    def finder(self) -> crypto.Finder:
        """The hospital's search hashes."""
        return crypto.keyring().finder(self._tenant_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class FatoHistorico:
    """One line of an appointment's history: what happened, from what to what, who did it, and why (a stable code)."""

    atendimento_id: int
    em: datetime
    fato: str
    quem: str
    de: str | None = None
    para: str | None = None
    porque: str | None = None
    mensagem_id: int | None = None
    recebida_id: int | None = None
    dados: dict[str, Any] | None = None


_INSERT: Final = text("""
INSERT INTO historico (tenant_id, atendimento_id, em, fato, quem, de, para, porque, mensagem_id, recebida_id, dados)
SELECT :tenant, u.* FROM unnest(
    CAST(:atendimento_id AS bigint[]), CAST(:em AS timestamptz[]), CAST(:fato AS text[]), CAST(:quem AS text[]),
    CAST(:de AS text[]), CAST(:para AS text[]), CAST(:porque AS text[]), CAST(:mensagem_id AS bigint[]),
    CAST(:recebida_id AS bigint[]), CAST(:dados AS jsonb[])) AS u""")


_COLUMNS: Final = tuple(field.name for field in fields(FatoHistorico))


class HistoricoRepository(TenantRepository):
    """The append-only history."""

    async def add(self, fatos: Sequence[FatoHistorico]) -> None:
        """Write all facts in one statement."""
        if not fatos:
            return
        columns: dict[str, list[Any]] = {name: [getattr(fato, name) for fato in fatos] for name in _COLUMNS}
        columns["dados"] = [fato.dados and msgspec.json.encode(fato.dados).decode() for fato in fatos]
        await self._fetch(_INSERT, **columns)
