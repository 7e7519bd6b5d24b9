"""One real PostgreSQL for the whole run; every test has two hospitals of its own."""

import itertools
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text

from app import crypto
from app.database import Database, migrate
from app.embedded import EmbeddedPostgres, ServerAddress, create_roles
from tests.cenario import Cenario, open_cenario

NOW: Final = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)  # a Monday, 10:00 in São Paulo
PASSWORD: Final = "testes-locais"
DATABASE: Final = "confirma"
_numbers = itertools.count(1)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    folder = tmp_path_factory.mktemp("pg")
    server = EmbeddedPostgres(folder, superuser_password=PASSWORD)
    server.start()
    yield server
    server.stop()
    server.erase()


@pytest.fixture(scope="session")
def address(postgres: EmbeddedPostgres) -> ServerAddress:
    return postgres.address


def app_url(address: ServerAddress, database: str = DATABASE) -> str:
    return address.dsn("confirma_app", PASSWORD, database).replace("postgresql:", "postgresql+asyncpg:", 1)


def owner_url(address: ServerAddress, database: str = DATABASE) -> str:
    return address.dsn("confirma_owner", PASSWORD, database).replace("postgresql:", "postgresql+asyncpg:", 1)


@pytest.fixture(scope="session")
async def migrated(address: ServerAddress) -> str:
    await create_roles(address, PASSWORD, owner=PASSWORD, app=PASSWORD, database=DATABASE)
    await migrate(owner_url(address), app_role="confirma_app")
    return app_url(address)


@pytest.fixture(scope="session")
async def database(migrated: str) -> AsyncIterator[Database]:
    crypto.install(crypto.Keyring({"t1": b"0" * 32}, index_secret=b"testes" * 6))
    opened = Database(migrated, pool_size=5)
    async with opened.session_scope(0) as session:
        await session.execute(text("SELECT garantir_particoes('2026-01-01', '2026-12-31')"))
    yield opened
    await opened.close()


async def create_hospital(database: Database, nome: str = "Santa Casa de Teste") -> int:
    """Create a hospital with a unit and a Botconversa channel, and return its id."""
    async with database.global_scope() as session:
        slug = f"teste-{next(_numbers)}-{secrets.token_hex(4)}"
        tenant_id: int = (
            await session.execute(
                text("INSERT INTO tenants (slug, nome) VALUES (:slug, :nome) RETURNING id"),
                {"slug": slug, "nome": nome},
            )
        ).scalar_one()
    return tenant_id


@pytest.fixture
async def hospital(database: Database) -> int:
    return await create_hospital(database)


@pytest.fixture
async def outro_hospital(database: Database) -> int:
    return await create_hospital(database, "Hospital Vizinho")


@pytest.fixture
async def cenario(database: Database, hospital: int, now: datetime, tmp_path: Path) -> AsyncIterator[Cenario]:
    """Play a hospital's days: real program, real HTTP to a gateway that behaves, a clock to turn."""
    async with open_cenario(database, hospital, now, tmp_path) as opened:
        yield opened
