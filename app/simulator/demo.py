"""The demonstration in one process: a hospital, its schedule, a simulated WhatsApp and patients who answer."""

import asyncio
import fcntl
import hmac
import json
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import aiohttp
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text

from app.api.server import ApiServer, open_socket, port_of
from app.auth.chaves import ChaveInexistente, Chaves
from app.config import BotconversaSettings, HospitalSettings, LogSettings, ServerSettings, Settings
from app.domain.permissao import PERMISSOES, Papel, Permissao
from app.local_secrets import load_or_create_secrets
from app.repositories.identidade import IdentidadeRepository, LoginTomado
from app.simulator.agenda_ficticia import HOSPITAL, UNIDADES, make_agenda
from app.simulator.botconversa import Outgoing
from app.simulator.conducao import Condutor
from app.simulator.relogio import VELOCIDADE, RelogioVirtual, first_morning
from app.simulator.telefone.conversas import Conversas
from app.simulator.telefone.memoria import restore
from app.simulator.telefone.rotas import build_router
from app.wiring import Programa, add_botconversa, open_programa

HOST: Final = "127.0.0.1"
SEMENTE: Final = 2026
_ZONA: Final = ZoneInfo("America/Sao_Paulo")
_QUEM: Final = "demonstracao"
_USUARIO: Final = "demo"
_CHAVE: Final = "demonstracao"
_ACESSO: Final = "acesso.json"
_CANAL: Final = {
    "tag": "confirmacao",
    "campanha": "Confirmações",
    "campos": {"id_tabela": "id_tabela", "nr_seq_agenda": "nr_seq_agenda"},
}


class DemoEmUsoError(RuntimeError):
    """Another demonstration works on the same data; the message says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What `confirma demo` is told. `log` is where the events go: the terminal belongs to the person."""

    porta: int
    dados: Path
    atendimentos: int
    log: LogSettings
    semente: int = SEMENTE


@dataclass(frozen=True, slots=True)
class Demonstracao:
    """An open demonstration."""

    url: str
    condutor: Condutor
    is_new: bool
    atendimentos: int
    acesso: "Acesso"


@dataclass(frozen=True, slots=True)
class Acesso:
    """How people and scripts come in; `arquivo` keeps it for them, readable by their user only."""

    usuario: str
    senha: str
    chave: str
    arquivo: Path


@asynccontextmanager
async def open_demo(
    options: DemoOptions, *, real: Callable[[], datetime], make_app: Callable[[Programa], FastAPI]
) -> AsyncIterator[Demonstracao]:
    """Open everything, and end everything at the end. Raises PortaOcupadaError or DemoEmUsoError at once."""
    async with AsyncExitStack() as stack:
        opened = open_socket(HOST, options.porta)
        stack.callback(opened.close)
        options.dados.mkdir(parents=True, exist_ok=True, mode=0o700)
        stack.enter_context(_alone(options.dados))
        yield await _assemble(stack, options, opened, real=real, make_app=make_app)


async def _assemble(
    stack: AsyncExitStack,
    options: DemoOptions,
    opened: socket.socket,
    *,
    real: Callable[[], datetime],
    make_app: Callable[[Programa], FastAPI],
) -> Demonstracao:
    """Put the parts together; the stack takes them down in the opposite order."""
    url = f"http://{HOST}:{port_of(opened)}"
    segredos = _Secrets.of(options.dados)
    relogio = RelogioVirtual(real, first_morning(real(), _ZONA, HOSPITAL["uf"]))
    conversas = Conversas(relogio, segredos.api_key, semente=options.semente)
    await conversas.gateway.start(HOST)
    stack.push_async_callback(conversas.gateway.stop)
    settings = _settings(options, port_of(opened), segredos)
    programa = await stack.enter_async_context(open_programa(settings, relogio))
    is_new = not await relogio.load(programa.database)
    await _connect_gateway(programa, conversas.gateway.url, segredos)
    if is_new:
        await _load_agenda(programa, options)
        relogio.run_at(VELOCIDADE)
    await restore(conversas, programa.database, programa.tenant_id, now=relogio())
    session = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)))
    conversas.carry = Outgoing(session, f"{url}/webhook/botconversa", shared_secret=segredos.webhook).reply
    condutor = Condutor(programa, relogio, conversas)
    programa.demo = condutor
    acesso = await _let_in(programa, options.dados)
    app = make_app(programa)
    app.include_router(build_router(conversas, condutor, programa.zona))
    await _run(stack, programa, condutor, ApiServer(app, opened))
    return Demonstracao(url, condutor, is_new, await _count(programa), acesso)


async def _run(stack: AsyncExitStack, programa: Programa, condutor: Condutor, server: ApiServer) -> None:
    """Start worker, pages and time; time ends first, so that nothing new begins while the rest finishes."""
    worker = programa.worker(with_cron=False, releases=False)
    _keep(stack, worker.run(), worker.stop)
    await server.start()
    stack.push_async_callback(server.stop)
    await condutor.save()
    stack.push_async_callback(condutor.save)
    _keep(stack, condutor.run(), condutor.end)


def _keep(stack: AsyncExitStack, work: Coroutine[None, None, None], stop: Callable[[], None]) -> None:
    task = asyncio.create_task(work)

    async def end() -> None:
        stop()
        await task

    stack.push_async_callback(end)


