"""Templates of a hospital's own: checked when edited, harmless when rendered."""

from typing import Any

import pytest

from app.domain.mensagem import build_contexto, tell_visita
from app.domain.modelo import (
    CORPO_MAXIMO,
    EXEMPLO,
    TEXTO_MAXIMO,
    Modelo,
    ModeloInvalido,
    check_modelo,
    modelo_for,
    render,
    shipped_modelos,
)
from app.domain.politica import Politica
from tests.fabricas import AGORA, make_contada, make_janela


def contexto() -> dict[str, Any]:
    visita = tell_visita(make_contada(), janela=make_janela(), politica=Politica(), now=AGORA)
    return build_contexto([visita | {"resposta": "você vem"}], hospital="Santa Casa", telefone_hospital=None)


def say(corpo: str) -> str:
    return render(Modelo("teste", 1, corpo), contexto())


@pytest.mark.parametrize("nome", sorted(shipped_modelos()))
def test_the_shipped_texts_pass_their_own_check(nome: str) -> None:
    check_modelo(shipped_modelos()[nome].corpo)


@pytest.mark.parametrize(
    "corpo",
    [
        pytest.param("Olá, {{ paciente }}", id="a variable that does not exist"),
        pytest.param("{{ visita.quando", id="not closed"),
        pytest.param("{% if visita %}sem fim", id="no end of if"),
        pytest.param("{{ visita.quando | sha512 }}", id="a filter that does not exist"),
        pytest.param("{% include 'pedido' %}", id="another file"),
        pytest.param("{% extends 'pedido' %}", id="another base"),
        pytest.param("x" * (CORPO_MAXIMO + 1), id="too long"),
        pytest.param("{{ visita.telefone }}", id="a fact of the visit that is not told"),
        pytest.param("{% for i in range(99999999) %}x{% endfor %}", id="never ends"),
        pytest.param("{{ ''.__class__ }}", id="reaches for classes"),
        pytest.param("   {# nada #}  ", id="says nothing"),
    ],
)
def test_a_template_that_cannot_work_is_refused_when_it_is_edited(corpo: str) -> None:
    with pytest.raises(ModeloInvalido):
        check_modelo(corpo)


@pytest.mark.parametrize(
    "corpo",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ visitas.__class__.__init__.__globals__ }}",
        "{{ visita['__class__'] }}",
        "{{ hospital.__add__('x').__class__ }}",
        "{{ ''['__cl' ~ 'ass__']['__mro__'] }}",
        "{{ ''|attr('__class__') }}",
        "{{ ''.format.__globals__ }}",
        "{{ '{0.__class__.__mro__}'.format(hospital) }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ lipsum.__globals__['os'] }}",
        "{{ visitas.append(1) }}",
        "{{ visita.update({'nome': 'x'}) }}",
        "{{ self.__init__.__globals__ }}",
    ],
)
def test_the_sandbox_gives_nothing_away(corpo: str) -> None:
    try:
        texto = say(corpo)
    except ModeloInvalido:
        return
    assert "class" not in texto
    assert "module" not in texto
    assert "object" not in texto


def test_a_failing_template_says_which_and_why_without_the_patients_facts() -> None:
    with pytest.raises(ModeloInvalido, match="teste") as failure:
        say("{{ visita.quando + 1 }}")
    assert "Joaquina" not in str(failure.value)


def test_a_text_longer_than_whatsapp_takes_is_cut() -> None:
    assert len(say("x" * (TEXTO_MAXIMO + 1))) == TEXTO_MAXIMO


def test_a_template_is_tried_on_what_it_will_really_be_told() -> None:
    assert set(EXEMPLO) == set(contexto()["visita"])


@pytest.mark.parametrize(
    "corpo", ["{{ 'x' * 999999999 }}", "{{ 'x'.ljust(999999999) }}", "{{ '%999999999d' % 1 }}", "{{ 9 ** 99999999 }}"]
)
def test_a_text_cannot_fill_the_memory(corpo: str) -> None:
    with pytest.raises(ModeloInvalido):
        check_modelo(corpo)


def test_what_a_patient_is_called_is_text_and_never_a_template() -> None:
    visita = contexto()["visita"] | {"nome": "{{ hospital }}"}
    texto = render(Modelo("t", 1, "{{ visita.nome }}"), {**contexto(), "visita": visita})
    assert texto == "{{ hospital }}"


SEM_CONVERSA = sorted({said for nome in shipped_modelos() if (said := modelo_for(nome, takes_answers=False))})


def test_where_answers_are_taken_every_text_is_its_own() -> None:
    assert all(modelo_for(nome, takes_answers=True) == nome for nome in shipped_modelos())


@pytest.mark.parametrize(
    ("nome", "said"),
    [
        ("pedido", "email_pedido"),
        ("lembrete", "email_lembrete"),
        ("vespera", "email_vespera"),
        ("mudanca", "email_mudanca"),
        ("confirmado", "email_confirmado"),
        ("cancelamento_hospital", "cancelamento_hospital"),
        pytest.param("nao_entendi", None, id="half of a conversation"),
        pytest.param("do_hospital", None, id="a text nobody listed"),
    ],
)
def test_what_is_said_where_nobody_can_answer(nome: str, said: str | None) -> None:
    assert modelo_for(nome, takes_answers=False) == said


@pytest.mark.parametrize("nome", SEM_CONVERSA)
@pytest.mark.parametrize(("telefone", "says"), [("(27) 3333-0000", "ligue para (27) 3333-0000"), (None, "recepção")])
def test_it_names_a_telephone_and_asks_for_no_number(nome: str, telefone: str | None, says: str) -> None:
    told = contexto()["visita"]
    for visitas in ([told], [told, {**told, "letra": "B"}]):
        texto = render(shipped_modelos()[nome], build_contexto(visitas, hospital="Casa", telefone_hospital=telefone))
        assert says in texto
        assert "*" not in texto
        assert "responda" not in texto.casefold().replace("não responda a esta mensagem", "")
