"""Builds the program's objects from its settings, and takes them down again."""

import asyncio
import gc
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from loguru import logger
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app import crypto
from app.auth.contas import Contas
from app.auth.porteiro import Biscoito, Porteiro
from app.config import Environment, Settings, SettingsError
from app.connectors.base import AtendimentoImportado
from app.database import Database, migrate
from app.domain.janela import week_hours
from app.domain.politica import Politica, default_passos
from app.embedded import EmbeddedPostgres, EmbeddedPostgresError, create_roles
from app.local_secrets import load_or_create_secrets
from app.observability import Metrics
from app.providers.http import HttpClient, HttpLimits
from app.scheduler import AppointmentScheduler, SchedulerOptions
from app.services.auditoria_service import AuditoriaService
from app.services.importacao_service import ImportacaoService, ResultadoImportacao
from app.services.modelo_sync import ModeloSync, Sincronizacao
from app.workers.acoes import GatewayActions
from app.workers.canais import Canais
from app.workers.duvidas import Duvidas
from app.workers.inbox import Inbox
from app.workers.loop import Worker
from app.workers.outbox import Outbox
from app.workers.recibos import ReceiptInbox

Clock = Callable[[], datetime]
_APP_ROLE: Final = "confirma_app"
_DATABASE: Final = "confirma"
_TEND_EVERY_S: Final = 0.5
_ZONAS: Final = {  # the capital's zone of each state that does not keep Brasília's time
    "AC": "America/Rio_Branco",
    "AM": "America/Manaus",
    "MS": "America/Campo_Grande",
    "MT": "America/Cuiaba",
    "RO": "America/Porto_Velho",
    "RR": "America/Boa_Vista",
}


def system_clock() -> datetime:
    """Return the real time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class JobInfo:
    """A cron entry as `/scheduler/status` shows it."""

    name: str
    cron: str
    next_run: datetime | None


class Importacao:
    """The import of single bookings, for the API."""

    def __init__(self, service: ImportacaoService) -> None:
        """Take the hospital's import."""
        self._service = service

    async def importar_registros(
        self, registros: list[AtendimentoImportado], now: datetime, *, origem: str
    ) -> ResultadoImportacao:
        return await self._service.importar(registros, origem=origem, now=now, quem="api")


@dataclass(frozen=True, slots=True, kw_only=True)
class HospitalAberto:
    """One hospital's own objects."""

    tenant_id: int
    zona: ZoneInfo
    gateway: GatewayActions
    importador: ImportacaoService
    canais: Canais
    modelos: ModeloSync
    clock: Clock

    @property
    def importacao(self) -> Importacao:
        return Importacao(self.importador)

    async def sync_modelos(self, canal_id: int | None = None) -> Sincronizacao:
        """Ask the hospital's gateways, or one channel's, what became of the texts they approved."""
        providers = {
            pronto.canal_id: pronto.provider
            for pronto in (await self.canais.all()).values()
            if pronto.tenant_id == self.tenant_id and pronto.ativo and canal_id in {None, pronto.canal_id}
        }
        return await self.modelos.sync_all(self.tenant_id, providers, self.clock())


