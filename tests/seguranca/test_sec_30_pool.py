"""SEC-30: two hospitals on a pool of two connections, interleaved, never see each other."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.database import Database
from app.models import SCHEMA

TURNS = 1_000


@pytest.fixture
async def narrow(migrated: str) -> Database:
    return Database(migrated, pool_size=2, max_overflow=0)


async def test_sec_30_a_thousand_turns_of_two_hospitals(
    database: Database, narrow: Database, hospital: int, outro_hospital: int
) -> None:
    hospitals = (hospital, outro_hospital)
    for tenant_id in hospitals:
        async with database.session_scope(tenant_id) as session:
            await session.execute(
                text("INSERT INTO unidades (tenant_id, nome) VALUES (:t, :n)"), {"t": tenant_id, "n": f"de {tenant_id}"}
            )

    async def look(turn: int) -> None:
        mine = hospitals[turn % 2]
        if turn % 5 == 0:  # nobody's: what the last one set must be gone
            async with narrow.global_scope() as session:
                assert (await session.execute(text("SELECT nome FROM unidades"))).all() == []
            return
        with suppress(DBAPIError):
            async with narrow.session_scope(mine) as session:
                rows = (await session.execute(text("SELECT tenant_id, nome FROM unidades"))).all()
                assert {row.tenant_id for row in rows} == {mine}
                if turn % 7 == 0:  # a unit of work that fails gives its connection back all the same
                    await session.execute(text("SELECT 1 / 0"))

    try:
        for start in range(0, TURNS, 50):
            await asyncio.gather(*(look(turn) for turn in range(start, start + 50)))
    finally:
        await narrow.close()


async def test_sec_30_no_key_of_a_hospitals_table_is_everybodys(database: Database) -> None:
    """A unique key without the hospital would tell one of another's phone by its error; our numbers tell nothing."""
    query = text("""
        SELECT t.relname AS tabela, i.relname AS chave,
               (SELECT array_agg(a.attname ORDER BY k.ord) FROM unnest(x.indkey) WITH ORDINALITY AS k(att, ord)
                JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.att) AS colunas
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
        JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE n.nspname = :schema AND x.indisunique AND EXISTS (
            SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)""")
    async with database.global_scope() as session:
        keys = (await session.execute(query, {"schema": SCHEMA})).all()
    assert keys
    ours = {"id", "em", "dia"}  # numbers and dates of ours
    telling = [
        (key.tabela, key.chave, key.colunas)
        for key in keys
        if key.tabela not in {"rotas", "tenants"}
        and not key.tabela.startswith("pgqueuer")
        and "tenant_id" not in key.colunas
        and not set(key.colunas) <= ours
    ]
    assert telling == []


async def test_sec_30_views_look_with_their_readers_eyes(database: Database) -> None:
    query = text("""
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = :schema AND c.relkind IN ('v', 'm')
          AND NOT coalesce(c.reloptions @> ARRAY['security_invoker=true'], false)""")
    async with database.global_scope() as session:
        assert (await session.execute(query, {"schema": SCHEMA})).all() == []
