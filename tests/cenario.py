"""A hospital at work over the shared database: its real program, a gateway that behaves, a clock the test turns."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from pydantic import SecretStr
from sqlalchemy import text

from app import crypto
from app.config import SecuritySettings, Settings
from app.connectors.base import ItemAgenda
from app.database import Database
from app.providers.base import WebhookCall
from app.providers.http import HttpClient, HttpLimits
from app.services.importacao_service import ResultadoImportacao
from app.services.liberacao_service import ChunkJob
from app.simulator.botconversa import FakeBotconversa
from app.simulator.botconversa.options import FakeOptions
from app.wiring import Programa, build
from app.workers.canais import Canais
from tests.fabricas import FONE

CHAVE: Final = "chave-de-teste"
_MINUTO: Final = timedelta(minutes=1)


@dataclass
class Relogio:
    """The clock everybody here reads; only the test turns it."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now


@dataclass(kw_only=True)
class Cenario:
    """One hospital with what it takes to play its days."""

    programa: Programa
    relogio: Relogio
    fake: FakeBotconversa
    tenant_id: int
    canal_id: int
    segredo: str
    outros: list[int] = field(default_factory=list)

    @property
    def database(self) -> Database:
        return self.programa.database

    async def importar(self, *linhas: ItemAgenda, **options: Any) -> ResultadoImportacao:
        return await self.programa.importador.importar(linhas, origem="hospital", now=self.relogio(), **options)

    async def tick(self) -> int:
        """Do what cron does, release and send until nothing more leaves at this instant; return the releases.

        A failing entry fails the test: `run_all` would note it and go on.
        """
        for tenant_id in await self.programa.canais.tenants():
            for entry in self.programa.scheduler.entries:
                if entry.name != "particoes":  # the year's are there
                    await entry.run(tenant_id, self.relogio())
        return await self.send()

    async def send(self) -> int:
        released = 0
        while step := await self.programa.scheduler.release():
            released += step
            await self.drain()
        return released

    async def drain(self) -> int:
        """Do the jobs of the queue as a worker does, one after the other."""
        jobs = await take_jobs(self.database)
        for job in jobs:
            await self.programa.outbox.send_chunk(job)
        return len(jobs)

    async def run_until(self, quando: datetime, *, step: timedelta = timedelta(minutes=30)) -> None:
        """Let time pass with a tick at every step."""
        while self.relogio.now < quando:
            self.relogio.now = min(self.relogio.now + step, quando)
            await self.tick()

    async def reply(
        self, texto: str, *, fone: str = FONE, headers: Mapping[str, str] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Let a patient write, as n8n forwards it; the answers back leave at once."""
        status, body = await self.call({"telefone": fone, "resposta": texto, **more}, headers=headers)
        assert status == 200, body
        await self.send()
        return body

    async def call(
        self, body: Mapping[str, Any] | bytes, *, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"x-webhook-secret": self.segredo, **(headers or {})}
        answer = await self.programa.webhook.receive(WebhookCall(raw, given), canal=None, now=self.relogio())
        return answer.status_code, dict(answer.body)

    def texts(self, fone: str = FONE) -> list[str]:
        """Return what reached the phone, oldest first."""
        contact = self.contact(fone)
        return [str(row["texto"]) for row in contact.messages if row["direcao"] == "saida"] if contact else []

    def contact(self, fone: str = FONE) -> Any:
        return next((c for c in self.fake.account.contacts.values() if c.given_phone.endswith(fone)), None)

    async def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        async with self.database.session_scope(self.tenant_id) as session:
            return [dict(row) for row in (await session.execute(text(query), parameters)).mappings()]

    async def execute(self, statement: str, **parameters: Any) -> None:
        async with self.database.session_scope(self.tenant_id) as session:
            await session.execute(text(statement), parameters)

    async def visit(self, numero: str | int = "1001") -> dict[str, Any]:
        [row] = await self.rows("SELECT * FROM atendimentos WHERE nr_seq_agenda = :n", n=str(numero))
        return row

    async def status(self, *numeros: str | int) -> list[str]:
        return [(await self.visit(numero))["status_confirmacao"] for numero in numeros or ("1001",)]

    async def messages(self) -> list[tuple[str, str, str]]:
        """Return (type, step, state) of every message, oldest first."""
        rows = await self.rows("SELECT tipo, passo, estado FROM mensagens ORDER BY id")
        return [(row["tipo"], row["passo"], row["estado"]) for row in rows]

    async def facts(self, numero: str | int = "1001") -> list[tuple[str, str | None]]:
        """Return (fact, why) of one visit's history, oldest first."""
        rows = await self.rows(
            """SELECT h.fato, h.porque FROM historico h JOIN atendimentos a ON a.id = h.atendimento_id
               WHERE a.nr_seq_agenda = :n ORDER BY h.id""",
            n=str(numero),
        )
        return [(row["fato"], row["porque"]) for row in rows]

    async def set_politica(self, **options: Any) -> None:
        async with self.database.global_scope() as session:
            await session.execute(
                text("UPDATE tenants SET politica = CAST(:p AS jsonb) WHERE id = :t"),
                {"p": json.dumps(options), "t": self.tenant_id},
            )

    async def set_canal(self, **columns: Any) -> None:
        names = ", ".join(f"{name} = :{name}" for name in columns)
        await self.execute(f"UPDATE canais SET {names} WHERE id = :canal", canal=self.canal_id, **columns)  # noqa: S608
        await self.programa.canais.refresh()


async def take_jobs(database: Database) -> list[ChunkJob]:
    """Take all waiting chunk jobs off the queue."""
    async with database.global_scope() as session:
        rows = await session.execute(
            text("DELETE FROM pgqueuer WHERE entrypoint = 'enviar_lote' AND status = 'queued' RETURNING id, payload")
        )
        return [msgspec.json.decode(row.payload, type=ChunkJob) for row in sorted(rows, key=lambda row: row.id)]


async def until(holds: Callable[[], Any], *, within: float = 10.0, why: str = "") -> None:
    """Wait until `holds()` (plain or awaitable) is true; the bound is for a broken program, not a measure."""
    deadline = asyncio.get_running_loop().time() + within
    while True:
        value = holds()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return
        assert asyncio.get_running_loop().time() < deadline, f"did not happen: {why or holds}"
        await asyncio.sleep(0.01)


async def add_canal(
    database: Database,
    tenant_id: int,
    url: str | None,
    *,
    segredos: Sequence[str],
    tipo: str = "botconversa",
    credenciais: Mapping[str, str] | None = None,
    **columns: Any,
) -> int:
    """Create a channel of a hospital and return its id; without a rate unless one is named."""
    values = {
        "prioridade": 1,
        "taxa_por_minuto": None,
        "contatos_por_dia": None,
        "nome": tipo,
        "config": {},
        "public_id": secrets.token_urlsafe(12),
        **columns,
    }
    given = credenciais if credenciais is not None else {"api_key": values.pop("api_key", CHAVE)}
    credentials = json.dumps({**given, "webhook_secrets": list(segredos)})
    where = {"base_url": url} if url is not None else {}
    async with database.session_scope(tenant_id) as session:
        row = await session.execute(
            text("""INSERT INTO canais
                    (tenant_id, nome, tipo, public_id, credenciais, config, prioridade, taxa_por_minuto,
                     contatos_por_dia)
                VALUES (:t, :nome, :tipo, :public_id, :cred, CAST(:config AS jsonb), :prioridade, :taxa_por_minuto,
                        :contatos_por_dia)
                RETURNING id"""),
            {
                **values,
                "t": tenant_id,
                "tipo": tipo,
                "cred": crypto.keyring().encrypt(credentials, "canais.credenciais", tenant_id),
                "config": json.dumps({**where, **values["config"]}),
            },
        )
        return int(row.scalar_one())


@asynccontextmanager
async def open_cenario(
    database: Database,
    tenant_id: int,
    now: datetime,
    data_dir: Path,
    *,
    options: FakeOptions | None = None,
    **canal: Any,
) -> AsyncIterator[Cenario]:
    """Open the program of one hospital alone: those of other tests sleep."""
    relogio, segredo = Relogio(now), secrets.token_hex(20)
    fake = FakeBotconversa(relogio, CHAVE, options or FakeOptions(per_minute=None))
    await fake.start()
    async with database.global_scope() as session:
        await session.execute(text("UPDATE tenants SET ativo = (id = :t)"), {"t": tenant_id})
        await session.execute(text("DELETE FROM pgqueuer"))
    canal_id = await add_canal(database, tenant_id, fake.url, segredos=[segredo], **canal)
    http = HttpClient(HttpLimits(connections=50, connect_s=2, read_s=1))
    security = SecuritySettings(secret_key=SecretStr(secrets.token_hex(32)))
    settings = Settings(data_dir=data_dir, security=security)
    canais = Canais(database, http, relogio, public_url=settings.server.base_url)
    try:
        programa = await build(settings, database, relogio, http=http, canais=canais, tenant_id=tenant_id)
        yield Cenario(
            programa=programa, relogio=relogio, fake=fake, tenant_id=tenant_id, canal_id=canal_id, segredo=segredo
        )
    finally:
        await canais.close()
        await http.close()
        await fake.stop()
        async with database.global_scope() as session:
            await session.execute(text("UPDATE tenants SET ativo = true"))
            await session.execute(text("DELETE FROM pgqueuer"))
