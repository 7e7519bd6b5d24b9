"""A command on a demonstration's data lives in the demonstration's time."""

import fcntl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app.cli.relogio import RelogioDoBanco
from app.database import Database

VIRTUAL = datetime(2026, 5, 4, 11, 0, tzinfo=UTC)


@pytest.fixture
async def demonstracao(database: Database) -> AsyncIterator[Database]:
    """Leave the clock of a demonstration saved a minute ago, sixty times as fast as ours."""
    saved = datetime.now(UTC) - timedelta(minutes=1)
    async with database.global_scope() as session:
        await session.execute(text("DELETE FROM relogio"))
        await session.execute(
            text("INSERT INTO relogio (id, virtual_em, real_em, velocidade) VALUES (1, :virtual, :real, 60)"),
            {"virtual": VIRTUAL, "real": saved},
        )
    yield database
    async with database.global_scope() as session:
        await session.execute(text("DELETE FROM relogio"))


async def test_without_a_demonstration_time_is_real(database: Database, tmp_path: Path) -> None:
    relogio = RelogioDoBanco()
    await relogio.follow(database, tmp_path)
    assert abs(relogio() - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_demonstration_that_ended_stands_still(demonstracao: Database, tmp_path: Path) -> None:
    relogio = RelogioDoBanco()
    await relogio.follow(demonstracao, tmp_path)
    assert relogio() == VIRTUAL


async def test_a_running_demonstration_runs_here_too(demonstracao: Database, tmp_path: Path) -> None:
    relogio = RelogioDoBanco()
    with (tmp_path / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        await relogio.follow(demonstracao, tmp_path)
    assert relogio() >= VIRTUAL + timedelta(hours=1)
