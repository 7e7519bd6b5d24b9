"""`confirma atendimento` and `confirma explicar`: one appointment in an operator's hands."""

from typing import Any

import pytest

from tests.integration.cli.apoio import Confirma, daqui


async def create(confirma: Confirma, numero: str, *extra: str, dias: int = 200) -> dict[str, Any]:
    done = await confirma(
        *(
            "atendimento",
            "criar",
            "--nr",
            numero,
            "--nome",
            "Bruna Salgado",
            "--medico",
            "Dr. Paulo",
            "--especialidade",
        ),
        *("Ortopedia", "--data", daqui(dias), "--telefone", "(31) 97777-1234", *extra, "--json"),
    )
    assert done.rc == 0, done.err
    return done.json


async def test_created_once_and_updated_after(confirma: Confirma) -> None:
    first = await create(confirma, "cli-1")
    again = await create(confirma, "cli-1", "--sala", "12")
    assert first["telefone"] == "+5531977771234"
    assert first["status_confirmacao"] == "pendente"
    assert (again["id"], again["sala"]) == (first["id"], "12")


@pytest.mark.parametrize(
    ("opcoes", "palavra"),
    [
        pytest.param(("--data", "amanhã"), "data_consulta", id="a day nobody can read"),
        pytest.param(("--data", "10/03/2027"), "horário", id="no hour"),
        pytest.param(("--origem", "De Lá"), "origem", id="strange origin"),
        pytest.param(("--tipo", "passeio"), "consulta, exame", id="no such kind"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_name(
    confirma: Confirma, opcoes: tuple[str, ...], palavra: str
) -> None:
    base = ("--nr", "cli-x", "--nome", "Ana", "--medico", "Dr. P", "--especialidade", "Orto")
    data = () if "--data" in opcoes else ("--data", daqui(10))
    done = await confirma("atendimento", "criar", *base, *data, *opcoes)
    assert done.rc == 2
    assert palavra in done.err.replace("'", "")
    assert done.out == ""


@pytest.mark.parametrize("termo", ["cli-busca-1", "Raimunda", "(31) 96666-4321", "4321"])
async def test_found_by_number_name_and_phone(confirma: Confirma, termo: str) -> None:
    created = await create(confirma, "cli-busca-1", "--nome", "Raimunda Vidal", "--telefone", "(31) 96666-4321")
    done = await confirma("atendimento", "buscar", termo, "--json")
    assert [item["id"] for item in done.json["items"]] == [created["id"]]


async def test_a_list_is_a_table_for_people_and_goes_on_for_scripts(confirma: Confirma) -> None:
    dia = daqui(210)[:10]
    for numero in ("cli-l1", "cli-l2"):
        await create(confirma, numero, dias=210)
    people = await confirma("atendimento", "listar", "--dia", dia)
    page = await confirma("atendimento", "listar", "--dia", dia, "--limite", "1", "--json")
    following = await confirma("atendimento", "listar", "--dia", dia, "--cursor", page.json["next_cursor"], "--json")
    nothing = await confirma("atendimento", "listar", "--dia", daqui(211)[:10])
    assert "Bruna Salgado" in people.out
    assert [item["nr_seq_agenda"] for item in page.json["items"] + following.json["items"]] == ["cli-l1", "cli-l2"]
    assert "Nenhum atendimento" in nothing.out


async def test_a_cancelled_visit_is_no_longer_asked_about(confirma: Confirma) -> None:
    created = await create(confirma, "cli-c1")
    done = await confirma("atendimento", "cancelar", str(created["id"]), "--motivo", "Ligou para avisar.", "--json")
    asked = await confirma("workflow", str(created["id"]), "--json")
    assert (done.rc, done.json["status_confirmacao"]) == (0, "cancelado")
    assert done.json["observacoes"] == "Ligou para avisar."
    assert asked.rc == 1


async def test_the_story_says_what_comes_next(confirma: Confirma) -> None:
    created = await create(confirma, "cli-e1")
    done = await confirma("explicar", str(created["id"]), "--json")
    people = await confirma("explicar", str(created["id"]))
    assert [fato["fato"] for fato in done.json["historico"]] == ["importado"]
    assert done.json["proximos"][0]["code"].startswith("passo_")
    assert done.json["proximos"][0]["texto"] in people.out


@pytest.mark.parametrize(
    "argv", [("explicar", "999999"), ("atendimento", "cancelar", "999999"), ("workflow", "999999")]
)
async def test_an_unknown_number_is_a_sentence(confirma: Confirma, argv: tuple[str, ...]) -> None:
    done = await confirma(*argv, "--json")
    assert (done.rc, done.json["erro"]["codigo"]) == (1, "atendimento_inexistente")
    assert done.err.strip() == "Não há atendimento com este número."