@dataclass(kw_only=True)
class Programa:
    """Everything one process has open: what routes, pages and commands work with.

    `aberto` is the hospital that a command works for; a request's is the caller's (`hospital`).
    """

    settings: Settings
    database: Database
    clock: Clock
    aberto: HospitalAberto
    http: HttpClient
    canais: Canais
    outbox: Outbox
    webhook: Inbox
    scheduler: AppointmentScheduler
    metrics: Metrics
    porteiro: Porteiro
    contas: Contas
    auditoria: AuditoriaService
    demo: Any = None
    abertos: dict[int, HospitalAberto] = field(default_factory=dict)

    @property
    def tenant_id(self) -> int:
        return self.aberto.tenant_id

    @property
    def zona(self) -> ZoneInfo:
        return self.aberto.zona

    @property
    def gateway(self) -> GatewayActions:
        return self.aberto.gateway

    @property
    def importador(self) -> ImportacaoService:
        return self.aberto.importador

    async def tenants(self) -> Sequence[int]:
        """Return the hospitals that are served."""
        return await self.canais.tenants()

    async def hospital(self, tenant_id: int) -> HospitalAberto:
        """Return one hospital's objects; opened once."""
        aberto = self.abertos.get(tenant_id)
        if aberto is None:
            aberto = self.abertos[tenant_id] = await open_hospital(
                self.database, self.clock, canais=self.canais, outbox=self.outbox, tenant_id=tenant_id
            )
        return aberto

    @property
    def jobs(self) -> Sequence[JobInfo]:
        now = self.clock()
        return [JobInfo(entry.name, entry.cron, entry.next_run(now)) for entry in self.scheduler.entries]

    def worker(self, *, with_cron: bool = True, releases: bool = True) -> Worker:
        """Return a worker of this process; it starts when it is run."""
        return Worker(self.database, self.outbox, self.scheduler, with_cron=with_cron, releases=releases)


@asynccontextmanager
async def open_programa(settings: Settings, clock: Clock = system_clock) -> AsyncIterator[Programa]:
    """Open the program: embedded server if none is named, migrations, role check, first hospital, channels.

    Called from the main thread: the embedded server ends with the thread that started it.
    """
    server: EmbeddedPostgres | None = None
    if settings.needs_local_secrets or settings.database.is_embedded:
        local = load_or_create_secrets(settings.data_dir)
        settings = settings.with_local_secrets(local)
    try:
        if settings.database.is_embedded:
            server, urls = await _start_embedded(settings)
        else:
            urls = _external_urls(settings)
        app_url, owner_url = urls
        if owner_url is not None:
            await migrate(owner_url, app_role=make_url(app_url).username or _APP_ROLE)
        async with _open_on(settings, app_url, clock) as programa, _kept_up(server):
            yield programa
    finally:
        if server is not None:
            server.stop()


@asynccontextmanager
async def _kept_up(server: EmbeddedPostgres | None) -> AsyncIterator[None]:
    """Keep the embedded server up: a dead one is started again, and who is attached takes over when its owner ends."""

    async def watch(embedded: EmbeddedPostgres) -> None:
        while True:
            await asyncio.sleep(_TEND_EVERY_S)
            try:
                embedded.tend()
            except EmbeddedPostgresError as error:  # the old one may still be going: tried again in a moment
                logger.bind(error=str(error)[:200]).error("postgres.not_up")

    task = asyncio.create_task(watch(server)) if server is not None else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError, EmbeddedPostgresError):
                await task


@asynccontextmanager
async def _open_on(settings: Settings, app_url: str, clock: Clock) -> AsyncIterator[Programa]:
    install_keyring(settings)
    database = Database(
        app_url,
        pool_size=settings.database.pool_size,
        max_overflow=settings.database.max_overflow,
        pool_timeout_s=settings.database.pool_timeout,
    )
    http = HttpClient(HttpLimits(connections=settings.worker.concurrency))
    canais = Canais(
        database,
        http,
        clock,
        must_prove=settings.is_guarded,
        public_url=settings.server.public_base_url,
        signature_header=settings.botconversa.signature_header,
    )
    try:
        await database.refuse_unsafe_role()
        tenant_id = await seed_hospital(database, settings)
        programa = await build(settings, database, clock, http=http, canais=canais, tenant_id=tenant_id)
        settle_memory()
        yield programa
    finally:
        await canais.close()
        await http.close()
        await database.close()


def settle_memory() -> None:
    """Take what start-up left out of the garbage collector's rounds, and make those rarer.

    What runs per message leaves hardly any cycles, yet each round walks every object of every library: a third of a
    worker's time.
    """
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)


