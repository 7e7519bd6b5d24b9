"""The application over a real database and a real socket; only what lies beyond it is a stand-in that behaves."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import uvicorn
from starlette.requests import HTTPConnection

from app.auth.contas import Contas
from app.auth.porteiro import Biscoito, operador
from app.config import Settings
from app.connectors.base import AtendimentoImportado
from app.database import Database
from app.domain.permissao import Identidade
from app.main import create_app
from app.observability import Metrics
from app.providers.base import GatewayHealth, StepResult, WebhookCall
from app.services.auditoria_service import AuditoriaService
from app.services.importacao_service import ImportacaoService, ResultadoImportacao
from app.services.modelo_sync import ModeloSync, Sincronizacao

ZONA = ZoneInfo("America/Sao_Paulo")


@dataclass(frozen=True)
class Answer:
    status_code: int
    body: Mapping[str, Any]
    media_type: str = "application/json; charset=utf-8"
    raw: bytes | None = None


@dataclass
class FakeWebhook:
    """Keeps what it was handed, byte for byte."""

    calls: list[tuple[Mapping[str, str], bytes, str | None]] = field(default_factory=list)
    answer: Answer = field(default_factory=lambda: Answer(200, {"success": True, "status": "CONFIRMADO"}))
    failure: Exception | None = None
    secret: bool = False

    async def has_secret(self, tenant_id: int) -> bool:
        assert tenant_id > 0
        return self.secret

    async def greet(self, query: Mapping[str, str], *, canal: str) -> str | None:
        return query.get("hub.challenge") if canal == "conhecido" else None

    async def receive(self, call: WebhookCall, *, canal: str | None, now: datetime) -> Answer:
        assert now.tzinfo is not None
        self.calls.append((call.headers, call.body, canal))
        if self.failure is not None:
            raise self.failure
        return self.answer


@dataclass(frozen=True)
class FakeWorkflow:
    subscriber_id: str | None
    message_id: str | None
    steps: Sequence[StepResult]
    ok: bool = True


@dataclass(frozen=True)
class FakeCampaign:
    id: int
    name: str


@dataclass
class FakeGateway:
    """A gateway that does what it is asked, or fails as told."""

    failure: Exception | None = None
    flows: list[tuple[str, str]] = field(default_factory=list)
    healthy: bool = True
    checks: int = 0

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure

    async def workflow(self, atendimento_id: int, now: datetime) -> FakeWorkflow:
        assert now.tzinfo is not None
        self._fail()
        return FakeWorkflow(f"s-{atendimento_id}", None, (StepResult("subscriber", ok=True, ms=1.5, id="s-1"),))

    async def send_flow(self, subscriber_id: str, flow: str) -> None:
        self._fail()
        self.flows.append((subscriber_id, flow))

    async def list_campaigns(self) -> Sequence[FakeCampaign]:
        self._fail()
        return [FakeCampaign(42, "Confirmações")]

    async def check(self) -> GatewayHealth:
        self.checks += 1
        return GatewayHealth(ok=self.healthy, detail="responde" if self.healthy else "fora do ar", ms=1.0)


class RealImport:
    """The import as the program's own, under the API's signature."""

    def __init__(self, service: ImportacaoService) -> None:
        self._service = service

    async def importar_registros(
        self, registros: list[AtendimentoImportado], now: datetime, *, origem: str
    ) -> ResultadoImportacao:
        return await self._service.importar(registros, origem=origem, now=now, quem="api")


@dataclass
class FakeDemo:
    """A clock that notes how it was turned."""

    phone_url: str = "http://127.0.0.1:9/telefone"
    speed: float = 60.0
    turns: list[object] = field(default_factory=list)

    async def stop(self) -> None:
        self.turns.append("stop")
        self.speed = 0

    async def go_on(self) -> None:
        self.turns.append("go_on")
        self.speed = 60

    async def jump(self, by: timedelta) -> None:
        self.turns.append(by)

    async def next_day(self) -> None:
        self.turns.append("next_day")


@dataclass(frozen=True)
class FakeJob:
    name: str
    cron: str
    next_run: datetime | None


@dataclass
class FakePorteiro:
    """Takes everybody for the same one."""

    quem: Identidade | None
    biscoito: Biscoito = field(default_factory=lambda: Biscoito(seguro=False))

    def form_token(self, request: HTTPConnection) -> str:
        assert request.url.path
        return ""

    async def identify(self, request: HTTPConnection, *, now: datetime) -> Identidade | None:
        assert now.tzinfo is not None
        assert request.url.path
        return self.quem


@dataclass
class FakeContexto:
    settings: Settings
    database: Database
    tenant_id: int
    importacao: RealImport
    now: datetime
    porteiro: FakePorteiro
    contas: Contas
    auditoria: AuditoriaService
    zona: ZoneInfo = ZONA
    metrics: Metrics = field(default_factory=Metrics)
    webhook: FakeWebhook = field(default_factory=FakeWebhook)
    gateway: FakeGateway = field(default_factory=FakeGateway)
    jobs: list[FakeJob] = field(default_factory=list)
    demo: FakeDemo | None = None
    providers: dict[int, Any] = field(default_factory=dict)

    async def tenants(self) -> Sequence[int]:
        return [self.tenant_id]

    async def hospital(self, tenant_id: int) -> "FakeContexto":
        if tenant_id == self.tenant_id:
            return self
        importacao = RealImport(ImportacaoService(self.database, tenant_id, zona=self.zona))
        return replace(self, tenant_id=tenant_id, importacao=importacao)

    async def sync_modelos(self) -> Sincronizacao:
        return await ModeloSync(self.database).sync_all(self.tenant_id, self.providers, self.now)

    @property
    def clock(self) -> Callable[[], datetime]:
        return lambda: self.now


def make_contexto(database: Database, tenant_id: int, now: datetime, data_dir: Path, **settings: Any) -> FakeContexto:
    importacao = RealImport(ImportacaoService(database, tenant_id, zona=ZONA))
    return FakeContexto(
        settings=Settings(data_dir=data_dir, **settings),
        database=database,
        tenant_id=tenant_id,
        importacao=importacao,
        now=now,
        porteiro=FakePorteiro(operador(tenant_id)),
        auditoria=AuditoriaService(database, lambda: now),
        contas=Contas(database, secret_key="x" * 64, clock=lambda: now, guarded=False),
    )


@asynccontextmanager
async def serve(contexto: FakeContexto) -> AsyncIterator[aiohttp.ClientSession]:
    """Serve the application on a free port of this machine."""
    config = uvicorn.Config(create_app(contexto), log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))  # open before the server runs: nobody has to wait for it
    port = listening.getsockname()[1]
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        async with aiohttp.ClientSession(
            f"http://127.0.0.1:{port}", cookie_jar=aiohttp.CookieJar(unsafe=True)
        ) as client:
            yield client
    finally:
        server.should_exit = True
        await running


def corpo_atendimento(**changes: Any) -> dict[str, Any]:
    return {
        "nr_seq_agenda": "1001",
        "nome_paciente": "Maria Souza",
        "telefone": "(31) 98765-4321",
        "nome_medico": "Dra. Helena Prado",
        "especialidade": "Cardiologia",
        "data_consulta": "2026-03-06T14:30",
        **changes,
    }


Create = Callable[..., Awaitable[dict[str, Any]]]
