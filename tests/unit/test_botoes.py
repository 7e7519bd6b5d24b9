"""A quick reply is worth something in the hand it was given to, as it was given, at the hospital that gave it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import Finder, Keyring
from app.domain.botao import INTENCOES, TITULOS, Botao, Toque
from app.domain.resposta import read_resposta
from app.services.botoes import build_botoes, read_botao

CHAVES = Keyring({"t1": b"0" * 32}, index_secret=b"testes" * 6)
NOSSO, VIZINHO = CHAVES.finder(1), CHAVES.finder(2)
JOAQUINA, OUTRO = 7, 8
PERGUNTA = 4711


def payload(botao: Botao = Botao.SIM, *, finder: Finder = NOSSO, contato: int = JOAQUINA, de: int = PERGUNTA) -> str:
    given_buttons = build_botoes(finder, contato_id=contato, mensagem_id=de)
    return next(button.payload for button in given_buttons if button.title == TITULOS[botao])


@pytest.mark.parametrize("botao", list(Botao))
def test_what_was_given_comes_back_as_it_was(botao: Botao) -> None:
    assert read_botao(NOSSO, payload(botao), [JOAQUINA]) == Toque(botao, PERGUNTA, autentico=True)


def test_one_of_several_who_share_the_phone_was_given_it() -> None:
    toque = read_botao(NOSSO, payload(), [OUTRO, JOAQUINA])
    assert toque is not None
    assert toque.autentico


@pytest.mark.parametrize(
    ("touched", "by"),
    [
        pytest.param(payload(), [OUTRO], id="forwarded to another phone"),
        pytest.param(payload(), [], id="touched by nobody we know"),
        pytest.param(payload().replace(".sim.", ".nao."), [JOAQUINA], id="another button"),
        pytest.param(payload().replace(f".{PERGUNTA}.", ".4712."), [JOAQUINA], id="another question"),
        pytest.param(payload()[:-1] + ("0" if payload()[-1] != "0" else "1"), [JOAQUINA], id="one digit changed"),
        pytest.param(payload(finder=VIZINHO), [JOAQUINA], id="given by another hospital"),
        pytest.param(payload(contato=OUTRO), [JOAQUINA], id="given to somebody else"),
        pytest.param(f"cf1.sim.{PERGUNTA}." + "0" * 32, [JOAQUINA], id="made up"),
    ],
)
def test_what_was_not_given_to_this_phone_is_known_as_ours_and_does_nothing(touched: str, by: list[int]) -> None:
    toque = read_botao(NOSSO, touched, by)
    assert toque is not None
    assert not toque.autentico


@pytest.mark.parametrize(
    "touched",
    [
        None,
        "",
        "1",
        "Confirmar",
        "confirm:51177197",
        payload() + "\n",
        payload().upper(),
        payload().replace("cf1", "cf2"),
        payload().replace(".sim.", ".talvez."),
        payload().replace(str(PERGUNTA), "٤٧١١"),
        payload().replace(str(PERGUNTA), "9" * 19),
    ],
)
def test_a_payload_of_another_shape_is_not_ours(touched: str | None) -> None:
    assert read_botao(NOSSO, touched, [JOAQUINA]) is None


@given(st.text(max_size=200), st.lists(st.integers(0, 10), max_size=3))
def test_whatever_comes_back_never_raises_and_is_never_believed(touched: str, by: list[int]) -> None:
    toque = read_botao(NOSSO, touched, by)
    assert toque is None or not toque.autentico


@given(st.integers(1, 10**18 - 1), st.integers(1, 10**18 - 1))
def test_payloads_fit_every_gateway(contato: int, mensagem: int) -> None:
    for button in build_botoes(NOSSO, contato_id=contato, mensagem_id=mensagem):
        assert re.fullmatch(r"[a-z0-9.]{1,200}", button.payload)
        assert read_botao(NOSSO, button.payload, [contato]) is not None


def test_titles_fit_the_shortest_limit_and_say_in_words_what_the_button_means() -> None:
    """Where only the label comes back, the words are read as the button would be."""
    assert all(0 < len(title) <= 20 for title in TITULOS.values())
    for botao, title in TITULOS.items():
        leitura = read_resposta(title)
        assert leitura is not None
        assert leitura.intencao is INTENCOES[botao]
