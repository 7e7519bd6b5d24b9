"""Everything a simulation runs on, put up for it alone: PostgreSQL, gateway, program, worker, HTTP server."""

import asyncio
import base64
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp
import asyncpg
import uvicorn
from sqlalchemy import text

from app import crypto
from app.config import Settings, load_settings
from app.embedded import EmbeddedPostgres, create_roles
from app.simulator.botconversa import FakeBotconversa, FakeOptions, FaultPlan, Outgoing
from app.simulator.simulacao.conversas import Pacientes
from app.simulator.simulacao.operario import Operario
from app.simulator.simulacao.relogio import Relogio
from app.simulator.simulacao.roteiro import Roteiro
from app.wiring import Programa, add_botconversa, open_programa

MakeApp = Callable[[Programa], Any]
"""Builds the HTTP application; handed in, because it lives above the simulator."""
_SENHA: Final = "simulacao-local"
_BANCO: Final = "confirma"
_API_KEY: Final = "chave-da-simulacao"
_SEGREDO: Final = "o segredo que a simulacao pos no webhook"
_CAMPOS: Final = {"id_tabela": "id_tabela", "nr_seq_agenda": "nr_seq_agenda"}
_MARGEM: Final = timedelta(days=2)


@dataclass(kw_only=True)
class Ambiente:
    """What the driver works with."""

    relogio: Relogio
    servidor: EmbeddedPostgres
    gateway: FakeBotconversa
    programa: Programa
    operario: Operario
    saindo: Outgoing
    pacientes: Pacientes


@asynccontextmanager
async def open_ambiente(
    roteiro: Roteiro, pacientes: Pacientes, relogio: Relogio, *, make_app: MakeApp, faults: FaultPlan
) -> AsyncIterator[Ambiente]:
    """Put everything up; nothing of it is left afterwards. Called from the main thread, as `open_programa`."""
    gateway = FakeBotconversa(
        relogio, _API_KEY, FakeOptions(keep_conversations=False), faults=faults, on_delivered=pacientes.deliver
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(gateway.stop)
        await gateway.start()
        servidor = stack.enter_context(_postgres())
        stack.enter_context(_keyring_kept())
        settings = await _settings(servidor, gateway.url)
        programa = await stack.enter_async_context(open_programa(_without_channel(settings), relogio))
        await _prepare(programa, settings, roteiro)
        url = await stack.enter_async_context(_serve(make_app(programa)))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        operario = Operario(programa)
        stack.push_async_callback(operario.stop)
        operario.start()
        yield Ambiente(
            relogio=relogio,
            servidor=servidor,
            gateway=gateway,
            programa=programa,
            operario=operario,
            saindo=Outgoing(session, f"{url}/webhook/botconversa", shared_secret=_SEGREDO),
            pacientes=pacientes,
        )


@contextmanager
def _postgres() -> Iterator[EmbeddedPostgres]:
    pasta = Path(tempfile.mkdtemp(prefix="confirma-simulacao-"))
    servidor = EmbeddedPostgres(pasta, superuser_password=_SENHA)
    try:
        servidor.start()
        yield servidor
    finally:
        servidor.stop()
        servidor.erase()
        shutil.rmtree(pasta, ignore_errors=True)


@contextmanager
def _keyring_kept() -> Iterator[None]:
    """Give the process its keys back afterwards: a simulation may run inside something else."""
    try:
        before = crypto.keyring()
    except RuntimeError:
        before = None
    try:
        yield
    finally:
        if before is not None:
            crypto.install(before)


async def _settings(servidor: EmbeddedPostgres, gateway_url: str) -> Settings:
    await create_roles(servidor.address, _SENHA, owner=_SENHA, app=_SENHA, database=_BANCO)
    await _trust_the_disk(servidor)
    key = base64.b64encode(b"simulacao".ljust(32, b".")).decode()
    return load_settings(
        {
            "DATABASE_URL": servidor.address.dsn("confirma_app", _SENHA, _BANCO),
            "DATABASE_MIGRATION_URL": servidor.address.dsn("confirma_owner", _SENHA, _BANCO),
            "SECRET_KEY": "a simulacao nao guarda nada depois de acabar",
            "ENCRYPTION_KEYS": f"sim:{key}",
            "BOTCONVERSA_API_URL": gateway_url,
            "BOTCONVERSA_API_KEY": _API_KEY,
            "BOTCONVERSA_WEBHOOK_SECRET": _SEGREDO,
            "HOSPITAL_NAME": "Santa Casa Simulada",
            "HOSPITAL_PHONE": "(27) 3000-0000",
            "HOSPITAL_ADDRESS": "Rua das Acácias, 100",
        },
        env_file=None,
    )


async def _trust_the_disk(servidor: EmbeddedPostgres) -> None:
    """Answer commits before they are on disk: only a power failure could tell, and nobody keeps this database."""
    connection = await asyncpg.connect(servidor.address.dsn("postgres", _SENHA, "postgres"), timeout=10)
    try:
        await connection.execute(f"ALTER DATABASE {_BANCO} SET synchronous_commit = off")
    finally:
        await connection.close()


def _without_channel(settings: Settings) -> Settings:
    """Leave the channel to `_prepare`, which gives it the fields a hospital's flow asks for."""
    return settings.model_copy(update={"botconversa": settings.botconversa.model_copy(update={"api_key": None})})


async def _prepare(programa: Programa, settings: Settings, roteiro: Roteiro) -> None:
    async with programa.database.session_scope(programa.tenant_id) as session:
        days = {"de": roteiro.inicio.date() - _MARGEM, "ate": roteiro.fim.date() + _MARGEM}
        await session.execute(text("SELECT garantir_particoes(:de, :ate)"), days)
    await add_botconversa(programa.database, programa.tenant_id, settings, campos=_CAMPOS)
    await programa.canais.refresh()


@asynccontextmanager
async def _serve(app: Any) -> AsyncIterator[str]:
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off")
    server = _QuietServer(config)
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if task.done():
                raise RuntimeError("the HTTP server did not start")
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


class _QuietServer(uvicorn.Server):
    """Leaves signals to whoever runs the simulation."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
