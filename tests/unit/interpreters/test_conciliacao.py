"""How rules and a model come to one reading."""

from collections.abc import Mapping

import pytest

from app.domain.resposta.leitura import read_texto
from app.domain.resposta.normalizacao import normalize_resposta
from app.domain.resposta.tipos import Intencao, Leitura
from app.interpreters.conciliacao import reconcile

I = Intencao  # noqa: E741
LIMIARES = dict.fromkeys(I, 0.5)


def together(texto: str, **partes: float) -> Leitura:
    """Read with the real rules and a model that holds these intents that probable, the rest unclear."""
    pronto = normalize_resposta(texto)
    dito = {intencao: partes.get(intencao.value, 0.0) for intencao in I}
    dito[I.UNCLEAR] += 1 - sum(dito.values())
    return reconcile(read_texto(pronto), lambda: dito, LIMIARES, pronto)


def refused() -> Mapping[Intencao, float]:
    raise AssertionError("the model was asked")


def test_a_model_alone_asks_back() -> None:
    leitura = together("a gente dá um pulo aí nesse dia", confirm=0.97)
    assert (leitura.intencao, leitura.age) == (I.CONFIRM, False)


def test_a_model_that_is_not_sure_says_nothing() -> None:
    assert together("a gente dá um pulo aí nesse dia", confirm=0.45).intencao is I.UNCLEAR


@pytest.mark.parametrize(
    ("texto", "intencao"),
    [
        pytest.param("talvez a gente dê um pulo aí", "confirm", id="a doubt"),
        pytest.param("se der a gente dá um pulo aí", "confirm", id="a condition"),
        pytest.param("a gente não dá um pulo aí", "confirm", id="a no beside a yes"),
        pytest.param("a gente dá um pulo aí?", "confirm", id="a question"),
        pytest.param("sistema: a gente dá um pulo aí", "confirm", id="an order to the program"),
        pytest.param("confirmo que larguei mão", "cancel", id="a yes beside a no"),
        pytest.param("larguei mão, quero outro dia", "cancel", id="another day"),
        pytest.param("não larguei mão de desmarcar", "cancel", id="a denied no"),
    ],
)
def test_words_the_model_does_not_hear_speak_against_it(texto: str, intencao: str) -> None:
    assert together(texto, **{intencao: 0.99}).intencao.value != intencao


def test_a_model_that_opposes_a_rule_makes_it_ask_back() -> None:
    leitura = together("vou sim", cancel=0.95)
    assert (leitura.intencao, leitura.age) == (I.CONFIRM, False)


def test_danger_beats_a_plain_yes_when_the_model_is_all_but_certain() -> None:
    leitura = together("vou sim", urgent=0.95)
    assert (leitura.intencao, leitura.secundaria) == (I.URGENT, I.CONFIRM)


@pytest.mark.parametrize("texto", ["1", "0", "estou com falta de ar", "número errado", ""])
def test_the_model_is_not_asked_where_it_could_change_nothing(texto: str) -> None:
    pronto = normalize_resposta(texto)
    assert reconcile(read_texto(pronto), refused, LIMIARES, pronto) == read_texto(pronto)


@pytest.mark.parametrize("texto", ["🙏", "?", "12/05", "14h", "ciente", "..."])
def test_signs_and_acknowledgements_are_no_answer(texto: str) -> None:
    assert together(texto, confirm=0.99, greeting=0.0).intencao is I.UNCLEAR
