"""The database: engines, one transaction per unit of work, migrations, and the checks made before anything runs."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, TextClause, event, text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from app import crypto

SCHEMA: Final = "SantaCasa"
_SEARCH_PATH: Final = f'"{SCHEMA}"'
_COMMAND_TIMEOUT_S: Final = 60.0
_OLDEST_SERVER: Final = 150000
# Shutting down, crashed, starting up, no connection left: said by the server, not by a lost connection.
_AWAY: Final = frozenset({"57P01", "57P02", "57P03", "53300"})
_CONNECTION_LOST: Final = "08"
_SET_TENANT: Final = text("SELECT set_config('app.tenant_id', :t, true)")
_SET_TENANT_GENERIC: Final = text(
    "SELECT set_config('app.tenant_id', :t, true), set_config('plan_cache_mode', 'force_generic_plan', true)"
)
_DRIVER: Final = "driver"  # in `session.info`: the connection of the session's one transaction


class DatabaseRefusedError(RuntimeError):
    """The database at hand must not be used as it is; the message says what to change."""


class Database:
    """The application's own access, under a role that owns nothing."""

    def __init__(self, url: str, *, pool_size: int = 5, max_overflow: int = 10, pool_timeout_s: float = 30.0) -> None:
        """Open nothing yet; `url` is a `postgresql+asyncpg://` one."""
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_timeout=pool_timeout_s,
            hide_parameters=True,  # an error's text must not repeat what a patient wrote
            connect_args={"server_settings": {"search_path": _SEARCH_PATH}, "command_timeout": _COMMAND_TIMEOUT_S},
        )

        event.listen(self.engine.sync_engine, "checkout", _refuse_closed)

    async def close(self) -> None:
        await self.engine.dispose()

    @asynccontextmanager
    async def session_scope(self, tenant_id: int, *, generic_plans: bool = False) -> AsyncIterator[AsyncSession]:
        """Open one transaction of one hospital: committed at the end, rolled back by any exception.

        The hospital is set inside the transaction (`set_config(…, true)`), so that a pooled connection never carries
        it to its next user. `generic_plans` suits short transactions over single rows: planning anew for each value
        costs more than running.
        """
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            await session.execute(_SET_TENANT_GENERIC if generic_plans else _SET_TENANT, {"t": str(tenant_id)})
            session.info[_DRIVER] = (await (await session.connection()).get_raw_connection()).driver_connection
            before = crypto.enter(tenant_id)
            try:
                yield session
                await session.flush()  # what is still to be written is this hospital's
            finally:
                crypto.enter(before)

    @asynccontextmanager
    async def global_scope(self) -> AsyncIterator[AsyncSession]:
        """Open one transaction of nobody's: only the tables without a hospital have rows here."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    async def raw_pool(self, size: int = 4) -> asyncpg.Pool:
        """Return a pool of plain driver connections, for the queue's own traffic."""
        return await asyncpg.create_pool(
            libpq_url(self.url),
            min_size=1,
            max_size=size,
            server_settings={"search_path": _SEARCH_PATH},
            command_timeout=_COMMAND_TIMEOUT_S,
        )

    async def refuse_unsafe_role(self) -> None:
        """Raise DatabaseRefusedError if our role could walk around row level security, or the server is too old."""
        async with self.engine.connect() as connection:
            role = (await connection.execute(text(_ROLE))).one()
        if role.version < _OLDEST_SERVER:
            raise DatabaseRefusedError("O Confirma precisa de PostgreSQL 15 ou mais novo.")
        if role.rolsuper or role.rolbypassrls or role.owned:
            raise DatabaseRefusedError(
                f"O usuário de banco {role.rolname!r} é superusuário, ignora a segurança por linha ou é dono "
                "de tabelas: use em DATABASE_URL um usuário comum e deixe o dono em DATABASE_MIGRATION_URL."
            )


class Record(asyncpg.Record):  # type: ignore[misc]  # the driver has no types
    """A row of the driver; its columns are attributes too."""

    def __getattr__(self, name: str) -> Any:
        """Return a column by its name."""
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


