"""A worker killed without warning, at whatever moment: another finishes, and the gateway's log tells what became."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from app.database import Database
from tests.cenario import Cenario, until
from tests.fabricas import make_agenda

QUANTOS = 60
PASTA = Path(__file__).parent.parent.parent
VOANDO = "SELECT count(*) AS n FROM mensagens WHERE estado IN ('agendada', 'na_fila', 'em_envio')"


@asynccontextmanager
async def process(cenario: Cenario, database: Database, tmp_path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    given = {
        "url": database.url,
        "tenant": cenario.tenant_id,
        "now": cenario.relogio().isoformat(),
        "data_dir": str(tmp_path),
    }
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.e2e.processo",
        json.dumps(given),
        cwd=PASTA,
        env={**os.environ, "PYTHONPATH": str(PASTA)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert started.stdout is not None
    try:
        assert (await asyncio.wait_for(started.stdout.readline(), 30)).strip() == b"pronto"
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


def arrived(cenario: Cenario) -> Counter[str]:
    return Counter(row["telefone_informado"] for row in cenario.fake.log if row["tipo"] == "text" and row["entregue"])


async def plan_many(cenario: Cenario) -> None:
    linhas = [make_agenda(n, nome_paciente=f"Paciente {n}", telefone=f"279981{n:05d}") for n in range(1, QUANTOS + 1)]
    await cenario.importar(*linhas)
    await cenario.programa.scheduler.run_all()


@pytest.mark.parametrize("sent_before", [1, 30])
async def test_another_worker_finishes_what_a_killed_one_left(
    cenario: Cenario, database: Database, tmp_path: Path, sent_before: int
) -> None:
    await cenario.set_canal(taxa_por_minuto=6000)  # released in several chunks
    await plan_many(cenario)
    async with process(cenario, database, tmp_path) as victim:
        await until(lambda: sum(arrived(cenario).values()) >= sent_before, within=30, why="the victim sends")
        os.kill(victim.pid, signal.SIGKILL)
        await victim.wait()
    async with process(cenario, database, tmp_path):
        await until(lambda: finished(cenario), within=60, why="the other worker finishes")
    counted = arrived(cenario)
    rows = await cenario.rows("SELECT estado, count(*) AS n FROM mensagens GROUP BY 1")
    states = {row["estado"]: row["n"] for row in rows}
    assert set(states) <= {"enviada", "incerta"}
    assert max(counted.values()) == 1, "nobody was asked twice"
    uncertain = states.get("incerta", 0)
    assert QUANTOS - uncertain <= len(counted) <= QUANTOS, "only what nobody could know is missing"
    assert len(counted) >= states["enviada"], "what is called sent was sent"
    assert uncertain < QUANTOS


async def finished(cenario: Cenario) -> bool:
    [row] = await cenario.rows(VOANDO)
    return bool(row["n"] == 0)


async def test_a_worker_told_to_stop_finishes_what_it_began(
    cenario: Cenario, database: Database, tmp_path: Path
) -> None:
    await cenario.set_canal(taxa_por_minuto=6000)
    await plan_many(cenario)
    async with process(cenario, database, tmp_path) as worker:
        await until(lambda: sum(arrived(cenario).values()) >= 5, within=30, why="it works")
        worker.terminate()
        assert await asyncio.wait_for(worker.wait(), 30) == 0
    rows = await cenario.rows("SELECT DISTINCT estado FROM mensagens")
    assert {row["estado"] for row in rows} <= {"enviada", "agendada", "na_fila"}
    cenario.relogio.now += timedelta(seconds=5)
    async with process(cenario, database, tmp_path):
        await until(lambda: finished(cenario), within=30, why="the next one finishes")
    assert set(arrived(cenario).values()) == {1}
    assert len(arrived(cenario)) == QUANTOS
