"""No hospital sees another: from the catalogue for every table there is, and by trying."""

import pytest
from sqlalchemy import RowMapping, text
from sqlalchemy.exc import DBAPIError

from app.database import Database, DatabaseRefusedError
from app.embedded import ServerAddress
from app.models import Base
from tests.conftest import DATABASE, PASSWORD, owner_url

# Known before anybody is: which hospital a key, a public id or a job belongs to.
EXCEPTIONS = frozenset({"tenants", "rotas"})
QUEUE = "pgqueuer"

_TABLES = """
SELECT c.relname AS name, has_table_privilege(c.oid, 'SELECT') AS readable,
       c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
       (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies,
       EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*' AND p.polpermissive
               AND pg_get_expr(p.polqual, c.oid) LIKE '%app.tenant_id%'
               AND pg_get_expr(p.polwithcheck, c.oid) LIKE '%app.tenant_id%') AS guarded
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'SantaCasa' AND c.relkind IN ('r', 'p')
  AND EXISTS (SELECT FROM pg_attribute a
              WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)"""


async def of_a_hospital(database: Database) -> list[RowMapping]:
    async with database.global_scope() as session:
        tables = (await session.execute(text(_TABLES))).mappings().all()
    return [table for table in tables if table["name"] not in EXCEPTIONS and not table["name"].startswith(QUEUE)]


async def test_every_table_of_a_hospital_is_guarded_for_reading_and_writing(database: Database) -> None:
    tables = await of_a_hospital(database)
    assert {"atendimentos", "mensagens", "mensagens_outros", "historico", "recebidas"} <= {t["name"] for t in tables}
    unguarded = [
        table["name"]
        for table in tables
        if not (table["enabled"] and table["forced"] and table["guarded"] and table["policies"] == 1)
    ]
    assert unguarded == []


async def test_every_model_with_a_hospital_is_in_the_catalogue(database: Database) -> None:
    names = {table["name"] for table in await of_a_hospital(database)}
    models = {table.name for table in Base.metadata.tables.values() if "tenant_id" in table.c}
    assert models - names == EXCEPTIONS & models


async def test_without_a_hospital_there_are_no_rows(database: Database, hospital: int) -> None:
    await _add_unit(database, hospital)
    async with database.global_scope() as session:
        for table in [table for table in await of_a_hospital(database) if table["readable"]]:
            found = await session.scalar(text(f'SELECT count(*) FROM "SantaCasa"."{table["name"]}"'))  # noqa: S608
            assert (table["name"], found) == (table["name"], 0)


async def _add_unit(database: Database, tenant_id: int, *, scope: int | None = None) -> None:
    async with database.session_scope(tenant_id if scope is None else scope) as session:
        await session.execute(text("INSERT INTO unidades (tenant_id, nome) VALUES (:t, 'Central')"), {"t": tenant_id})


async def test_without_a_hospital_nothing_can_be_written(database: Database, hospital: int) -> None:
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.global_scope() as session:
            await session.execute(
                text("INSERT INTO unidades (tenant_id, nome) VALUES (:t, 'Central')"), {"t": hospital}
            )


async def test_a_row_cannot_be_written_for_another_hospital(
    database: Database, hospital: int, outro_hospital: int
) -> None:
    with pytest.raises(DBAPIError, match="row-level security"):
        await _add_unit(database, outro_hospital, scope=hospital)


async def test_a_row_cannot_be_handed_to_another_hospital(
    database: Database, hospital: int, outro_hospital: int
) -> None:
    await _add_unit(database, hospital)
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.session_scope(hospital) as session:
            await session.execute(text("UPDATE unidades SET tenant_id = :t"), {"t": outro_hospital})


async def test_another_hospitals_rows_are_neither_seen_nor_changed(
    database: Database, hospital: int, outro_hospital: int
) -> None:
    await _add_unit(database, hospital)
    async with database.session_scope(outro_hospital) as session:
        assert await session.scalar(text("SELECT count(*) FROM unidades")) == 0
        changed = await session.execute(text("UPDATE unidades SET cidade = 'X' RETURNING id"))
        assert changed.all() == []
        gone = await session.execute(text("DELETE FROM unidades RETURNING id"))
        assert gone.all() == []


async def test_a_connection_forgets_its_hospital(database: Database, hospital: int) -> None:
    for _ in range(6):  # more than the pool keeps
        async with database.session_scope(hospital):
            pass
    async with database.global_scope() as session:
        assert (await session.scalar(text("SELECT current_setting('app.tenant_id', true)"))) in ("", None)


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE atendimentos CASCADE",
        "TRUNCATE historico",
        "UPDATE historico SET fato = 'outro'",
        "DELETE FROM historico",
        "UPDATE alembic_version SET version_num = '0'",
        "CREATE TABLE minha (id int)",
        "DROP TABLE unidades CASCADE",
        "ALTER TABLE unidades DISABLE ROW LEVEL SECURITY",
        "DROP POLICY do_hospital ON unidades",
        "SET ROLE confirma_owner",
        "SELECT isolar('unidades'::regclass)",
    ],
)
async def test_the_application_may_not(database: Database, hospital: int, statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
        async with database.session_scope(hospital) as session:
            await session.execute(text(statement))


async def test_facts_of_a_month_are_as_untouchable_as_all(database: Database, hospital: int) -> None:
    async with database.global_scope() as session:
        months = (
            await session.scalars(
                text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'historico'::regclass")
            )
        ).all()
    assert months
    for month in months:
        with pytest.raises(DBAPIError, match="permission denied"):
            async with database.session_scope(hospital) as session:
                await session.execute(text(f"UPDATE {month} SET fato = 'outro'"))  # noqa: S608


async def test_our_role_is_safe_and_the_owners_is_refused(database: Database, address: ServerAddress) -> None:
    await database.refuse_unsafe_role()
    superuser = address.dsn("postgres", PASSWORD, DATABASE).replace("postgresql:", "postgresql+asyncpg:", 1)
    for url in (owner_url(address), superuser):
        unsafe = Database(url, pool_size=1)
        with pytest.raises(DatabaseRefusedError):
            await unsafe.refuse_unsafe_role()
        await unsafe.close()


async def test_a_month_takes_the_rows_that_came_before_it(
    database: Database, hospital: int, outro_hospital: int
) -> None:
    """Two hospitals' facts of a far month fall into the default partition; the month can still be created."""
    for tenant in (hospital, outro_hospital):
        async with database.session_scope(tenant) as session:
            await session.execute(
                text("""INSERT INTO historico (tenant_id, em, atendimento_id, fato, quem)
                    VALUES (:t, '2031-05-10', 1, 'teste', 'teste')"""),
                {"t": tenant},
            )
    async with database.session_scope(hospital) as session:
        criadas = await session.scalar(text("SELECT garantir_particoes('2031-05-01', '2031-05-31')"))
        assert criadas == 2
        onde = await session.scalar(text("SELECT tableoid::regclass::text FROM historico WHERE em = '2031-05-10'"))
        assert onde == "historico_2031_05"
