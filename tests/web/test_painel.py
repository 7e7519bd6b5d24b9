"""The panel: what reception sees, and that nothing a patient writes becomes part of the page."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text, update

from app import crypto
from app.database import Database
from app.models import Atendimento
from tests.web.apoio import Create, FakeContexto, FakeDemo, serve


class Outline(HTMLParser):
    """What a person with a screen reader depends on."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag == name]


async def read(client: aiohttp.ClientSession, path: str, status: int = 200) -> str:
    async with client.get(path) as answer:
        html = await answer.text()
        assert answer.status == status, html
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return html


async def set_columns(database: Database, tenant_id: int, atendimento_id: int, **columns: Any) -> None:
    async with database.session_scope(tenant_id) as session:
        await session.execute(update(Atendimento).where(Atendimento.id == atendimento_id).values(**columns))


async def receive(database: Database, tenant_id: int, texto: str, *, desfecho: str, now: datetime) -> None:
    async with database.session_scope(tenant_id) as session:
        await session.execute(
            text("""INSERT INTO recebidas (tenant_id, event_key, tipo, texto, desfecho, recebida_em, aplicada_em)
                VALUES (:t, :k, 'resposta', :x, :d, :n, :n)"""),
            {
                "t": tenant_id,
                "k": texto[:50],
                "x": crypto.keyring().encrypt(texto, "recebidas.texto", tenant_id),
                "d": desfecho,
                "n": now,
            },
        )


async def test_an_empty_day_is_a_page_too(client: aiohttp.ClientSession) -> None:
    html = await read(client, "/painel")
    assert "Segunda-feira, 2 de março" in html
    assert "Ninguém para ligar. Bom dia!" in html


async def test_the_day_counts_and_lists_its_visits(
    database: Database, contexto: FakeContexto, client: aiohttp.ClientSession, create: Create
) -> None:
    first = await create()
    await create(nr_seq_agenda="2", nome_paciente="Rui Barros", telefone="(31) 3333-4444")
    await set_columns(database, contexto.tenant_id, first["id"], status_confirmacao="confirmado")
    html = await read(client, "/painel?dia=2026-03-06")
    assert "2 atendimentos, 50% já responderam" in html
    assert html.index("Maria Souza") < html.rindex("Rui Barros")
    assert "(31) 98765-4321" in html
    only = await read(client, "/painel?dia=2026-03-06&status=confirmado")
    visits = only[only.index('id="visitas"') :]
    assert "Maria Souza" in visits
    assert "Rui Barros" not in visits
    part = await read(client, "/painel/parcial?dia=2026-03-06")
    assert "<html" not in part
    assert "Maria Souza" in part


async def test_the_call_list_is_ordered_by_need_then_by_time(
    database: Database, contexto: FakeContexto, client: aiohttp.ClientSession, create: Create
) -> None:
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("Caso Fixo", {}, "2026-03-03T09:00"),
        ("Caso Pergunta", {"atencao": "pergunta"}, "2026-03-04T09:00"),
        ("Caso Silêncio Tarde", {"status_confirmacao": "sem_resposta"}, "2026-03-05T09:00"),
        ("Caso Silêncio Cedo", {"status_confirmacao": "sem_resposta"}, "2026-03-03T10:00"),
        ("Caso Urgente", {"atencao": "urgente"}, "2026-03-06T09:00"),
        ("Caso Tranquilo", {"status_confirmacao": "confirmado"}, "2026-03-03T09:00"),
        ("Caso Distante", {"status_confirmacao": "sem_resposta"}, "2026-04-03T09:00"),
    ]
    for number, (nome, columns, quando) in enumerate(cases):
        phone = "(31) 3333-4444" if nome == "Caso Fixo" else f"3198888000{number}"
        made = await create(nr_seq_agenda=str(number), nome_paciente=nome, data_consulta=quando, telefone=phone)
        if columns:
            await set_columns(database, contexto.tenant_id, made["id"], **columns)
    html = await read(client, "/painel?dia=2026-03-20")
    calls = html[html.index('id="ligar-titulo"') : html.index('id="respostas-titulo"')]
    order = [nome for nome, _, _ in sorted(cases, key=lambda case: calls.find(case[0])) if nome in calls]
    assert order == ["Caso Urgente", "Caso Silêncio Cedo", "Caso Silêncio Tarde", "Caso Pergunta", "Caso Fixo"]
    assert "Telefone fixo" in calls