async def fetch(session: AsyncSession, statement: TextClause, parameters: Mapping[str, Any]) -> list[Record]:
    """Run a statement of a `session_scope` on the driver itself and return its rows.

    For the statements that every message and answer crosses: SQLAlchemy's own way costs three times the CPU. Errors
    are SQLAlchemy's all the same.
    """
    sql, names = _numbered(statement)
    try:
        rows: list[Record] = await session.info[_DRIVER].fetch(
            sql, *[parameters[name] for name in names], record_class=Record
        )
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError) as error:
        raise _translated(error) from error
    return rows


@lru_cache(maxsize=512)
def _numbered(statement: TextClause) -> tuple[str, tuple[str, ...]]:
    compiled = statement.compile(dialect=PGDialect_asyncpg())  # type: ignore[no-untyped-call]
    return str(compiled), tuple(compiled.positiontup or ())


def _translated(error: Exception) -> DBAPIError:
    gone = isinstance(error, _GONE)
    kind = next((ours for theirs, ours in _KINDS if isinstance(error, theirs)), DBAPIError)
    return kind(None, None, error, hide_parameters=True, connection_invalidated=gone)


_GONE: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    ConnectionError,
)
_KINDS: Final[tuple[tuple[Any, type[DBAPIError]], ...]] = (
    (_GONE, OperationalError),
    (asyncpg.IntegrityConstraintViolationError, IntegrityError),
)


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    """Have the pool replace a connection whose server is gone, without asking the server at every turn."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


_ROLE: Final = f"""
SELECT r.rolname, r.rolsuper, r.rolbypassrls, current_setting('server_version_num')::int AS version,
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = '{SCHEMA}' AND pg_has_role(r.oid, c.relowner, 'MEMBER')) AS owned
FROM pg_roles r WHERE r.rolname = current_user"""  # noqa: S608  a constant


def is_away(error: BaseException) -> bool:
    """Tell whether `error` means that the database cannot be reached, not that we asked it something wrong."""
    if isinstance(error, DBAPIError) and (
        error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))
    ):
        return True
    if isinstance(error, (OSError, PoolTimeout, asyncpg.InterfaceError, asyncpg.PostgresConnectionError)):
        return True
    cause: BaseException | None = error
    while cause is not None:
        state = str(getattr(cause, "sqlstate", None) or "")
        if state in _AWAY or state.startswith(_CONNECTION_LOST):
            return True
        cause = cause.__cause__
    return False


def libpq_url(url: str) -> str:
    """Return the URL as the plain driver reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _migrations_dir() -> Path:
    beside = Path(__file__).resolve().parent.parent / "migrations"
    return beside if beside.is_dir() else Path(str(resources.files("app"))) / "migrations"


def alembic_config(**attributes: Any) -> Config:
    """Return Alembic's configuration without a file: the connection comes as an attribute."""
    config = Config()
    config.set_main_option("script_location", str(_migrations_dir()))
    config.set_main_option("path_separator", "os")
    config.attributes.update(attributes)
    return config


def newest_revision() -> str:
    """Return the revision this code expects."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if head is None:
        raise DatabaseRefusedError("Nenhuma migração encontrada: a instalação está incompleta.")
    return head


async def migrate(owner_url: str, *, app_role: str, revision: str = "head") -> None:
    """Bring the schema to `revision` under the owner's role; one migrates, the others wait for it."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", app_role):
        raise DatabaseRefusedError("O nome do usuário de banco da aplicação tem caracteres inesperados.")
    engine = create_async_engine(owner_url, connect_args={"server_settings": {"search_path": _SEARCH_PATH}})
    try:
        async with engine.connect() as connection:
            await _serialize(connection)
            await connection.run_sync(_migrate, app_role, revision)
    finally:
        await engine.dispose()


async def _serialize(connection: AsyncConnection) -> None:
    await connection.execute(text("SELECT pg_advisory_lock(hashtext('confirma.migrate'))"))  # until we disconnect
    await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{SCHEMA}"'))
    await connection.commit()


def _migrate(connection: Connection, app_role: str, revision: str) -> None:
    config = alembic_config(connection=connection, app_role=app_role)
    if revision == "base":
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)
    connection.commit()
