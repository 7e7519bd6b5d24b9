"""Message templates over HTTP: in force, versions, preview, approved texts; and what is refused."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from app.database import Database
from app.domain.modelo import CORPO_MAXIMO, shipped_modelos
from app.providers.base import TemplateState, Unavailable
from tests.cenario import add_canal
from tests.web.apoio import Create, FakeContexto, make_contexto, serve

URL = "/api/v1/modelos"
VARIAS = "{% for v in visitas %}{{ v.letra }}) {{ v.nome }}: {{ v.quando }}\n{% endfor %}Responda 1 ou 0."
UMA = "Oi, {{ nome }}: {{ visita.quando }}. Responda 1 (vou) ou 0 (não vou)."
NOVO = "{% if varias %}" + VARIAS + "{% else %}" + UMA + "{% endif %}"
APROVADO = {"nome": "confirmacao", "valores": [["paciente", "nome"], ["data", "quando"]], "botoes": 2}


@pytest.fixture
async def canal(database: Database, hospital: int) -> int:
    return await add_canal(database, hospital, "http://127.0.0.1:1", segredos=[])


async def call(client: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with client.request(method, f"{URL}{path}", json=body) as answer:
        return answer.status, await answer.json() if answer.content_length else None


async def test_a_text_is_saved_read_and_taken_back(client: aiohttp.ClientSession) -> None:
    created, saved = await call(client, "POST", "/pedido/versoes", {"corpo": NOVO})
    same, again = await call(client, "POST", "/pedido/versoes", {"corpo": f"{NOVO}\r\n"})
    _, read = await call(client, "GET", "/pedido")
    _, listed = await call(client, "GET", "")
    back, shipped = await call(client, "POST", "/pedido/voltar", {"versao": 0})
    assert (created, saved["versao"], saved["nova"], saved["avisos"]) == (201, 1, True, [])
    assert (same, again["versao"], again["nova"]) == (200, 1, False)
    assert [(item["versao"], item["criado_em"]) for item in read["versoes"]] == [(1, "2026-03-02T13:00:00Z"), (0, None)]
    assert {item["nome"]: item["versao"] for item in listed["items"]} == dict.fromkeys(shipped_modelos(), 0) | {
        "pedido": 1
    }
    assert (back, shipped["versao"], shipped["corpo"]) == (201, 2, shipped_modelos()["pedido"].corpo)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        pytest.param("POST", "/pedido/versoes", {"corpo": "Você vem?"}, 422, "modelo_invalido", id="no way to answer"),
        pytest.param("POST", "/pedido/versoes", {"corpo": "{{ cpf }}"}, 422, "modelo_invalido", id="unknown variable"),
        pytest.param("POST", "/pedido/versoes", {"corpo": "  "}, 422, "modelo_invalido", id="blanks"),
        pytest.param("POST", "/pedido/versoes", {"corpo": "\x00"}, 422, "modelo_invalido", id="a NUL"),
        pytest.param(
            "POST", "/sair/versoes", {"corpo": "x" * (CORPO_MAXIMO + 1)}, 422, "dados_invalidos", id="far too long"
        ),
        pytest.param("POST", "/pedido/versoes", {"texto": NOVO}, 422, "dados_invalidos", id="a field nobody knows"),
        pytest.param("POST", "/nada/versoes", {"corpo": NOVO}, 404, "modelo_inexistente", id="no such template"),
        pytest.param("GET", "/nada", None, 404, "modelo_inexistente", id="nothing to read"),
        pytest.param("GET", "/NADA-1", None, 422, "dados_invalidos", id="no name of a template"),
        pytest.param("POST", "/pedido/voltar", {"versao": 7}, 404, "modelo_inexistente", id="no such version"),
        pytest.param("POST", "/pedido/voltar", {"versao": -1}, 422, "dados_invalidos", id="no version at all"),
        pytest.param(
            "POST", "/pedido/previa", {"atendimento_id": 9}, 404, "atendimento_inexistente", id="no such visit"
        ),
        pytest.param("PUT", "/pedido/aprovados/999999", APROVADO, 404, "canal_inexistente", id="no such channel"),
        pytest.param("DELETE", "/pedido/aprovados/999999", None, 404, "modelo_inexistente", id="nothing linked"),
        pytest.param(
            "PUT", "/pedido/aprovados/1", {**APROVADO, "valores": ["cpf"]}, 422, "modelo_invalido", id="unknown value"
        ),
        pytest.param(
            "PUT", "/pedido/aprovados/1", {**APROVADO, "valores": [["a"]]}, 422, "dados_invalidos", id="half a pair"
        ),
    ],
)
async def test_what_is_refused(
    client: aiohttp.ClientSession, *, method: str, path: str, body: Any, status: int, code: str
) -> None:
    got, problem = await call(client, method, path, body)
    assert (got, problem["code"]) == (status, code)
    assert problem["detail"].endswith(".")


async def test_a_preview_of_a_real_visit(client: aiohttp.ClientSession, create: Create) -> None:
    visit = await create()
    _, shown = await call(client, "POST", "/pedido/previa", {"atendimento_id": visit["id"]})
    _, tried = await call(client, "POST", "/pedido/previa", {"atendimento_id": visit["id"], "corpo": NOVO})
    assert shown["texto"].startswith("Olá, Maria!")
    assert (shown["versao"], shown["atendimentos"], shown["motivo"]) == (0, [visit["id"]], None)
    assert (tried["texto"], tried["versao"]) == (
        "Oi, Maria: sexta-feira, 06/03, às 14:30. Responda 1 (vou) ou 0 (não vou).",
        None,
    )
    assert tried["caracteres"] == len(tried["texto"])


async def test_a_preview_says_why_nothing_would_leave(client: aiohttp.ClientSession, create: Create) -> None:
    visit = await create(telefone="(31) 3333-4444")
    _, shown = await call(client, "POST", "/pedido/previa", {"atendimento_id": visit["id"]})
    assert (shown["motivo"], shown["explicacao"].endswith(".")) == ("sem_celular", True)


class Directory:
    """An account that tells one approved text, or nothing."""

    failure: Exception | None = None

    async def list_templates(self) -> Sequence[TemplateState]:
        if self.failure is not None:
            raise self.failure
        return [TemplateState("confirmacao", "pt_BR", "aprovado", "utility", ("paciente", "data"), named=True)]


async def test_an_approved_text_from_link_to_farewell(
    client: aiohttp.ClientSession, contexto: FakeContexto, canal: int, create: Create
) -> None:
    visit = await create()
    directory = contexto.providers[canal] = Directory()
    linked, row = await call(client, "PUT", f"/pedido/aprovados/{canal}", APROVADO)
    _, unknown = await call(client, "POST", "/pedido/previa", {"atendimento_id": visit["id"]})
    synced, news = await call(client, "POST", "/sincronizar")
    _, known = await call(client, "POST", "/pedido/previa", {"atendimento_id": visit["id"]})
    directory.failure = Unavailable("HTTP 503")
    _, failed = await call(client, "POST", "/sincronizar")
    gone, _ = await call(client, "DELETE", f"/pedido/aprovados/{canal}")
    _, read = await call(client, "GET", "/pedido")
    assert (linked, row["estado"], row["valores"]) == (200, "desconhecido", APROVADO["valores"])
    assert unknown["aprovados"][0]["impedimento"] == "texto_nao_aprovado"
    assert (synced, news["textos"][0]["para"], news["falhas"]) == (200, "aprovado", [])
    assert known["aprovados"][0]["valores"] == [["paciente", "Maria"], ["data", "sexta-feira, 06/03, às 14:30"]]
    assert failed == {"textos": [], "falhas": [{"canal_id": canal, "motivo": "HTTP 503"}]}
    assert (gone, read["aprovados"]) == (204, [])


async def test_a_neighbour_sees_nothing_of_it(
    client: aiohttp.ClientSession,
    *,
    database: Database,
    outro_hospital: int,
    now: datetime,
    tmp_path: Path,
    canal: int,
    create: Create,
) -> None:
    visit = await create()
    await call(client, "POST", "/pedido/versoes", {"corpo": NOVO})
    await call(client, "PUT", f"/pedido/aprovados/{canal}", APROVADO)
    async with serve(make_contexto(database, outro_hospital, now, tmp_path)) as neighbour:
        _, read = await call(neighbour, "GET", "/pedido")
        preview, _ = await call(neighbour, "POST", "/pedido/previa", {"atendimento_id": visit["id"]})
        link, _ = await call(neighbour, "PUT", f"/pedido/aprovados/{canal}", APROVADO)
        unlink, _ = await call(neighbour, "DELETE", f"/pedido/aprovados/{canal}")
    assert ([item["versao"] for item in read["versoes"]], read["aprovados"]) == ([0], [])
    assert (preview, link, unlink) == (404, 404, 404)


async def test_an_appointment_tells_template_and_version_of_each_message(
    client: aiohttp.ClientSession, create: Create
) -> None:
    visit = await create()
    async with client.get("/openapi.json") as answer:
        described = (await answer.json())["components"]["schemas"]["MensagemOut"]["properties"]
    assert {"modelo", "modelo_versao"} <= set(described)
    assert visit["mensagens"] == []
