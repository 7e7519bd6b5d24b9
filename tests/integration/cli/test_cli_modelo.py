"""The texts of the messages at a terminal; each change is taken back, because the installation is shared."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.domain.modelo import shipped_modelos
from tests.integration.cli.apoio import Confirma
from tests.integration.cli.test_cli_atendimento import create

VARIAS = "{% for v in visitas %}{{ v.letra }}) {{ v.nome }}: {{ v.quando }}\n{% endfor %}Responda 1 ou 0."
UMA = "Oi, {{ nome }}: {{ visita.quando }}. Responda 1 (vou) ou 0 (não vou)."
NOVO = "{% if varias %}" + VARIAS + "{% else %}" + UMA + "{% endif %}"
LIGAR = ("modelo", "ligar", "pedido", "botconversa", "--texto", "confirmacao")


@pytest.fixture
async def mudado(confirma: Confirma) -> AsyncIterator[int]:
    """Return the version of a question of the hospital's own that is in force during the test."""
    done = await confirma("modelo", "salvar", "pedido", "--json", stdin=NOVO)
    assert (done.rc, done.json["nova"]) == (0, True), done.err
    yield done.json["versao"]
    await confirma("modelo", "voltar", "pedido", "0")


async def test_every_template_is_listed_with_what_it_is_for(confirma: Confirma) -> None:
    done, people = await confirma("modelo", "listar", "--json"), await confirma("modelo", "listar")
    assert {item["nome"] for item in done.json["items"]} == set(shipped_modelos())
    assert all(item["uso"] for item in done.json["items"])
    assert "A primeira pergunta" in people.out


async def test_saved_shown_and_taken_back(confirma: Confirma, mudado: int) -> None:
    again = await confirma("modelo", "salvar", "pedido", stdin=NOVO)
    shown = await confirma("modelo", "mostrar", "pedido", "--json")
    old = await confirma("modelo", "mostrar", "pedido", "--versao", "0", "--json")
    people = await confirma("modelo", "mostrar", "pedido")
    back = await confirma("modelo", "voltar", "pedido", "0", "--json")
    assert (again.rc, "nada mudou" in again.out) == (0, True)
    assert [item["versao"] for item in shown.json["versoes"]][:1] == [mudado]
    assert shown.json["versoes"][0]["corpo"] == NOVO
    assert old.json["corpo"] == shipped_modelos()["pedido"].corpo
    assert "{{ nome }}" in people.out
    assert "de fábrica" in people.out
    assert (back.rc, back.json["versao"]) == (0, mudado + 1)


@pytest.mark.parametrize(
    ("argv", "stdin", "rc", "codigo"),
    [
        pytest.param(("salvar", "pedido"), "Você vem?", 2, "modelo_invalido", id="cannot be answered"),
        pytest.param(("salvar", "pedido"), "", 2, "modelo_invalido", id="nothing"),
        pytest.param(("salvar", "propaganda"), NOVO, 1, "modelo_inexistente", id="no such template"),
        pytest.param(("salvar", "pedido", "--arquivo", "nao.txt"), "", 1, "arquivo_inacessivel", id="no such file"),
        pytest.param(("voltar", "pedido", "999"), "", 1, "modelo_inexistente", id="no such version"),
        pytest.param(("mostrar", "pedido", "--versao", "999"), "", 2, "versao_inexistente", id="none to show"),
        pytest.param(("previa", "pedido", "999999"), "", 1, "atendimento_inexistente", id="no such visit"),
        pytest.param(("desligar", "pedido", "botconversa"), "", 1, "modelo_inexistente", id="nothing linked"),
        pytest.param(("desligar", "pedido", "nenhum"), "", 1, "canal_inexistente", id="no such channel"),
    ],
)
async def test_what_is_refused(confirma: Confirma, *, argv: tuple[str, ...], stdin: str, rc: int, codigo: str) -> None:
    done = await confirma("modelo", *argv, "--json", stdin=stdin)
    assert (done.rc, done.json["erro"]["codigo"]) == (rc, codigo)
    assert done.json["erro"]["mensagem"].endswith(".")


async def test_a_preview_of_what_is_in_force_and_of_a_draft(confirma: Confirma, mudado: int, tmp_path: Path) -> None:
    created = await create(confirma, "modelo-1", "--telefone", "(31) 95555-7001", dias=3)
    draft = tmp_path / "rascunho.txt"
    draft.write_text(NOVO.replace("Oi", "Bom dia"), "utf-8")
    done = await confirma("modelo", "previa", "pedido", str(created["id"]), "--json")
    tried = await confirma("modelo", "previa", "pedido", str(created["id"]), "--arquivo", str(draft))
    assert (done.json["versao"], done.json["atendimentos"]) == (mudado, [created["id"]])
    assert done.json["texto"].startswith("Oi, ")
    assert "Bom dia, " in tried.out


async def test_an_approved_text_is_linked_and_let_go(confirma: Confirma) -> None:
    options = ("--valor", "paciente=nome", "--valor", "data=quando", "--aprovado")
    linked = await confirma(*LIGAR, *options, "--json")
    listed = await confirma("modelo", "listar")
    synced = await confirma("modelo", "sincronizar", "--json")
    people = await confirma("modelo", "sincronizar")
    gone = await confirma("modelo", "desligar", "pedido", "botconversa", "--json")
    assert linked.rc == 0, linked.err
    assert (linked.json["estado"], linked.json["valores"]) == ("aprovado", [["paciente", "nome"], ["data", "quando"]])
    assert any("1 (vem) e 0" in aviso for aviso in linked.json["avisos"])
    assert "confirmacao" in listed.out
    assert (synced.rc, synced.json) == (0, {"textos": [], "falhas": []})  # Botconversa approves nothing
    assert "Nenhum texto" in people.out
    assert (gone.rc, gone.json["modelo"]) == (0, "pedido")


@pytest.mark.parametrize(
    ("valores", "codigo"),
    [
        pytest.param(("cpf",), "modelo_invalido", id="no such value"),
        pytest.param(("1=nome", "3=quando"), "modelo_invalido", id="a gap"),
        pytest.param(("paciente=nome", "quando"), "valor_invalido", id="half of them named"),
    ],
)
async def test_a_link_that_cannot_work(confirma: Confirma, valores: tuple[str, ...], codigo: str) -> None:
    options = [option for valor in valores for option in ("--valor", valor)]
    done = await confirma(*LIGAR, *options, "--json")
    assert (done.rc, done.json["erro"]["codigo"]) == (2, codigo)


async def test_which_version_a_patient_got(confirma: Confirma, mudado: int) -> None:
    created = await create(confirma, "modelo-2", "--telefone", "(31) 95555-7002", dias=3)
    sent = await confirma("workflow", str(created["id"]), "--json")
    story = await confirma("explicar", str(created["id"]), "--json")
    people = await confirma("explicar", str(created["id"]))
    assert sent.rc == 0, sent.out
    [message] = story.json["mensagens"]
    assert (message["modelo"], message["modelo_versao"]) == ("pedido", mudado)
    assert message["texto"].startswith("Oi, ")
    assert f"pedido v{mudado}" in people.out
