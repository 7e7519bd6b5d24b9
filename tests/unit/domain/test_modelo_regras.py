"""A hospital's own text is refused, with a sentence, where a patient could not answer it or would be misled by it."""

import pytest

from app.domain.modelo import TEXTO_MAXIMO, ModeloInvalido, shipped_modelos
from app.domain.modelo_regras import review_modelo, tidy_corpo

UMA = "Olá, {{ nome }}! {{ visita.tipo }} {{ visita.quando }}. Responda 1 para sim, 0 para não."
VARIAS = "{% for v in visitas %}{{ v.letra }}) {{ v.nome }}: {{ v.quando }}\n{% endfor %}Responda 1 ou 0."
BOM = "{% if varias %}" + VARIAS + "{% else %}" + UMA + "{% endif %}"


def quiet(corpo: str) -> str:
    return BOM.replace("Olá, {{ nome }}!", corpo)


@pytest.mark.parametrize("nome", sorted(shipped_modelos()))
def test_the_shipped_texts_keep_every_rule(nome: str) -> None:
    assert review_modelo(nome, shipped_modelos()[nome].corpo, reguladas=True) == ()


@pytest.mark.parametrize(
    ("nome", "corpo", "frase"),
    [
        pytest.param("pedido", "", "está vazio", id="nothing"),
        pytest.param("pedido", "Olá\x00", "caracteres de controle", id="a NUL"),
        pytest.param("pedido", "Olá, {{ paciente }}", "usa o que não existe: paciente", id="an unknown variable"),
        pytest.param("sair", "{{ visita.cpf }}", "não pôde ser preenchido", id="an unknown fact of the visit"),
        pytest.param("sair", "x" * (TEXTO_MAXIMO + 1), "com um atendimento fica com 4097", id="too long for WhatsApp"),
        pytest.param(
            "sair", "{% for v in visitas %}" + "x" * 500 + "{% endfor %}", "com 10 atendimentos", id="too long for ten"
        ),
        pytest.param("pedido", quiet("Oi.").replace("1 para sim, ", ""), "Com um atendimento", id="no 1"),
        pytest.param("lembrete", BOM.replace("1 ou 0", "sim ou não"), "Com vários atendimentos", id="no digits"),
        pytest.param("mudanca", BOM.replace("0 para", "10 para"), "como responder", id="a 10 is no 0"),
        pytest.param("duvida", BOM.replace("0 para", "01/10 ou"), "como responder", id="nor is one in a date"),
        pytest.param("pedido", BOM.replace(" {{ visita.quando }}", ""), "sem dizer quando", id="no time"),
        pytest.param("pedido", BOM.replace("{{ v.letra }}) ", ""), "a letra, o nome e o horário", id="no letters"),
        pytest.param("qual_consulta", BOM.replace("{{ v.nome }}", ""), "a letra, o nome", id="no names"),
        pytest.param("pedido", UMA, "só do primeiro de vários", id="a question about the first of several"),
        pytest.param("cancelado", "Até {{ visita.quando }}.", "só do primeiro de vários", id="so is a note"),
    ],
)
def test_what_is_refused(nome: str, corpo: str, frase: str) -> None:
    with pytest.raises(ModeloInvalido, match=frase):
        review_modelo(nome, corpo)


@pytest.mark.parametrize("responder", ["*1* - Sim\n*0* - Não", "1. Sim, 0. Não", "“1” ou “0”", "1=sim/0=não"])
def test_digits_are_found_however_they_are_written(responder: str) -> None:
    assert review_modelo("pedido", BOM.replace("1 para sim, 0 para não", responder).replace("1 ou 0", responder)) == ()


def test_a_note_need_not_say_how_to_answer() -> None:
    assert review_modelo("sair", "Até logo!") == ()


def test_a_slot_that_does_not_come_back_is_told_before_a_no_where_the_hospital_has_such() -> None:
    warned = BOM.replace("Responda 1 para", "{% if visita.regulada %}A vaga não volta. {% endif %}Responda 1 para")
    assert review_modelo("pedido", BOM) == ()
    assert review_modelo("pedido", warned, reguladas=True) == ()
    with pytest.raises(ModeloInvalido, match="vaga não volta"):
        review_modelo("pedido", BOM, reguladas=True)


@pytest.mark.parametrize(
    ("corpo", "frase"),
    [
        pytest.param(quiet("x" * 1024), "sem botões", id="longer than a text with buttons may be"),
        pytest.param(quiet("Aproveite nossa Promoção!"), "“Aproveite” parece propaganda", id="advertising"),
    ],
)
def test_what_is_worth_a_second_look(corpo: str, frase: str) -> None:
    [aviso] = review_modelo("pedido", corpo)
    assert frase in aviso


def test_line_ends_and_margins_are_no_difference() -> None:
    assert tidy_corpo("\r\n Olá\r\nVocê vem?\r \n") == "Olá\nVocê vem?"
