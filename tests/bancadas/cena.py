"""One hospital with two channels of one kind, the whole program between them and the database."""

import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from app import crypto
from app.config import Settings
from app.database import Database
from app.local_secrets import load_or_create_secrets
from app.providers.base import Capabilities, WebhookCall
from app.providers.http import HttpClient, HttpLimits
from app.services.modelo_service import ModeloService
from app.wiring import Programa, build
from app.workers.canais import Canais
from tests.bancadas.base import EMAIL, PHONE, Bancada, Ouvinte, ouvindo
from tests.bancadas.todas import running
from tests.cenario import Relogio, take_jobs
from tests.conftest import create_hospital
from tests.fabricas import make_agenda

_LINKED: Final = ("pedido", "lembrete")
_STEP: Final = ("planejar", "recibos", "resgatar")  # what a minute of this story needs of cron


@dataclass(frozen=True, slots=True)
class Palco:
    """Where all stories are played."""

    database: Database
    now: datetime
    folder: Path


@dataclass(frozen=True, slots=True)
class Canal:
    id: int
    public_id: str
    bancada: Bancada


@dataclass(kw_only=True)
class Cena:
    """`primeiro` is used while it can be; `reserva` stands by."""

    programa: Programa
    relogio: Relogio
    ouvinte: Ouvinte
    tenant_id: int
    primeiro: Canal
    reserva: Canal
    eager: bool = False
    """Apply receipts the moment they come: sooner than the answer to the send is written down."""

    async def importar(self, phone: str = PHONE) -> None:
        """Book one visit, of somebody whom this kind of channel is for."""
        agenda, now = make_agenda(telefone=phone, email=EMAIL), self.relogio()
        await self.programa.importador.importar([agenda], origem="hospital", now=now)
        if (await self.capabilities()).last_resort:
            async with self.programa.database.session_scope(self.tenant_id) as session:
                await session.execute(text("UPDATE contatos SET sem_whatsapp_em = :now"), {"now": now})

    async def capabilities(self) -> Capabilities:
        return (await self.programa.canais.all())[self.tenant_id, self.primeiro.id].provider.capabilities

    async def step(self, **delta: float) -> None:
        """Let time pass and do once what is due: plan, apply receipts, send."""
        now = self.relogio.pass_time(**delta)
        for entry in self.programa.scheduler.entries:
            if entry.name in _STEP:
                await entry.run(self.tenant_id, now)
        while await self.programa.scheduler.release():
            for job in await take_jobs(self.programa.database):
                await self.programa.outbox.send_chunk(job)
        for canal in (self.primeiro, self.reserva):
            await canal.bancada.settle()

    async def receive(self, call: WebhookCall, *, canal: str | None = None) -> int:
        """Take one call as the program takes it; return the status it answers."""
        public_id = canal or call.url.partition("?")[0].rpartition("/")[2]
        now = self.relogio()
        answer = await self.programa.webhook.receive(call, canal=public_id, now=now)
        if self.eager:
            await self.programa.scheduler.receive()
        return answer.status_code

    async def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        async with self.programa.database.session_scope(self.tenant_id) as session:
            return [dict(row) for row in (await session.execute(text(query), parameters)).mappings()]


@asynccontextmanager
async def open_cena(palco: Palco, kind: str) -> AsyncIterator[Cena]:
    """Open the program of a hospital of its own: those of other tests sleep."""
    relogio, database = Relogio(palco.now), palco.database
    tenant_id = await create_hospital(database)
    async with (
        _alone(database, tenant_id),
        ouvindo() as ouvinte,
        running(kind, relogio) as first,
        running(kind, relogio) as second,
        _program(palco, tenant_id, relogio, public_url=ouvinte.origin) as programa,
    ):
        cena = Cena(
            programa=programa,
            relogio=relogio,
            ouvinte=ouvinte,
            tenant_id=tenant_id,
            primeiro=await _add_canal(database, tenant_id, first, prioridade=1),
            reserva=await _add_canal(database, tenant_id, second, prioridade=2),
        )
        ouvinte.take = cena.receive
        for canal in (cena.primeiro, cena.reserva):
            canal.bancada.listen_at(f"{ouvinte.origin}/webhook/{canal.public_id}")
        yield cena


@asynccontextmanager
async def _alone(database: Database, tenant_id: int) -> AsyncIterator[None]:
    async with database.global_scope() as session:
        await session.execute(text("UPDATE tenants SET ativo = (id = :t)"), {"t": tenant_id})
        await session.execute(text("DELETE FROM pgqueuer"))
    try:
        yield
    finally:
        async with database.global_scope() as session:
            await session.execute(text("UPDATE tenants SET ativo = true"))
            await session.execute(text("DELETE FROM pgqueuer"))


@asynccontextmanager
async def _program(palco: Palco, tenant_id: int, relogio: Relogio, *, public_url: str) -> AsyncIterator[Programa]:
    http = HttpClient(HttpLimits(connections=10, connect_s=2, read_s=1))
    canais = Canais(palco.database, http, relogio, must_prove=True, public_url=public_url)
    settings = Settings(data_dir=palco.folder).with_local_secrets(load_or_create_secrets(palco.folder))
    try:
        yield await build(settings, palco.database, relogio, http=http, canais=canais, tenant_id=tenant_id)
    finally:
        await canais.close()
        await http.close()


async def _add_canal(database: Database, tenant_id: int, bancada: Bancada, *, prioridade: int) -> Canal:
    public_id = f"c{prioridade}-{secrets.token_hex(4)}"
    async with database.session_scope(tenant_id) as session:
        row = await session.execute(
            text("""INSERT INTO canais (tenant_id, nome, tipo, public_id, credenciais, config, prioridade)
                VALUES (:t, :nome, :tipo, :public, :cred, CAST(:config AS jsonb), :prioridade) RETURNING id"""),
            {
                "t": tenant_id,
                "nome": f"canal-{prioridade}",
                "tipo": bancada.kind,
                "public": public_id,
                "cred": _sealed(bancada.credentials, bancada.segredos, tenant_id),
                "config": json.dumps(bancada.config),
                "prioridade": prioridade,
            },
        )
        canal_id = int(row.scalar_one())
        if bancada.aprovado is not None:
            for modelo in _LINKED:
                await ModeloService(session, tenant_id).link(canal_id, modelo, bancada.aprovado)
    return Canal(canal_id, public_id, bancada)


def _sealed(credentials: Mapping[str, str], segredos: Sequence[str], tenant_id: int) -> bytes:
    told = json.dumps({**credentials, "webhook_secrets": list(segredos)})
    return crypto.keyring().encrypt(told, "canais.credenciais", tenant_id)
