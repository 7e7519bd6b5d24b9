"""A served application for each test."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from app.database import Database
from tests.web.apoio import Create, FakeContexto, corpo_atendimento, make_contexto, serve


@pytest.fixture
def contexto(database: Database, hospital: int, now: datetime, tmp_path: Path) -> FakeContexto:
    return make_contexto(database, hospital, now, tmp_path)


@pytest.fixture
async def client(contexto: FakeContexto) -> AsyncIterator[aiohttp.ClientSession]:
    async with serve(contexto) as session:
        yield session


@pytest.fixture
def create(client: aiohttp.ClientSession) -> Create:
    async def create_one(**changes: Any) -> dict[str, Any]:
        async with client.post("/api/v1/atendimentos", json=corpo_atendimento(**changes)) as answer:
            read: dict[str, Any] = await answer.json()
            assert answer.status in {200, 201}, read
            return read

    return create_one
