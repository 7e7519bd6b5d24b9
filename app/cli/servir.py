"""`confirma serve` and `confirma worker`: the program as a hospital runs it."""

import asyncio
import ipaddress
import signal
import socket
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any, Final, NoReturn

import typer

from app.api.server import ApiServer, PortaOcupadaError, open_socket, port_of
from app.config import Settings, SettingsError, load_settings
from app.database import DatabaseRefusedError, is_away
from app.embedded import EmbeddedPostgresError
from app.local_secrets import LocalSecretsError
from app.main import create_app
from app.observability import configure_logging
from app.repositories.identidade import IdentidadeRepository
from app.simulator.demo import DemoEmUsoError
from app.wiring import Programa, open_programa
from app.workers.loop import Worker

EXIT_FAILED: Final = 1
EXIT_WRONG_USE: Final = 2
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TOLD: Final = (PortaOcupadaError, DatabaseRefusedError, EmbeddedPostgresError, LocalSecretsError, DemoEmUsoError)


def serve(
    porta: Annotated[
        int | None, typer.Option("--porta", min=0, max=65_535, help="Porta; sem ela vale PORT. 0 escolhe uma livre.")
    ] = None,
    sem_worker: Annotated[bool, typer.Option("--sem-worker", help="Só API e painel; os envios ficam com `worker`.")] = (
        False
    ),
    soquete: Annotated[int | None, typer.Option("--soquete", hidden=True)] = None,
) -> None:
    """Serve a API e o painel; envia no mesmo processo, a não ser com --sem-worker ou API_WORKERS acima de 1."""
    settings = read_settings()
    _refuse_exposure(settings)
    if porta is not None:
        settings = settings.model_copy(update={"server": settings.server.model_copy(update={"port": porta})})
    if soquete is not None:  # one of several processes on the first one's socket
        run(_serve_beside(settings, socket.socket(fileno=soquete)))
    else:
        run(_serve(settings, with_worker=not sem_worker and settings.server.api_workers == 1))


def worker() -> None:
    """Envia as mensagens e roda o agendador, sem API nem painel."""
    run(_work(read_settings()))


def read_settings() -> Settings:
    """Return the environment's settings with the log set up, or end with the sentences that say what is wrong."""
    try:
        settings = load_settings()
    except SettingsError as error:
        refuse(*error.sentences, code=EXIT_WRONG_USE)
    configure_logging(settings.log, environment=settings.environment)
    return settings


def refuse(*sentences: str, code: int = EXIT_FAILED) -> NoReturn:
    for sentence in sentences:
        print(sentence, file=sys.stderr, flush=True)
    raise typer.Exit(code)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; what a person can mend is told in a sentence."""
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(work)
    except _TOLD as error:
        refuse(str(error))
    except Exception as error:  # a database that is away comes as many kinds; the rest goes on as it came
        if is_away(error):
            refuse("O banco de dados não respondeu: confira DATABASE_URL e se o servidor está no ar.")
        raise


@asynccontextmanager
async def until_told_to_end() -> AsyncIterator[asyncio.Event]:
    """Give an event that Ctrl-C, SIGTERM or a closed terminal sets: everything begun is then finished in order."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, told.set)
    try:
        yield told
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


async def _serve(settings: Settings, *, with_worker: bool) -> None:
    with open_socket(settings.server.host, settings.server.port) as opened:
        async with until_told_to_end() as told, open_programa(settings) as programa:
            await _refuse_without_administrator(programa)
            server = _build_server(programa, opened)
            await server.start()
            print(f"Confirma em http://{settings.server.host}:{port_of(opened)}", file=sys.stderr, flush=True)
            if settings.server.api_workers > 1:
                print("Com API_WORKERS acima de 1, os envios ficam com `confirma worker`.", file=sys.stderr, flush=True)
            async with _siblings(opened, settings.server.api_workers - 1):
                await _until(asyncio.create_task(told.wait()), programa.worker() if with_worker else None)
            await server.stop()


async def _serve_beside(settings: Settings, opened: socket.socket) -> None:
    async with until_told_to_end() as told, open_programa(settings) as programa:
        server = _build_server(programa, opened)
        await server.start()
        await told.wait()
        await server.stop()


def _build_server(programa: Programa, opened: socket.socket) -> ApiServer:
    return ApiServer(create_app(programa), opened, trusted_proxies=programa.settings.server.trusted_proxies)


@asynccontextmanager
async def _siblings(opened: socket.socket, how_many: int) -> AsyncIterator[None]:
    """Run further processes on the same socket; they end with us, before the database they use does."""
    command = (sys.executable, "-c", "from app.cli import main; main()", "serve", "--soquete", str(opened.fileno()))
    processes = [
        await asyncio.create_subprocess_exec(*command, pass_fds=(opened.fileno(),), stdout=asyncio.subprocess.DEVNULL)
        for _ in range(how_many)
    ]
    try:
        yield
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                process.terminate()
        await asyncio.gather(*(process.wait() for process in processes))


async def _work(settings: Settings) -> None:
    async with until_told_to_end() as told, open_programa(settings) as programa:
        print("Worker do Confirma trabalhando; Ctrl-C encerra.", file=sys.stderr, flush=True)
        await _until(asyncio.create_task(told.wait()), programa.worker())


async def _until(ending: asyncio.Task[Any], working: Worker | None) -> None:
    """Work until told to end; then take no more jobs and finish those begun."""
    if working is None:
        await ending
        return
    task = asyncio.create_task(working.run())
    await asyncio.wait({ending, task}, return_when=asyncio.FIRST_COMPLETED)
    working.stop()
    await task


def _refuse_exposure(settings: Settings) -> None:
    """Names and passwords do not cross a network in clear: outside this machine a proxy speaks TLS before us."""
    if not _is_loopback(settings.server.host) and not settings.server.base_url.startswith("https://"):
        refuse(
            f"HOST={settings.server.host} abriria o painel para a rede sem TLS: use HOST=127.0.0.1, ou ponha um proxy "
            "com TLS à frente e o endereço dele em PUBLIC_BASE_URL=https://…",
            code=EXIT_WRONG_USE,
        )


async def _refuse_without_administrator(programa: Programa) -> None:
    """There is no default password: who serves more than this machine makes the first administrator beforehand."""
    settings = programa.settings
    if not settings.is_guarded and _is_loopback(settings.server.host):
        return
    async with programa.database.session_scope(programa.tenant_id) as session:
        known = await IdentidadeRepository(session, programa.tenant_id).has_administrator()
    if not known:
        refuse(
            "Falta o primeiro administrador: crie-o com `confirma usuario criar LOGIN --papel administrador` e sirva "
            "de novo.",
            code=EXIT_WRONG_USE,
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _loop_factory() -> Any:
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - absent on Windows

    return uvloop.new_event_loop
