"""PostgreSQL restarts, or falls, in the middle of a day: worker and webhooks come back by themselves."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.database import Database, is_away, migrate
from app.embedded import EmbeddedPostgres, create_roles
from tests.cenario import Cenario, open_cenario, until
from tests.conftest import DATABASE, PASSWORD, app_url, create_hospital, owner_url
from tests.fabricas import make_agenda

QUANTOS = 60


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("pg-proprio"), superuser_password=PASSWORD)
    server.start()
    yield server
    server.stop()
    server.erase()


@pytest.fixture(scope="module")
async def own_database(own_postgres: EmbeddedPostgres, database: Database) -> AsyncIterator[Database]:
    assert database, "its keys are those of every test"
    address = own_postgres.address
    await create_roles(address, PASSWORD, owner=PASSWORD, app=PASSWORD, database=DATABASE)
    await migrate(owner_url(address), app_role="confirma_app")
    opened = Database(app_url(address), pool_size=5)
    async with opened.session_scope(0) as session:
        await session.execute(text("SELECT garantir_particoes('2026-01-01', '2026-12-31')"))
    yield opened
    await opened.close()


@pytest.fixture
async def proprio(own_database: Database, now: datetime, tmp_path: Path) -> AsyncIterator[Cenario]:
    hospital = await create_hospital(own_database)
    async with open_cenario(own_database, hospital, now, tmp_path) as opened:
        yield opened


def arrived(cenario: Cenario) -> Counter[str]:
    return Counter(row["telefone_informado"] for row in cenario.fake.log if row["tipo"] == "text" and row["entregue"])


async def finished(cenario: Cenario) -> bool:
    try:
        rows = await cenario.rows("SELECT 1 FROM mensagens WHERE estado IN ('agendada', 'na_fila', 'em_envio')")
    except (DBAPIError, OSError):
        return False
    return not rows


async def call_until_taken(cenario: Cenario, body: dict[str, str]) -> dict[str, object]:
    """Call as n8n does: a refused connection or a 503 is tried again."""
    for _ in range(200):
        try:
            status, answer = await cenario.call(body)
        except (DBAPIError, OSError) as error:
            if not is_away(error):  # the caller would be told something else than "call again"
                raise
            await asyncio.sleep(0.05)
        else:
            assert status == 200
            return answer
    raise AssertionError("the webhook did not come back")


@pytest.mark.parametrize("crash", [False, True], ids=["restart", "crash"])
async def test_a_restart_in_the_middle_of_sending_loses_and_doubles_nothing(
    proprio: Cenario, own_postgres: EmbeddedPostgres, *, crash: bool
) -> None:
    linhas = [make_agenda(n, nome_paciente=f"Paciente {n}", telefone=f"279981{n:05d}") for n in range(1, QUANTOS + 1)]
    await proprio.set_canal(taxa_por_minuto=6000)
    await proprio.importar(*linhas)
    await proprio.programa.scheduler.run_all()
    worker = proprio.programa.worker(with_cron=False)
    running = asyncio.create_task(worker.run())
    try:
        await until(lambda: sum(arrived(proprio).values()) >= 20, within=30, why="sending began")
        await asyncio.to_thread(own_postgres.restart, crash=crash)

        async def rescued() -> bool:
            with suppress(DBAPIError, OSError):
                proprio.relogio.pass_time(seconds=10)
                await proprio.programa.scheduler.run_all()
            return await finished(proprio)

        await until(rescued, within=60, why="the backlog drains")
    finally:
        worker.stop()
        await asyncio.wait_for(running, 30)
    counted = arrived(proprio)
    rows = await proprio.rows("SELECT estado, count(*) AS n FROM mensagens GROUP BY 1")
    states = {row["estado"]: row["n"] for row in rows}
    assert max(counted.values()) == 1, "nobody was asked twice"
    assert set(states) <= {"enviada", "incerta"}
    assert states.get("incerta", 0) == 0, "the worker lives: what it sent it writes down when the database is back"
    assert len(counted) == QUANTOS
    assert states["enviada"] <= len(counted)


@pytest.mark.parametrize("crash", [False, True], ids=["restart", "crash"])
async def test_answers_during_a_restart_are_taken_once_the_database_is_back(
    proprio: Cenario, own_postgres: EmbeddedPostgres, *, crash: bool
) -> None:
    linhas = [make_agenda(n, nome_paciente=f"P {n}", telefone=f"279982{n:05d}") for n in range(1, 11)]
    await proprio.importar(*linhas)
    await proprio.tick()
    bodies = [{"telefone": f"279982{n:05d}", "resposta": "1", "mensagem_id": f"m{n}-{crash}"} for n in range(1, 11)]
    restart = asyncio.create_task(asyncio.to_thread(own_postgres.restart, crash=crash))
    answers = await asyncio.gather(*(call_until_taken(proprio, body) for body in bodies for _ in range(2)))
    await restart
    assert {answer["status"] for answer in answers} <= {"CONFIRMADO", "JA_RESPONDIDO"}
    assert await proprio.status(*range(1, 11)) == ["confirmado"] * 10
    rows = await proprio.rows("SELECT 1 FROM historico WHERE fato = 'paciente_confirmou'")
    assert len(rows) == 10


async def test_the_queues_listener_comes_back_too(proprio: Cenario, own_postgres: EmbeddedPostgres) -> None:
    worker = proprio.programa.worker(with_cron=False)
    running = asyncio.create_task(worker.run())
    try:
        await asyncio.to_thread(own_postgres.restart)

        async def imported() -> bool:
            with suppress(DBAPIError, OSError):
                await proprio.importar(make_agenda())
                await proprio.programa.scheduler.run_all()
                return True
            return False

        await until(imported, why="the database answers again")
        await until(lambda: bool(proprio.texts()), within=30, why="a message planned after the restart leaves")
    finally:
        worker.stop()
        await asyncio.wait_for(running, 30)