async def build(
    settings: Settings, database: Database, clock: Clock, *, http: HttpClient, canais: Canais, tenant_id: int
) -> Programa:
    """Put the objects together over an open database."""
    metrics = Metrics()
    contas, porteiro = _doors(settings, database, tenant_id)
    canais.key_holder = porteiro.gateway_of
    receipts = ReceiptInbox(database, canais)
    inbox = Inbox(database, canais, receipts, metrics=metrics)
    staging = settings.environment is Environment.STAGING
    outbox = Outbox(
        database,
        canais.gateway,
        clock,
        concurrency=settings.worker.concurrency,
        only_to=frozenset(settings.staging_allowed_phones) if staging else None,
        metrics=metrics,
    )
    options = SchedulerOptions(
        enable_confirmation_job=settings.scheduler.enable_confirmation_job,
        enable_reminder_job=settings.scheduler.enable_reminder_job,
        monitoring_interval_minutes=settings.scheduler.monitoring_interval_minutes,
    )
    scheduler = AppointmentScheduler(
        database,
        canais,
        inbox,
        clock,
        receipts=receipts,
        settle_doubts=Duvidas(database, canais).settle,
        sync_templates=partial(_sync_templates, ModeloSync(database), canais),
        options=options,
        chunk_size=settings.worker.chunk_size,
    )
    return Programa(
        settings=settings,
        database=database,
        clock=clock,
        aberto=await open_hospital(database, clock, canais=canais, outbox=outbox, tenant_id=tenant_id),
        http=http,
        canais=canais,
        outbox=outbox,
        webhook=inbox,
        scheduler=scheduler,
        metrics=metrics,
        porteiro=porteiro,
        contas=contas,
        auditoria=AuditoriaService(database, system_clock),
    )


def _doors(settings: Settings, database: Database, tenant_id: int) -> tuple[Contas, Porteiro]:
    """Return the accounts, and who tells callers apart."""
    secret_key = settings.security.secret_key
    if secret_key is None:
        raise SettingsError(["SECRET_KEY é obrigatória."])
    secret = secret_key.get_secret_value()
    contas = Contas(database, secret_key=secret, clock=system_clock, guarded=settings.is_guarded)
    porteiro = Porteiro(
        database,
        contas,
        biscoito=Biscoito(seguro=settings.server.base_url.startswith("https://")),
        secret_key=secret,
        local=None if settings.is_guarded else tenant_id,
    )
    return contas, porteiro


async def open_hospital(
    database: Database, clock: Clock, *, canais: Canais, outbox: Outbox, tenant_id: int
) -> HospitalAberto:
    """Put one hospital's objects together."""
    zona = await _zone(database, tenant_id)
    return HospitalAberto(
        tenant_id=tenant_id,
        zona=zona,
        gateway=GatewayActions(database, canais, outbox, tenant_id=tenant_id, clock=clock),
        importador=ImportacaoService(database, tenant_id, zona=zona),
        canais=canais,
        modelos=ModeloSync(database),
        clock=clock,
    )


async def _sync_templates(sync: ModeloSync, canais: Canais, tenant_id: int, now: datetime) -> int:
    providers = {
        canal: pronto.provider
        for (tenant, canal), pronto in (await canais.all()).items()
        if tenant == tenant_id and pronto.ativo
    }
    return len((await sync.sync_all(tenant_id, providers, now)).textos)


def install_keyring(settings: Settings) -> None:
    """Make the settings' keys those of the encrypted columns."""
    if settings.security.secret_key is None:
        raise ValueError("SECRET_KEY is missing")
    secret = settings.security.secret_key.get_secret_value().encode()
    keys = {key.id: key.key for key in settings.security.encryption_keys}
    crypto.install(crypto.Keyring(keys, index_secret=hmac.digest(secret, b"confirma:indice", "sha256")))


async def _start_embedded(settings: Settings) -> tuple[EmbeddedPostgres, tuple[str, str | None]]:
    local = load_or_create_secrets(settings.data_dir)
    superuser = hmac.new(local.secret_key.encode(), b"postgres", "sha256").hexdigest()
    server = EmbeddedPostgres(settings.data_dir, superuser_password=superuser)
    address = server.start()
    passwords = {"owner": local.database_owner_password, "app": local.database_app_password}
    try:
        await create_roles(address, superuser, database=_DATABASE, **passwords)
    except BaseException:  # also a Ctrl-C: a server that nobody holds would outlive us
        server.stop()
        raise
    app_url = address.dsn(_APP_ROLE, passwords["app"], _DATABASE)
    owner_url = address.dsn("confirma_owner", passwords["owner"], _DATABASE)
    return server, (_async(app_url), _async(owner_url))


