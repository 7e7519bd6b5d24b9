"""Approved texts as their gateway keeps them: asked over real HTTP, with no connection held meanwhile."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from loguru import logger

from app.database import Database
from app.domain.aprovacao import EstadoAprovacao
from app.domain.modelo_aprovado import ModeloAprovado
from app.models import Canal
from app.providers.base import Misconfigured, Setup, TemplateState
from app.providers.http import HttpClient, HttpLimits
from app.providers.registry import build_provider
from app.repositories.hospital import HospitalRepository
from app.services.modelo_service import ModeloService
from app.services.modelo_sync import ModeloSync
from app.simulator.meta import FakeMeta, MetaOptions, SeedTemplate

PEDIDO = ModeloAprovado(
    "confirmacao", "pt_BR", (("paciente", "nome"), ("data", "quando")), estado=EstadoAprovacao.DESCONHECIDO
)
SEED = SeedTemplate("confirmacao", "Olá {{paciente}}, em {{data}}. Você vem?", buttons=("Sim", "Não"))
Fact = dict[str, Any]


@pytest.fixture
async def meta(now: datetime) -> AsyncIterator[FakeMeta]:
    fake = FakeMeta(lambda: now, MetaOptions(templates=[SEED]))
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
async def provider(meta: FakeMeta, now: datetime) -> AsyncIterator[Any]:
    http = HttpClient(HttpLimits(connections=5))
    options = meta.options
    config = {"base_url": meta.url, "phone_number_id": options.phone_number_id, "waba_id": options.waba_id}
    yield build_provider("meta", Setup(config, {"token": options.token}, http, lambda: now))
    await http.close()


async def add_linked(database: Database, hospital: int, *modelos: str, aprovado: ModeloAprovado = PEDIDO) -> int:
    """Create a channel where `aprovado` stands for these templates."""
    async with database.session_scope(hospital) as session:
        canal = Canal(tenant_id=hospital, nome="meta", tipo="meta", public_id=f"p{hospital}", credenciais="{}")
        session.add(canal)
        await session.flush()
        for modelo in modelos:
            await ModeloService(session, hospital).link(canal.id, modelo, aprovado)
        return canal.id


async def kept(database: Database, hospital: int) -> list[tuple[str, str, str | None, int, str | None]]:
    async with database.session_scope(hospital) as session:
        rows = await ModeloService(session, hospital).approved("pedido")
    return [(row.modelo, row.estado, row.motivo, row.botoes, row.categoria) for row in rows]


@contextmanager
def alerts() -> Any:
    told: list[Fact] = []
    sink = logger.add(lambda m: told.append({"event": m.record["message"], **m.record["extra"]}), level="ERROR")
    try:
        yield told
    finally:
        logger.remove(sink)


async def test_a_linked_text_becomes_usable_when_its_gateway_says_so(
    database: Database, hospital: int, provider: Any, now: datetime
) -> None:
    canal = await add_linked(database, hospital, "pedido", "lembrete")
    assert await kept(database, hospital) == [("pedido", "desconhecido", None, 0, None)]
    done = await ModeloSync(database).sync(hospital, canal, provider, now)
    assert [(texto.modelo, texto.de, texto.para) for texto in done] == [
        ("lembrete", "desconhecido", "aprovado"),
        ("pedido", "desconhecido", "aprovado"),
    ]
    assert await kept(database, hospital) == [("pedido", "aprovado", None, 2, "utility")]
    async with database.session_scope(hospital) as session:
        aprovado = (await HospitalRepository(session, hospital).load()).aprovados[canal, "pedido"]
    assert (aprovado.estado, aprovado.botoes, aprovado.categoria) == (EstadoAprovacao.APROVADO, 2, "utility")


@pytest.mark.parametrize(
    ("seeds", "estado", "motivo", "event"),
    [
        pytest.param([], "desativado", "nao_encontrado", "modelo.aprovacao_perdida", id="removed"),
        pytest.param(
            [SeedTemplate("confirmacao", SEED.body, language="en")],
            "desativado",
            "nao_encontrado",
            "modelo.aprovacao_perdida",
            id="in another language only",
        ),
        pytest.param(
            [SeedTemplate("confirmacao", SEED.body, status="PAUSED")],
            "pausado",
            None,
            "modelo.aprovacao_perdida",
            id="paused",
        ),
        pytest.param(
            [SeedTemplate("confirmacao", SEED.body, status="REJECTED")],
            "recusado",
            "PROMOTIONAL",
            "modelo.aprovacao_perdida",
            id="rejected",
        ),
        pytest.param(
            [SeedTemplate("confirmacao", "Olá {{paciente}}, às {{hora}}?")],
            "desativado",
            "variaveis_diferentes",
            "modelo.aprovacao_perdida",
            id="with other variables",
        ),
        pytest.param(
            [SeedTemplate("confirmacao", SEED.body, category="MARKETING")],
            "aprovado",
            None,
            "modelo.categoria_mudou",
            id="as advertising",
        ),
    ],
)
async def test_what_a_text_loses_is_said_aloud_and_once(
    database: Database,
    hospital: int,
    *,
    meta: FakeMeta,
    provider: Any,
    now: datetime,
    seeds: Sequence[SeedTemplate],
    estado: str,
    motivo: str | None,
    event: str,
) -> None:
    canal, sync = await add_linked(database, hospital, "pedido"), ModeloSync(database)
    await sync.sync(hospital, canal, provider, now)
    meta.templates = {(seed.name, seed.language): seed for seed in seeds}
    with alerts() as told:
        await sync.sync(hospital, canal, provider, now)
        await sync.sync(hospital, canal, provider, now)
    [row] = await kept(database, hospital)
    assert row[1:3] == (estado, motivo)
    assert [(fact["event"], fact["tenant"], fact["canal"], fact["modelo"]) for fact in told] == [
        (event, hospital, canal, "pedido")
    ]


class Directory:
    """An account that tells how many connections were held while it was asked."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.held: list[int] = []

    async def list_templates(self) -> Sequence[TemplateState]:
        self.held.append(self.database.engine.pool.checkedout())  # type: ignore[attr-defined]
        return [TemplateState("confirmacao", "pt_BR", "aprovado", "utility", ("paciente", "data"))]


