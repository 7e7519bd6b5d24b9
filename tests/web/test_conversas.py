"""Conversations over HTTP: listed, read, taken, answered, noted, given back, ended; canned answers; what is refused."""

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from app.domain.posse import EstadoConversa, Posse
from app.models import Atendimento
from app.repositories.conversas import ConversaRepository
from tests.web.apoio import Create, FakeContexto

URL = "/api/v1/conversas"


async def call(client: aiohttp.ClientSession, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
    async with client.request(method, f"{URL}{path}", json=body) as answer:
        return answer.status, await answer.json() if answer.content_length else None


async def waiting(contexto: FakeContexto, create: Create, numero: int, *, motivo: str, minutes: int) -> int:
    """Let one more patient wait for a person, for so many minutes."""
    made = await create(nr_seq_agenda=str(numero), telefone=f"(31) 98765-{numero}", nome_paciente=f"Paciente {numero}")
    async with contexto.database.session_scope(contexto.tenant_id) as session:
        row = await session.get_one(Atendimento, made["id"])
        assert row.contato_id is not None
        since = contexto.now - timedelta(minutes=minutes)
        posse = Posse(EstadoConversa.AGUARDANDO_PESSOA, motivo, since)
        await ConversaRepository(session, contexto.tenant_id).hear({row.contato_id: posse}, contexto.now)
        return row.contato_id


async def test_urgent_first_then_who_waits_longest_page_by_page(
    contexto: FakeContexto, client: aiohttp.ClientSession, create: Create
) -> None:
    short = await waiting(contexto, create, 2001, motivo="pergunta", minutes=5)
    long = await waiting(contexto, create, 2002, motivo="obito", minutes=50)
    urgent = await waiting(contexto, create, 2003, motivo="urgente", minutes=1)
    seen: list[int] = []
    cursor = ""
    for _ in range(3):
        _, page = await call(client, "GET", f"?limit=1{cursor}")
        seen += [item["id"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [urgent, long, short]
    assert page["next_cursor"] is None
    for fila, expected in (("urgente", [urgent]), ("cadastro", [long]), ("recepcao", [short])):
        _, page = await call(client, "GET", f"?fila={fila}")
        assert [(item["id"], item["fila"]) for item in page["items"]] == [(each, fila) for each in expected]
    assert page["items"][0]["espera_s"] == 300


async def test_a_conversation_from_waiting_to_its_end(
    contexto: FakeContexto, client: aiohttp.ClientSession, create: Create
) -> None:
    contato = await waiting(contexto, create, 2001, motivo="pergunta", minutes=2)
    _, taken = await call(client, "POST", f"/{contato}/assumir", {"versao": 0})
    assert (taken["estado"], taken["versao"], taken["responsavel"]) == ("com_pessoa", 1, "operador local")
    _, mine = await call(client, "GET", "?minhas=true")
    assert [item["id"] for item in mine["items"]] == [contato]
    _, said = await call(client, "POST", f"/{contato}/responder", {"versao": 1, "texto": "Pode vir às 9h."})
    assert [(m["tipo"], m["texto"], m["modelo"]) for m in said["mensagens"]] == [
        ("enviada", "Pode vir às 9h.", "pessoa")
    ]
    _, noted = await call(client, "POST", f"/{contato}/nota", {"nota": "Fala pela mãe."})
    assert [(f["fato"], f["nota"]) for f in noted["fatos"]][:2] == [("nota", "Fala pela mãe."), ("respondida", None)]
    status, conflict = await call(client, "POST", f"/{contato}/encerrar", {"versao": 1})
    assert (status, conflict["code"], conflict["versao_atual"]) == (409, "versao_diferente", 2)
    _, ended = await call(client, "POST", f"/{contato}/encerrar", {"versao": 2})
    assert ended["estado"] == "encerrada"
    _, listed = await call(client, "GET")
    assert listed["items"] == []
    _, tempos = await call(client, "GET", "/tempos")
    assert tempos["tempos"]["assumida"] == {"vezes": 1, "media_s": 120.0, "mediana_s": 120.0, "p90_s": 120.0}


async def test_a_canned_answer_is_kept_said_and_dropped(
    contexto: FakeContexto, client: aiohttp.ClientSession, create: Create
) -> None:
    contato = await waiting(contexto, create, 2001, motivo="pergunta", minutes=2)
    await call(client, "PUT", "/frases/documentos", {"texto": "Traga um documento com foto."})
    _, listed = await call(client, "GET", "/frases")
    assert listed["items"] == [{"nome": "documentos", "texto": "Traga um documento com foto."}]
    _, said = await call(client, "POST", f"/{contato}/responder", {"versao": 0, "frase": "documentos"})
    assert said["mensagens"][-1]["texto"] == "Traga um documento com foto."
    assert (await call(client, "DELETE", "/frases/documentos"))[0] == 204
    status, gone = await call(client, "POST", f"/{contato}/responder", {"versao": 1, "frase": "documentos"})
    assert (status, gone["code"]) == (404, "frase_inexistente")
    assert (await call(client, "DELETE", "/frases/documentos"))[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        pytest.param("GET", "/999999", None, 404, id="nobody's"),
        pytest.param("POST", "/999999/assumir", {"versao": 0}, 404, id="nothing to take"),
        pytest.param("POST", "/999999/responder", {"versao": 0, "texto": "Oi"}, 404, id="nobody to answer"),
        pytest.param("POST", "/999999/nota", {"nota": "Oi"}, 404, id="nothing to note on"),
        pytest.param("POST", "/1/responder", {"versao": 0}, 422, id="nothing said"),
        pytest.param("POST", "/1/responder", {"versao": 0, "texto": "a", "frase": "a"}, 404, id="an unknown phrase"),
        pytest.param("POST", "/1/responder", {"versao": 0, "texto": "  "}, 422, id="blanks"),
        pytest.param("POST", "/1/responder", {"versao": 0, "texto": "\u0000"}, 422, id="a NUL"),
        pytest.param("POST", "/1/assumir", {}, 422, id="no version"),
        pytest.param("POST", "/1/assumir", {"versao": 0, "quem": "eu"}, 422, id="a field nobody knows"),
        pytest.param("GET", "?cursor=abc", None, 422, id="a made-up cursor"),
        pytest.param("GET", "?estado=aberta", None, 422, id="a state there is not"),
        pytest.param("PUT", "/frases/NOME", {"texto": "a"}, 422, id="a name in capitals"),
    ],
)
async def test_what_is_refused(  # noqa: PLR0917  one parameter per column of the table
    client: aiohttp.ClientSession, method: str, path: str, body: Any, status: int
) -> None:
    assert (await call(client, method, path, body))[0] == status
