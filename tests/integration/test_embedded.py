"""The embedded server between processes: owned by one, used by several, never left behind."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from app.embedded import EmbeddedPostgres, create_roles

SENHA = "testes-locais"


@pytest.fixture
def dono(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path, superuser_password=SENHA)
    server.start()
    yield server
    server.stop()
    server.erase()


async def _answers(server: EmbeddedPostgres) -> bool:
    connection = await asyncpg.connect(server.address.dsn("postgres", SENHA, "postgres"), timeout=10)
    try:
        return await connection.fetchval("SELECT 1") == 1
    finally:
        await connection.close()


async def test_who_is_attached_carries_on_when_the_owner_ends(dono: EmbeddedPostgres, tmp_path: Path) -> None:
    attached = EmbeddedPostgres(tmp_path, superuser_password=SENHA)
    attached.start()
    try:
        assert (dono.owner, attached.owner) == (True, False)
        dono.stop()
        attached.tend()
        assert attached.owner
        assert await _answers(attached)
    finally:
        attached.stop()


async def test_a_killed_server_is_started_again_with_its_data(dono: EmbeddedPostgres) -> None:
    await create_roles(dono.address, SENHA, owner="dono", app="app", database="confirma")
    process = psutil.Process(dono.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    dono.tend()
    connection = await asyncpg.connect(dono.address.dsn("confirma_app", "app", "confirma"), timeout=10)
    await connection.close()


async def test_two_first_starts_at_once_create_the_roles_once(dono: EmbeddedPostgres) -> None:
    again = [create_roles(dono.address, SENHA, owner="dono", app="app", database="confirma") for _ in range(4)]
    await asyncio.gather(*again)


def test_nothing_is_left_after_a_stop(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path, superuser_password=SENHA)
    server.start()
    pid = server.pid
    server.stop()
    assert pid is not None
    assert not psutil.pid_exists(pid)
    server.erase()


async def test_sec_40_the_servers_log_holds_no_values_and_is_its_owners(dono: EmbeddedPostgres, tmp_path: Path) -> None:
    connection = await asyncpg.connect(dono.address.dsn("postgres", SENHA, "postgres"), timeout=10)
    try:
        await connection.execute("CREATE TABLE nomes (nome text UNIQUE CHECK (length(nome) < 20))")
        await connection.execute("INSERT INTO nomes VALUES ('Maria Marcada')")
        for refused in ("Maria Marcada", "Maria Marcada de Tal e Tal"):
            with pytest.raises(asyncpg.IntegrityConstraintViolationError):
                await connection.execute("INSERT INTO nomes VALUES ($1)", refused)
    finally:
        await connection.close()
    log = tmp_path / "postgres.log"
    assert "nomes_nome_key" in log.read_text()
    assert "Marcada" not in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
