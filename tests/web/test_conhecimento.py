"""The hospital's knowledge over HTTP: read, written, tried, taken away; what is refused."""

from typing import Any

import aiohttp
import pytest

from app.domain.conhecimento import PADRAO

URL = "/api/v1/conhecimento"


async def call(client: aiohttp.ClientSession, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
    async with client.request(method, f"{URL}{path}", json=body) as answer:
        return answer.status, await answer.json() if answer.content_length else None


async def test_the_usual_topics_are_there_without_words(client: aiohttp.ClientSession) -> None:
    _, listed = await call(client, "GET")
    assert [(item["chave"], item["texto"], item["perdidas"]) for item in listed["items"]] == [
        (chave, "", []) for chave in PADRAO
    ]
    _, tried = await call(client, "POST", "/testar", {"pergunta": "tem onde estacionar?"})
    assert tried == {"chave": "estacionamento", "texto": None, "clinica": False}


async def test_an_entry_is_written_found_and_taken_away(client: aiohttp.ClientSession) -> None:
    perguntas = ["posso levar acompanhante?", "pode ir acompanhado?"]
    status, saved = await call(
        client, "PUT", "/entradas/acompanhante", {"texto": "Pode, uma pessoa.", "perguntas": perguntas}
    )
    assert (status, saved["perguntas"], saved["perdidas"]) == (200, perguntas, [])
    _, again = await call(client, "PUT", "/entradas/acompanhante", {"texto": "Pode, duas pessoas."})
    assert (again["texto"], again["perguntas"]) == ("Pode, duas pessoas.", perguntas)
    _, tried = await call(client, "POST", "/testar", {"pergunta": "pode acompanhante?"})
    assert tried["texto"] == "Pode, duas pessoas."
    assert (await call(client, "DELETE", "/entradas/acompanhante"))[0] == 204
    assert (await call(client, "DELETE", "/entradas/acompanhante"))[0] == 404
    _, tried = await call(client, "POST", "/testar", {"pergunta": "pode acompanhante?"})
    assert tried["chave"] is None


async def test_an_entry_that_takes_anothers_questions_shows(client: aiohttp.ClientSession) -> None:
    await call(client, "PUT", "/entradas/carro", {"texto": "…", "perguntas": ["tem estacionamento?"]})
    _, listed = await call(client, "GET")
    lost = {item["chave"]: item["perdidas"] for item in listed["items"]}
    assert "tem estacionamento?" in lost["estacionamento"]


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        pytest.param(
            "/preparo", {"texto": "x", "perguntas": ["posso tomar remédio?"]}, "pergunta_clinica", id="health"
        ),
        pytest.param("/preparo", {"texto": " "}, "dados_invalidos", id="blanks"),
        pytest.param("/preparo", {"texto": "x", "perguntas": []}, "dados_invalidos", id="no questions"),
        pytest.param("/preparo", {"texto": "x", "perguntas": ["a?", "A?"]}, "dados_invalidos", id="one twice"),
        pytest.param("/Preparo", {"texto": "x"}, "dados_invalidos", id="a name in capitals"),
        pytest.param("/preparo", {"texto": "x", "perguntas": ["a?"] * 51}, "dados_invalidos", id="too many"),
    ],
)
async def test_what_is_refused(client: aiohttp.ClientSession, path: str, body: Any, code: str) -> None:
    status, problem = await call(client, "PUT", f"/entradas{path}", body)
    assert (status, problem["code"]) == (422, code)


async def test_a_new_entry_nobody_could_find_is_refused(client: aiohttp.ClientSession) -> None:
    status, refused = await call(client, "PUT", "/entradas/acompanhante", {"texto": "Pode, uma pessoa."})
    assert (status, refused["code"]) == (422, "sem_perguntas")
    _, listed = await call(client, "GET")
    assert [item["chave"] for item in listed["items"]] == list(PADRAO)
