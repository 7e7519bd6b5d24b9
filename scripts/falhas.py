"""Plays every fault of every gateway and draws the table: `python -m scripts.falhas > docs/falhas.md`."""

import asyncio
import sys
import tempfile
from pathlib import Path

from loguru import logger
from sqlalchemy import text

from app import crypto
from app.database import Database, migrate
from app.embedded import EmbeddedPostgres, ServerAddress, create_roles
from tests.bancadas.cena import Palco
from tests.bancadas.pagina import draw, gather
from tests.conftest import DATABASE, NOW, PASSWORD, app_url, owner_url


async def _play(address: ServerAddress, folder: Path) -> str:
    await create_roles(address, PASSWORD, owner=PASSWORD, app=PASSWORD, database=DATABASE)
    await migrate(owner_url(address), app_role="confirma_app")
    crypto.install(crypto.Keyring({"t1": b"0" * 32}, index_secret=b"testes" * 6))
    database = Database(app_url(address), pool_size=5)
    try:
        async with database.session_scope(0) as session:
            await session.execute(text("SELECT garantir_particoes('2026-01-01', '2026-12-31')"))
        return draw(await gather(Palco(database, NOW, folder)))
    finally:
        await database.close()


def main() -> None:
    """Write the page to standard output."""
    logger.remove()
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder) / "pg", superuser_password=PASSWORD)
        address = server.start()
        try:
            page = asyncio.run(_play(address, Path(folder)))
        finally:
            server.stop()
            server.erase()
    sys.stdout.write(page)


if __name__ == "__main__":
    main()
