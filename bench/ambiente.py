"""An installation of its own for one bench: an empty PostgreSQL, the program over it, its other processes beside it."""

import asyncio
import json
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psutil

from app.config import Settings, load_settings
from app.database import migrate
from app.embedded import EmbeddedPostgres, create_roles
from app.wiring import Programa, open_programa

INICIO: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday, 09:00 in São Paulo: the window is open
SEGREDO: Final = "segredo-da-bancada-0123456789abcdef0123"
CHAVE: Final = "chave-da-bancada"
_ROOT: Final = Path(__file__).resolve().parents[1]
_DATABASE: Final = "confirma"
_READY_S: Final = 300.0  # a load says that it is ready when it is done
_STOP_S: Final = 20.0
_CPU_FIELDS: Final = ("user", "system", "children_user", "children_system")


def shifted_clock(since: float) -> Callable[[], datetime]:
    """Return a clock that showed `INICIO` at the instant `since` (`time.time()`): the same in every process."""
    return lambda: INICIO + timedelta(seconds=time.time() - since)


@dataclass(frozen=True, slots=True)
class Bancada:
    """One installation under measure."""

    environ: Mapping[str, str]
    since: float
    postgres: psutil.Process
    superuser_url: str

    @property
    def settings(self) -> Settings:
        return load_settings(self.environ, env_file=None)

    @property
    def clock(self) -> Callable[[], datetime]:
        return shifted_clock(self.since)

    @asynccontextmanager
    async def open(self, **environ: str) -> AsyncIterator[Programa]:
        settings = load_settings({**self.environ, **environ}, env_file=None)
        async with open_programa(settings, self.clock) as programa:
            yield programa

    def postgres_cpu_s(self) -> float:
        """Return the CPU of the server so far: its main process, the ones it waited for, the living ones."""
        total = cpu_s(self.postgres, _CPU_FIELDS)
        for child in self.postgres.children():
            with suppress(psutil.NoSuchProcess):
                total += cpu_s(child)
        return total


@asynccontextmanager
async def open_bancada(**environ: str) -> AsyncIterator[Bancada]:
    """Start an empty server and migrate it; everything is gone afterwards. From the main thread only."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up as for Ctrl-C
    password = secrets.token_urlsafe(12)
    with tempfile.TemporaryDirectory(prefix="confirma-bench-") as folder:
        server = EmbeddedPostgres(Path(folder) / "pg", superuser_password=password)
        server.start()
        try:
            await create_roles(server.address, password, owner=password, app=password, database=_DATABASE)
            app_url, owner_url, superuser_url = (
                server.address.dsn(role, password, _DATABASE) for role in ("confirma_app", "confirma_owner", "postgres")
            )
            await migrate(owner_url.replace("postgresql:", "postgresql+asyncpg:", 1), app_role="confirma_app")
            given = {
                "DATA_DIR": folder,
                "DATABASE_URL": app_url,
                "HOSPITAL_NAME": "Santa Casa da Bancada",
                "HOSPITAL_PHONE": "(27) 3333-0000",
                "HOSPITAL_STATE": "ES",
                "BOTCONVERSA_API_KEY": CHAVE,
                "BOTCONVERSA_WEBHOOK_SECRET": SEGREDO,
                "LOG_LEVEL": "WARNING",
                **environ,
            }
            yield Bancada(given, time.time(), _postmaster(), superuser_url)
        finally:
            server.stop()
            server.erase()


def _postmaster() -> psutil.Process:
    found = [child for child in psutil.Process().children() if child.name().startswith("postgres")]
    return max(found, key=lambda child: child.create_time())


def cpu_s(process: psutil.Process, fields: tuple[str, ...] = ("user", "system")) -> float:
    times = process.cpu_times()
    return float(sum(getattr(times, field) for field in fields))


class Processo:
    """Another process of the bench (`bench/papeis.py`): speaks one JSON object per line each way."""

    def __init__(self, process: asyncio.subprocess.Process, ready: Mapping[str, Any]) -> None:
        self._process = process
        self._psutil = psutil.Process(process.pid)
        self.ready = ready

    @property
    def cpu_s(self) -> float:
        return cpu_s(self._psutil)

    @property
    def memory_mib(self) -> float:
        return float(self._psutil.memory_info().rss) / 2**20

    async def read(self, timeout_s: float = 600.0) -> dict[str, Any]:
        """Return what the process says next."""
        return await _read(self._process, timeout_s)

    async def say(self, line: str) -> None:
        """Tell the process something on its standard input."""
        if self._process.stdin is None:
            raise RuntimeError("the process has no input to write to")
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), _STOP_S)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()


@asynccontextmanager
async def start(papel: str, environ: Mapping[str, str] | None = None, **arguments: Any) -> AsyncIterator[Processo]:
    """Start one role in a process of its own and wait until it is ready; it never outlives the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.papeis",
        papel,
        json.dumps({"environ": dict(environ or {}), **arguments}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=_ROOT,
        env={"PATH": os.defpath, "PYTHONHASHSEED": "0"},
        limit=2**26,
    )
    try:
        running = Processo(process, await _read(process, _READY_S))
        yield running
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), _STOP_S)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _read(process: asyncio.subprocess.Process, timeout_s: float) -> dict[str, Any]:
    if process.stdout is None:
        raise RuntimeError("the process has no output to read")
    line = await asyncio.wait_for(process.stdout.readline(), timeout_s)
    if not line:
        raise RuntimeError("the process ended without saying why")
    answer: dict[str, Any] = json.loads(line)
    return answer