@pytest.mark.parametrize(
    "texto", ["<script>alert(1)</script>", "\u202eodal oa", "a\x00b", "\ud800", "👩‍⚕️ vou", "x" * 10_000]
)
async def test_sec_07_what_a_patient_writes_is_text(
    *, database: Database, contexto: FakeContexto, client: aiohttp.ClientSession, texto: str
) -> None:
    await receive(
        database,
        contexto.tenant_id,
        texto.replace("\x00", "").replace("\ud800", "?"),
        desfecho="SEM_ATENDIMENTO",
        now=contexto.now,
    )
    html = await read(client, "/painel")
    assert "<script>alert" not in html
    assert "Sem consulta em aberto" in html
    assert "Número desconhecido" in html


async def test_one_appointment_tells_its_story(client: aiohttp.ClientSession, create: Create) -> None:
    made = await create(preparo="Jejum de 8 horas")
    async with client.post(f"/api/v1/atendimentos/{made['id']}/cancelar"):
        pass
    html = await read(client, f"/painel/atendimentos/{made['id']}")
    assert "Jejum de 8 horas" in html
    assert "A recepção registrou o cancelamento. Passou de pendente para cancelado." in html
    assert "Nada mais será enviado: o paciente já respondeu." in html
    assert "<html" not in await read(client, f"/painel/atendimentos/{made['id']}/parcial")


async def test_a_wrong_address_is_a_page_in_portuguese(client: aiohttp.ClientSession) -> None:
    for path in ("/painel/atendimentos/999999", "/painel/atendimentos/abc", "/painel/nada", "/painel?dia=ontem"):
        assert "Voltar ao dia de hoje" in await read(client, path, 404)


async def test_the_root_leads_to_the_panel(client: aiohttp.ClientSession) -> None:
    async with client.get("/") as answer:
        assert answer.url.path == "/painel"


async def test_pages_can_be_used_without_seeing_them(client: aiohttp.ClientSession, create: Create) -> None:
    made = await create()
    for path in ("/painel?dia=2026-03-06", f"/painel/atendimentos/{made['id']}", "/docs"):
        outline = Outline()
        outline.feed(await read(client, path))
        assert outline.all("html")[0]["lang"] == "pt-BR"
        assert len(outline.all("h1")) == 1
        assert len(outline.all("main")) == 1
        ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
        assert len(ids) == len(set(ids))
        labelled = {attrs["for"] for attrs in outline.all("label")}
        assert all(attrs["id"] in labelled for attrs in outline.all("input"))
        for _, attrs in outline.tags:
            assert "style" not in attrs
            assert not any(name.startswith("on") for name in attrs)
            assert attrs.get("aria-labelledby", ids[0]) in ids


async def test_assets_are_read_once_and_asked_for_again_cheaply(client: aiohttp.ClientSession) -> None:
    for name, kind in (("painel.css", "text/css"), ("painel.js", "text/javascript"), ("icone.svg", "image/svg+xml")):
        async with client.get(f"/painel/static/{name}") as answer:
            assert (answer.status, answer.content_type, answer.charset) == (200, kind, "utf-8")
            tag = answer.headers["ETag"]
        async with client.get(f"/painel/static/{name}", headers={"If-None-Match": tag}) as answer:
            assert answer.status == 304
    async with client.get("/painel/static/routes.py") as answer:
        assert answer.status == 404


async def test_the_demonstrations_clock_is_turned_from_the_page(contexto: FakeContexto) -> None:
    demo = FakeDemo()
    contexto.demo = demo
    async with serve(contexto) as client:
        html = await read(client, "/painel")
        assert "Relógio da demonstração" in html
        assert demo.phone_url in html
        for acao in ("parar", "seguir", "hora", "dia"):
            async with client.post("/painel/demo/relogio", data={"acao": acao}, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (303, "/painel")
        assert demo.turns == ["stop", "go_on", timedelta(hours=1), "next_day"]
        async with client.post("/painel/demo/relogio", data={"acao": "voltar"}) as answer:
            assert answer.status == 422
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://outro.exemplo"}):
            async with client.post("/painel/demo/relogio", data={"acao": "dia"}, headers=headers) as answer:
                assert answer.status == 403
        async with client.get("/painel") as answer:
            assert "frame-src http://127.0.0.1:9" in answer.headers["Content-Security-Policy"]
    assert len(demo.turns) == 4


async def test_without_a_demonstration_there_is_no_clock(client: aiohttp.ClientSession) -> None:
    assert "Relógio" not in await read(client, "/painel")
    async with client.post("/painel/demo/relogio", data={"acao": "dia"}) as answer:
        assert answer.status == 404


async def test_hours_are_those_of_the_hospitals_zone(client: aiohttp.ClientSession, create: Create) -> None:
    await create(data_consulta=datetime(2026, 3, 7, 1, 30, tzinfo=UTC).isoformat())
    html = await read(client, "/painel?dia=2026-03-06")
    assert "22:30" in html