@dataclass(frozen=True, slots=True)
class _Secrets:
    """What gateway and program know of each other, the same at every start on the same data."""

    api_key: str
    webhook: str

    @classmethod
    def of(cls, dados: Path) -> "_Secrets":
        key = load_or_create_secrets(dados).secret_key.encode()
        return cls(*(hmac.new(key, name, "sha256").hexdigest() for name in (b"demo:api", b"demo:webhook")))


@contextmanager
def _alone(dados: Path) -> Iterator[None]:
    """Hold the folder: two demonstrations on one database would turn each other's clock."""
    with (dados / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoEmUsoError(
                f"Já há uma demonstração aberta com os dados de {dados}: feche-a ou escolha outra pasta com --dados."
            ) from None
        yield


def _settings(options: DemoOptions, porta: int, segredos: _Secrets) -> Settings:
    """Return settings of the demonstration's own: what the environment says of a real hospital stays out of it."""
    hospital = HospitalSettings(
        name=HOSPITAL["nome"],
        phone=HOSPITAL["telefone"],
        address=HOSPITAL["endereco"],
        city=HOSPITAL["cidade"],
        state=HOSPITAL["uf"],
    )
    return Settings(
        data_dir=options.dados,
        server=ServerSettings(host=HOST, port=porta),
        botconversa=BotconversaSettings(webhook_secret=SecretStr(segredos.webhook)),
        hospital=hospital,
        log=options.log,
    )


async def _let_in(programa: Programa, dados: Path) -> Acesso:
    """Make an administrator and a key of this demonstration's own, once; later starts read them from the file."""
    arquivo = dados / _ACESSO
    if arquivo.is_file():
        return Acesso(**json.loads(arquivo.read_text(encoding="utf-8")), arquivo=arquivo)
    senha = "-".join(secrets.token_hex(3) for _ in range(3))
    await _make_administrator(programa, senha)
    chaves = Chaves(programa.database, programa.tenant_id, programa.contas.now)
    with suppress(ChaveInexistente):  # one whose file was lost opens nothing any more
        await chaves.revoke(_CHAVE)
    nova = await chaves.create(_CHAVE, sorted(PERMISSOES[Papel.ADMINISTRADOR] | {Permissao.WEBHOOK_RECEBER}))
    written = {"usuario": _USUARIO, "senha": senha, "chave": nova.texto}
    descriptor = os.open(arquivo, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as aberto:
        aberto.write(json.dumps(written, ensure_ascii=False, indent=2) + "\n")
    return Acesso(**written, arquivo=arquivo)


async def _make_administrator(programa: Programa, senha: str) -> None:
    nome = "Administração da demonstração"
    try:
        await programa.contas.create(programa.tenant_id, _USUARIO, nome, Papel.ADMINISTRADOR, senha, sem_totp=True)
    except LoginTomado:
        async with programa.database.session_scope(programa.tenant_id) as session:
            usuario = await IdentidadeRepository(session, programa.tenant_id).user_named(_USUARIO)
        if usuario is not None:
            await programa.contas.set_password(programa.tenant_id, usuario.id, senha)


async def _connect_gateway(programa: Programa, url: str, segredos: _Secrets) -> None:
    """Make the hospital's channel lead to this start's simulated WhatsApp, whose port is another each time."""
    bot = programa.settings.botconversa.model_copy(update={"api_url": url, "api_key": SecretStr(segredos.api_key)})
    settings = programa.settings.model_copy(update={"botconversa": bot})
    async with programa.database.session_scope(programa.tenant_id) as session:
        known = await session.execute(
            text("""UPDATE canais SET config = config || CAST(:base AS jsonb), pausado_ate = NULL
                WHERE tenant_id = :tenant AND tipo = 'botconversa' RETURNING id"""),
            {"tenant": programa.tenant_id, "base": json.dumps({"base_url": url})},
        )
        is_known = known.first() is not None
    if not is_known:
        await add_botconversa(programa.database, programa.tenant_id, settings, **_CANAL)
    await programa.canais.refresh()


async def _load_agenda(programa: Programa, options: DemoOptions) -> None:
    async with programa.database.session_scope(programa.tenant_id) as session:
        for unidade in UNIDADES:
            await session.execute(
                text("""INSERT INTO unidades (tenant_id, nome, endereco, telefone, cidade, uf, zona)
                    VALUES (:tenant, :nome, :endereco, :telefone, :cidade, :uf, :zona)
                    ON CONFLICT (tenant_id, nome) DO NOTHING"""),
                {**HOSPITAL, **unidade, "tenant": programa.tenant_id, "zona": programa.zona.key},
            )
    agora = programa.clock()
    agenda = make_agenda(
        options.atendimentos, semente=options.semente, agora=agora, zona=programa.zona, uf=HOSPITAL["uf"]
    )
    await programa.importador.importar(agenda, origem="hospital", now=agora, quem=_QUEM)


async def _count(programa: Programa) -> int:
    async with programa.database.session_scope(programa.tenant_id) as session:
        return int((await session.execute(text("SELECT count(*) FROM atendimentos"))).scalar_one())
