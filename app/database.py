"""The database: engines, one transaction per unit of work, migrations, and the checks made before anything runs."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any, Final

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

SCHEMA: Final = "SantaCasa"
_SEARCH_PATH: Final = f'"{SCHEMA}"'
_COMMAND_TIMEOUT_S: Final = 60.0
_OLDEST_SERVER: Final = 150000


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
            pool_pre_ping=True,
            hide_parameters=True,  # an error's text must not repeat what a patient wrote
            connect_args={"server_settings": {"search_path": _SEARCH_PATH}, "command_timeout": _COMMAND_TIMEOUT_S},
        )

    async def close(self) -> None:
        await self.engine.dispose()

    @asynccontextmanager
    async def session_scope(self, tenant_id: int) -> AsyncIterator[AsyncSession]:
        """Open one transaction of one hospital: committed at the end, rolled back by any exception.

        The hospital is set inside the transaction (`set_config(…, true)`), so that a pooled connection never carries
        it to its next user.
        """
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            await session.execute(text("SELECT set_config('app.tenant_id', :t, true)"), {"t": str(tenant_id)})
            yield session

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


_ROLE: Final = f"""
SELECT r.rolname, r.rolsuper, r.rolbypassrls, current_setting('server_version_num')::int AS version,
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = '{SCHEMA}' AND pg_has_role(r.oid, c.relowner, 'MEMBER')) AS owned
FROM pg_roles r WHERE r.rolname = current_user"""  # noqa: S608  a constant


def is_away(error: BaseException) -> bool:
    """Tell whether `error` means that the database cannot be reached, not that we asked it something wrong."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))
    return isinstance(error, (OSError, PoolTimeout, asyncpg.InterfaceError, asyncpg.PostgresConnectionError))


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
