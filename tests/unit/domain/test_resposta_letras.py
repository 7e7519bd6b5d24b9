"""Answers to a question that named several visits by letters."""

import pytest

from app.domain.resposta import Intencao, read_por_letra

SIM, NAO = Intencao.CONFIRM, Intencao.CANCEL


@pytest.mark.parametrize(
    ("texto", "esperado"),
    [
        ("A sim, B não", {"A": SIM, "B": NAO}),
        ("a sim b nao", {"A": SIM, "B": NAO}),
        ("A1 B0", {"A": SIM, "B": NAO}),
        ("1 A, 0 B", {"A": SIM, "B": NAO}),
        ("a A sim e a B não", {"A": SIM, "B": NAO}),
        ("A: sim\nB: não", {"A": SIM, "B": NAO}),
        ("A ✅ B ❌", {"A": SIM, "B": NAO}),
        ("confirmo a A e cancelo a B", {"A": SIM, "B": NAO}),
        ("A e B sim", {"A": SIM, "B": SIM}),
        ("A, B e C sim", {"A": SIM, "B": SIM, "C": SIM}),
        ("C sim D nao", {"C": SIM, "D": NAO}),
        ("não vou poder ir na B", {"B": NAO}),
        ("só a A", {"A": SIM}),
        ("só A e C", {"A": SIM, "C": SIM}),
        ("oi, A sim e B não, obrigada", {"A": SIM, "B": NAO}),
    ],
)
def test_each_named_visit_gets_its_answer(texto: str, esperado: dict[str, Intencao]) -> None:
    assert read_por_letra(texto, "ABCD") == esperado


@pytest.mark.parametrize(
    "texto",
    [
        pytest.param("1", id="speaks of all"),
        pytest.param("sim", id="speaks of all, in words"),
        pytest.param("A", id="no verb"),
        pytest.param("a sim", id="may be an ah, sim"),
        pytest.param("a consulta sim", id="an article"),
        pytest.param("A sim?", id="asks"),
        pytest.param("A sim ou B", id="undecided"),
        pytest.param("A talvez, B sim", id="one is in doubt"),
        pytest.param("A sim, A não", id="contradicts itself"),
        pytest.param("vou na A, na B não", id="whose no is it"),
        pytest.param("só não a B", id="says what not, not what"),
        pytest.param("A sim, Z não", id="a letter nobody offered"),
        pytest.param("nem A nem B", id="outside the grammar"),
        pytest.param("A sim " * 200, id="a flood"),
        pytest.param("", id="empty"),
    ],
)
def test_anything_less_plain_is_left_to_a_question(texto: str) -> None:
    assert read_por_letra(texto, "ABCD") is None