class Refusing(Directory):
    async def list_templates(self) -> Sequence[TemplateState]:
        raise Misconfigured("HTTP 401")


async def test_no_connection_is_held_while_the_gateway_answers(
    database: Database, hospital: int, now: datetime
) -> None:
    canal, directory = await add_linked(database, hospital, "pedido"), Directory(database)
    await ModeloSync(database).sync(hospital, canal, directory, now)
    assert directory.held == [0]


async def test_a_channel_without_approved_texts_is_not_asked(database: Database, hospital: int, now: datetime) -> None:
    canal, directory = await add_linked(database, hospital), Directory(database)
    assert await ModeloSync(database).sync(hospital, canal, directory, now) == []
    assert directory.held == []


async def test_a_neighbours_channel_is_nobody(
    database: Database, hospital: int, outro_hospital: int, now: datetime
) -> None:
    canal, directory = await add_linked(database, hospital, "pedido"), Directory(database)
    assert await ModeloSync(database).sync(outro_hospital, canal, directory, now) == []
    assert await kept(database, hospital) == [("pedido", "desconhecido", None, 0, None)]


async def test_a_gateway_that_fails_leaves_its_states_and_the_others_theirs(
    database: Database, hospital: int, now: datetime
) -> None:
    canal = await add_linked(database, hospital, "pedido")
    async with database.session_scope(hospital) as session:
        outro = Canal(tenant_id=hospital, nome="b", tipo="meta", public_id=f"q{hospital}", credenciais=json.dumps({}))
        session.add(outro)
        await session.flush()
        await ModeloService(session, hospital).link(outro.id, "pedido", PEDIDO)
    providers: dict[int, Any] = {canal: Refusing(database), outro.id: Directory(database), 0: object()}
    with alerts() as told:
        done = await ModeloSync(database).sync_all(hospital, providers, now)
    assert (done.falhas, [texto.canal_id for texto in done.textos]) == ({canal: "HTTP 401"}, [outro.id])
    assert [row[1] for row in await kept(database, hospital)] == ["desconhecido", "aprovado"]
    assert [(fact["event"], fact["canal"]) for fact in told] == [("modelos.sync_failed", canal)]