def _external_urls(settings: Settings) -> tuple[str, str | None]:
    if settings.database.url is None:
        raise ValueError("DATABASE_URL is missing")
    owner = settings.database.migration_url
    return settings.database.url.get_secret_value(), owner.get_secret_value() if owner else None


def _async(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


async def seed_hospital(database: Database, settings: Settings) -> int:
    """Create the first hospital from the environment if there is none; return the first hospital's id.

    Afterwards its settings live in the database, and the environment's say no more.
    """
    async with database.global_scope() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('confirma.seed'))"))
        found = (await session.execute(text("SELECT id FROM tenants ORDER BY id LIMIT 1"))).scalar()
        if found is not None:
            return int(found)
        hospital = settings.hospital
        row = await session.execute(
            text("""INSERT INTO tenants (slug, nome, politica) VALUES ('principal', :nome, CAST(:politica AS jsonb))
                RETURNING id"""),
            {"nome": hospital.name or "Hospital", "politica": json.dumps(_seed_politica(settings).to_mapping())},
        )
        tenant_id = int(row.scalar_one())
        await session.execute(text("SELECT set_config('app.tenant_id', :t, true)"), {"t": str(tenant_id)})
        await session.execute(
            text("""INSERT INTO unidades (tenant_id, nome, endereco, telefone, cidade, uf, zona)
                VALUES (:t, :nome, :endereco, :telefone, :cidade, :uf, :zona)"""),
            {
                "t": tenant_id,
                "nome": hospital.name or "Hospital",
                "endereco": hospital.address,
                "telefone": hospital.phone,
                "cidade": hospital.city,
                "uf": hospital.state,
                "zona": _ZONAS.get(hospital.state or "", "America/Sao_Paulo"),
            },
        )
    if settings.botconversa.api_key is not None:
        await add_botconversa(database, tenant_id, settings)
    return tenant_id


async def add_botconversa(database: Database, tenant_id: int, settings: Settings, **config: Any) -> None:
    """Create the hospital's Botconversa channel from the environment; `config` adds the gateway's own settings."""
    bot = settings.botconversa
    credentials = {
        "api_key": bot.api_key.get_secret_value() if bot.api_key else "",
        "webhook_secrets": [bot.webhook_secret.get_secret_value()] if bot.webhook_secret else [],
    }
    stored = {"base_url": str(bot.api_url), **({"flow_id": bot.flow_id} if bot.flow_id else {}), **config}
    async with database.session_scope(tenant_id) as session:
        await session.execute(
            text("""INSERT INTO canais (tenant_id, nome, tipo, public_id, credenciais, config, taxa_por_minuto)
                VALUES (:t, 'botconversa', 'botconversa', :public_id, :credenciais, CAST(:config AS jsonb), 600)"""),
            {
                "t": tenant_id,
                "public_id": secrets.token_urlsafe(18),
                "credenciais": crypto.keyring().encrypt(json.dumps(credentials), "canais.credenciais", tenant_id),
                "config": json.dumps(stored),
            },
        )


def _seed_politica(settings: Settings) -> Politica:
    scheduler = settings.scheduler
    hora_pedido = None
    if scheduler.confirmation_hour is not None:
        hora_pedido = time(scheduler.confirmation_hour, scheduler.confirmation_minute or 0)
    return replace(
        Politica(),
        passos=default_passos(settings.hospital.confirmation_window_hours),
        janela=week_hours(time(scheduler.start_hour), time(scheduler.end_hour)),
        hora_pedido=hora_pedido,
    )


async def _zone(database: Database, tenant_id: int) -> ZoneInfo:
    async with database.session_scope(tenant_id) as session:
        name = (await session.execute(text("SELECT zona FROM unidades ORDER BY id LIMIT 1"))).scalar()
    return ZoneInfo(name or "America/Sao_Paulo")
