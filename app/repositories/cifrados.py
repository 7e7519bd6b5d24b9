"""Every encrypted value of a hospital, found from the models: read a page at a time, written back if still the same."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Table, text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from app.models import SCHEMA, Base
from app.models.base import EncryptedText
from app.repositories.base import TenantRepository

_DIALECT: Final = PGDialect_asyncpg()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class ColunaCifrada:
    """One encrypted column: its table, its name there, and the name its values are bound to."""

    tabela: Table
    coluna: str
    vinculo: str

    @property
    def chaves(self) -> Sequence[Column[Any]]:
        return tuple(self.tabela.primary_key.columns)


def encrypted_columns() -> Iterator[ColunaCifrada]:
    """Yield every encrypted column of the schema, in the order of the tables' names."""
    for tabela in sorted(Base.metadata.tables.values(), key=lambda table: table.name):
        for coluna in tabela.columns:
            if isinstance(coluna.type, EncryptedText):
                yield ColunaCifrada(tabela, coluna.name, coluna.type.column)


class CifradosRepository(TenantRepository):
    """Reads and replaces stored forms; it never sees what is behind them."""

    async def page(
        self, alvo: ColunaCifrada, *, after: Sequence[Any] | None, limit: int
    ) -> Sequence[Mapping[Any, Any]]:
        """Return the next stored values by primary key: the keys and `valor`."""
        nomes = [chave.name for chave in alvo.chaves]
        beyond = f"AND ({', '.join(nomes)}) > ({', '.join(f':a{i}' for i in range(len(nomes)))})" if after else ""
        query = text(
            f"SELECT {', '.join(nomes)}, {alvo.coluna} AS valor FROM {_name(alvo.tabela)} "  # noqa: S608  the models' own names
            f"WHERE tenant_id = :tenant AND {alvo.coluna} IS NOT NULL {beyond} "
            f"ORDER BY {', '.join(nomes)} LIMIT :limit"
        )
        given = {f"a{i}": value for i, value in enumerate(after or ())}
        rows = await self._session.execute(query, {"tenant": self._tenant_id, "limit": limit, **given})
        return rows.mappings().all()

    async def replace(self, alvo: ColunaCifrada, linhas: Sequence[Mapping[Any, Any]], novos: Sequence[bytes]) -> int:
        """Write new stored forms where the old ones still stand; return how many were written."""
        if not linhas:
            return 0
        nomes = [chave.name for chave in alvo.chaves]
        arrays = ", ".join(f"CAST(:k{i} AS {chave.type.compile(_DIALECT)}[])" for i, chave in enumerate(alvo.chaves))
        same = " AND ".join(f"t.{nome} = u.{nome}" for nome in nomes)
        statement = text(
            f"UPDATE {_name(alvo.tabela)} t SET {alvo.coluna} = u.novo "  # noqa: S608  the models' own names
            f"FROM unnest({arrays}, CAST(:velhos AS bytea[]), CAST(:novos AS bytea[])) "
            f"AS u({', '.join(nomes)}, velho, novo) "
            f"WHERE t.tenant_id = :tenant AND {same} AND t.{alvo.coluna} = u.velho RETURNING 1"
        )
        given = {f"k{i}": [linha[nome] for linha in linhas] for i, nome in enumerate(nomes)}
        given |= {"velhos": [linha["valor"] for linha in linhas], "novos": list(novos)}
        return len(await self._fetch(statement, **given))

    async def by_key(self, alvo: ColunaCifrada) -> Mapping[str, int]:
        """Return how many values each key holds."""
        query = text(
            f"SELECT convert_from(substring({alvo.coluna} FROM 3 FOR get_byte({alvo.coluna}, 1)), 'UTF8') AS chave, "  # noqa: S608
            f"count(*) AS quantos FROM {_name(alvo.tabela)} "
            f"WHERE tenant_id = :tenant AND {alvo.coluna} IS NOT NULL GROUP BY 1"
        )
        return {row.chave: row.quantos for row in await self._fetch(query)}


def _name(tabela: Table) -> str:
    return f'"{SCHEMA}".{tabela.name}'
