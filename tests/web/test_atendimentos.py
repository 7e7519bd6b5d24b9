"""Appointments over HTTP: what can be found, written, and what is refused."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from app.database import Database
from tests.web.apoio import Create, FakeContexto, corpo_atendimento, make_contexto, serve

URL = "/api/v1/atendimentos"


async def test_a_created_visit_is_read_back_as_the_unified_record(client: aiohttp.ClientSession) -> None:
    async with client.post(URL, json=corpo_atendimento(chegar_antes_min=20)) as answer:
        created = await answer.json()
        assert answer.status == 201
        assert answer.headers["Location"] == f"{URL}/{created['id']}"
    async with client.get(f"{URL}/{created['id']}") as answer:
        read = await answer.json()
    assert read == created
    assert read["telefone"] == "+5531987654321"
    assert read["status_confirmacao"] == "pendente"
    assert read["origem"] == "hospital"
    assert read["data_consulta"] == "2026-03-06T17:30:00Z"
    assert (read["lembrete_48h_enviado_em"], read["lembrete_12h_enviado_em"], read["tentativas"]) == (None, None, 0)
    assert [proximo["code"] for proximo in read["proximos"]] == ["passo_pedido", "corte"]


async def test_the_same_booking_twice_is_one(client: aiohttp.ClientSession, create: Create) -> None:
    first = await create()
    async with client.post(URL, json=corpo_atendimento(sala="4")) as answer:
        again = await answer.json()
        assert answer.status == 200
    assert (again["id"], again["sala"]) == (first["id"], "4")


@pytest.mark.parametrize(
    "field", ["status_confirmacao", "id", "tenant_id", "criado_em", "versao", "respondido_em", "qualquer"]
)
async def test_what_is_ours_cannot_be_set(client: aiohttp.ClientSession, field: str) -> None:
    async with client.post(URL, json=corpo_atendimento(**{field: "confirmado"})) as answer:
        problem = await answer.json()
        assert answer.status == 422
    assert problem["errors"][0] == {
        "campo": field,
        "code": "extra_forbidden",
        "mensagem": "Este campo não existe ou não pode ser definido aqui.",
    }


@pytest.mark.parametrize(
    ("changes", "campo", "code"),
    [
        pytest.param({"data_consulta": "06/03/2026"}, "data_consulta", "sem_hora", id="a day without an hour"),
        pytest.param({"data_consulta": "amanhã"}, "data_consulta", "data_invalida", id="no date"),
        pytest.param({"data_consulta": "2126-03-06T14:30"}, "data_consulta", "data_absurda", id="in a hundred years"),
        pytest.param({"nome_paciente": "  "}, "nome_paciente", "value_error", id="a name of blanks"),
        pytest.param({"nome_paciente": "a\u0000b"}, "nome_paciente", "value_error", id="a NUL"),
        pytest.param({"tipo": "festa"}, "tipo", "enum", id="an unknown kind"),
        pytest.param({"duracao_min": 0}, "duracao_min", "greater_than_equal", id="no time at all"),
        pytest.param({"telefone": ["31"]}, "telefone", "string_type", id="a list for a phone"),
    ],
)
async def test_bad_fields_are_named(
    client: aiohttp.ClientSession, changes: dict[str, Any], campo: str, code: str
) -> None:
    async with client.post(URL, json=corpo_atendimento(**changes)) as answer:
        problem = await answer.json()
        assert answer.status == 422
    assert (problem["errors"][0]["campo"], problem["errors"][0]["code"]) == (campo, code)
    async with client.get(URL) as answer:
        assert (await answer.json())["items"] == []


async def test_a_visit_without_a_usable_phone_is_kept(create: Create) -> None:
    created = await create(telefone="(31) 3333-4444")
    assert created["telefone_motivo"] == "telefone_fixo"
    assert [proximo["code"] for proximo in created["proximos"]] == ["sem_celular"]


async def test_a_batch_takes_the_good_rows_and_names_the_bad(client: aiohttp.ClientSession) -> None:
    rows = [
        corpo_atendimento(nr_seq_agenda=1),
        corpo_atendimento(nr_seq_agenda="2", data_consulta="31/02/2026 10:00"),
        corpo_atendimento(nr_seq_agenda="3", status_confirmacao="confirmado"),
        corpo_atendimento(nr_seq_agenda="4", origem="outra"),
        corpo_atendimento(nr_seq_agenda="5", data_consulta="\ud800"),
    ]
    async with client.post(f"{URL}/lote", json={"atendimentos": rows}) as answer:
        read = await answer.json()
        assert answer.status == 200
    assert (read["criados"], sorted(read["ids"])) == (2, ["1", "4"])
    assert [(row["linha"], row["coluna"], row["motivo"]) for row in read["rejeitados"]] == [
        (2, "data_consulta", "data_invalida"),
        (3, "status_confirmacao", "extra_forbidden"),
        (5, "data_consulta", "string_unicode"),
    ]
    async with client.post(f"{URL}/lote", json=rows[:1]) as answer:
        assert (await answer.json())["inalterados"] == 1


async def test_pages_follow_the_time_of_the_visit_and_miss_nothing(
    client: aiohttp.ClientSession, create: Create
) -> None:
    for number in range(5):
        await create(nr_seq_agenda=str(number), data_consulta=f"2026-03-06T1{4 - number // 2}:00")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        async with client.get(URL, params={"limit": "2", **({"cursor": cursor} if cursor else {})}) as answer:
            page = await answer.json()
        seen += [item["nr_seq_agenda"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ["4", "2", "3", "0", "1"]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        pytest.param({}, {"a", "b", "c"}, id="all"),
        pytest.param({"dia": "2026-03-06"}, {"a", "b"}, id="a day"),
        pytest.param({"de": "2026-03-07", "ate": "2026-03-20"}, {"c"}, id="a period"),
        pytest.param({"nome": "souza"}, {"a", "b"}, id="a word of the name"),
        pytest.param({"nome": "JOSÉ souza"}, {"b"}, id="two words, whatever their case and accents"),
        pytest.param({"nome": "sou"}, set(), id="half a word"),
        pytest.param({"telefone": "31 98765-4321"}, {"a"}, id="a phone"),
        pytest.param({"telefone": "(31) 8765-4321"}, {"a"}, id="a phone without its ninth digit"),
        pytest.param({"telefone": "4444"}, {"c"}, id="the last four digits, of a landline"),
        pytest.param({"especialidade": "CARDIOLOGIA"}, {"a", "c"}, id="a specialty"),
        pytest.param({"unidade": "central"}, {"b"}, id="a unit"),
        pytest.param({"medico": "Dr. Rui"}, {"c"}, id="a doctor"),
        pytest.param({"status_confirmacao": ["pendente", "confirmado"]}, {"a", "b", "c"}, id="several states"),
        pytest.param({"status_confirmacao": "confirmado"}, set(), id="a state nobody is in"),
        pytest.param({"situacao_agenda": "espera"}, {"b"}, id="the hospital's state"),
        pytest.param({"atencao": "nao"}, {"a", "b", "c"}, id="nobody needs a person"),
        pytest.param({"atencao": "pede_volta"}, set(), id="a reason for a person"),
        pytest.param({"origem": "hospital", "nr_seq_agenda": "c"}, {"c"}, id="the hospital's own number"),
        pytest.param({"nome": "' OR 1=1 --"}, set(), id="SQL in a name"),
        pytest.param({"unidade": "'; DROP TABLE atendimentos; --"}, set(), id="SQL in a unit"),
    ],
)
async def test_filters(client: aiohttp.ClientSession, create: Create, params: dict[str, Any], found: set[str]) -> None:
    await create(nr_seq_agenda="a")
    await create(
        nr_seq_agenda="b", nome_paciente="José de Souza", telefone="31988887777", especialidade="Ortopedia",
        unidade="Central", situacao_agenda="espera",
    )  # fmt: skip
    await create(
        nr_seq_agenda="c", nome_paciente="Ana Lima", telefone="(31) 3333-4444", nome_medico="Dr. Rui",
        data_consulta="2026-03-09T23:30",
    )  # fmt: skip
    async with client.get(URL, params=params) as answer:
        page = await answer.json()
        assert answer.status == 200, page
    assert {item["nr_seq_agenda"] for item in page["items"]} == found


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=x", "cursor=abc", "cursor=MjAyNnwx", "dia=ontem", "dia=9999-12-31",
        "telefone=12", "nome=%21%21", "status_confirmacao=talvez", "unidade=%00", "atencao=%27", "nome=%ff",
    ],
)  # fmt: skip
async def test_filters_that_make_no_sense_are_refused(client: aiohttp.ClientSession, query: str) -> None:
    async with client.get(f"{URL}?{query}") as answer:
        problem = await answer.json()
        assert (answer.status, problem["code"]) == (422, "dados_invalidos")
        assert problem["errors"]


async def test_notes_are_written_only_on_what_was_read(client: aiohttp.ClientSession, create: Create) -> None:
    created = await create(preparo="Jejum")
    url = f"{URL}/{created['id']}"
    change = {"versao": created["versao"], "observacoes": "Vem de cadeira de rodas", "preparo": None}
    async with client.patch(url, json=change) as answer:
        read = await answer.json()
        assert answer.status == 200
    assert (read["observacoes"], read["preparo"], read["versao"]) == (
        "Vem de cadeira de rodas", None, created["versao"] + 1,
    )  # fmt: skip
    assert read["historico"][-1]["texto"] == "A recepção alterou: observações, preparo."
    async with client.patch(url, json=change) as answer:
        problem = await answer.json()
        assert (answer.status, problem["code"]) == (409, "versao_diferente")
        assert problem["versao_atual"] == read["versao"]
    async with client.patch(url, json={"versao": read["versao"], "status_confirmacao": "confirmado"}) as answer:
        assert answer.status == 422


async def test_reception_confirms_and_changes_its_mind(client: aiohttp.ClientSession, create: Create) -> None:
    created = await create(observacoes="Prefere manhã")
    url = f"{URL}/{created['id']}"
    async with client.post(f"{url}/confirmar") as answer:
        read = await answer.json()
        assert (answer.status, read["status_confirmacao"]) == (200, "confirmado")
    assert [proximo["code"] for proximo in read["proximos"]] == ["respondida"]
    async with client.post(f"{url}/cancelar", json={"motivo": "Ligou: viajou"}) as answer:
        read = await answer.json()
    assert read["status_confirmacao"] == "cancelado"
    assert read["observacoes"] == "Prefere manhã\nLigou: viajou"
    assert [(line["fato"], line["quem"]) for line in read["historico"]][-2:] == [
        ("recepcao_confirmou", "recepcao"), ("recepcao_cancelou", "recepcao"),
    ]  # fmt: skip
    async with client.post(f"{url}/confirmar", json={"versao": 1}) as answer:
        assert answer.status == 409


async def test_a_rule_that_says_no_is_409_with_its_reason(
    contexto: FakeContexto, client: aiohttp.ClientSession, create: Create
) -> None:
    created = await create()
    await create(situacao_agenda="cancelado")
    async with client.post(f"{URL}/{created['id']}/confirmar") as answer:
        assert (answer.status, (await answer.json())["code"]) == (409, "cancelado_pelo_hospital")
    past = await create(nr_seq_agenda="2")
    contexto.now += timedelta(days=30)
    async with client.post(f"{URL}/{past['id']}/cancelar") as answer:
        assert (answer.status, (await answer.json())["code"]) == (409, "consulta_passada")


async def test_another_hospitals_visit_is_nowhere(
    *, database: Database, contexto: FakeContexto, create: Create, outro_hospital: int, tmp_path: Path
) -> None:
    created = await create()
    async with serve(make_contexto(database, outro_hospital, contexto.now, tmp_path)) as neighbour:
        requests = (
            ("GET", "", None),
            ("PATCH", "", {"versao": 1, "sala": "9"}),
            ("POST", "/confirmar", None),
            ("POST", "/cancelar", None),
        )
        for method, end, body in requests:
            for number in (created["id"], 2**62):
                async with neighbour.request(method, f"{URL}/{number}{end}", json=body) as answer:
                    problem = await answer.json()
                    problem.pop("request_id")
                    assert (answer.status, problem["code"]) == (404, "atendimento_inexistente")
        for params in ({}, {"nome": "Maria"}, {"telefone": "31987654321"}, {"nr_seq_agenda": "1001"}):
            async with neighbour.get(URL, params=params) as answer:
                assert (await answer.json())["items"] == []
        async with neighbour.get("/api/v1/estatisticas") as answer:
            assert (await answer.json())["total"]["atendimentos"] == 0
        async with neighbour.get("/painel?dia=2026-03-06") as answer:
            assert "Maria" not in await answer.text()
        async with neighbour.get(f"/painel/atendimentos/{created['id']}") as answer:
            assert answer.status == 404


async def test_figures_by_day_unit_specialty_and_doctor(client: aiohttp.ClientSession, create: Create) -> None:
    first = await create()
    await create(nr_seq_agenda="2", especialidade="Ortopedia", data_consulta="2026-03-07T09:00")
    async with client.post(f"{URL}/{first['id']}/confirmar"):
        pass
    async with client.get("/api/v1/estatisticas?de=2026-03-01&ate=2026-03-31") as answer:
        read = await answer.json()
        assert answer.status == 200
    assert (read["total"]["atendimentos"], read["total"]["confirmados"], read["total"]["taxa_confirmacao"]) == (
        2,
        1,
        0.5,
    )
    assert read["total"]["taxa_resposta"] is None
    assert [row["chave"] for row in read["por_dia"]] == ["2026-03-06", "2026-03-07"]
    assert [(row["chave"], row["confirmados"]) for row in read["por_especialidade"]] == [
        ("Cardiologia", 1),
        ("Ortopedia", 0),
    ]
    assert read["por_unidade"][0]["chave"] is None
    assert read["por_medico"][0]["atendimentos"] == 2
    for query in ("de=2026-03-02&ate=2026-03-01", "de=2020-01-01&ate=2026-01-01", "de=x"):
        async with client.get(f"/api/v1/estatisticas?{query}") as answer:
            assert answer.status == 422
