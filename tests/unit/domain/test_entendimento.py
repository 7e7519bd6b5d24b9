"""What a bare yes or no says after we asked whether we understood."""

from datetime import timedelta

import pytest

from app.domain.entendimento import VALE, Dita, read_after
from app.domain.resposta import Intencao, read_resposta
from tests.fabricas import AGORA

I = Intencao  # noqa: E741


@pytest.mark.parametrize(
    ("texto", "dita", "intencao"),
    [
        pytest.param("sim", "entendi_que_nao_vem", I.CANCEL, id="yes, I do not come"),
        pytest.param("isso mesmo", "entendi_que_nao_vem", I.CANCEL, id="just so"),
        pytest.param("sim", "entendi_que_vem", I.CONFIRM, id="yes, I come"),
        pytest.param("não", "entendi_que_nao_vem", I.UNCLEAR, id="no: of what we understood, or of the visit?"),
        pytest.param("não", "entendi_que_vem", I.UNCLEAR, id="no to a yes"),
        pytest.param("1", "entendi_que_nao_vem", I.CONFIRM, id="one stays one"),
        pytest.param("0", "entendi_que_vem", I.CANCEL, id="zero stays zero"),
        pytest.param("eu vou sim", "entendi_que_nao_vem", I.CONFIRM, id="whole words stay what they are"),
        pytest.param("não vou", "entendi_que_vem", I.CANCEL, id="and so does a whole no"),
        pytest.param("sim", "pedido", I.CONFIRM, id="after the question itself"),
        pytest.param("não", None, I.CANCEL, id="after nothing"),
    ],
)
def test_a_short_word_answers_what_was_last_said(texto: str, dita: str | None, intencao: Intencao) -> None:
    said = Dita(dita, AGORA) if dita else None
    assert read_after(read_resposta(texto), said, AGORA).intencao is intencao


@pytest.mark.parametrize(
    ("texto", "intencao"),
    [("sim", I.UNCLEAR), ("não", I.UNCLEAR), ("1", I.CONFIRM), ("não vou", I.CANCEL), ("eu vou sim", I.CONFIRM)],
)
def test_a_day_later_a_bare_word_is_asked_again(texto: str, intencao: Intencao) -> None:
    said = Dita("entendi_que_nao_vem", AGORA - VALE - timedelta(minutes=1))
    assert read_after(read_resposta(texto), said, AGORA).intencao is intencao
