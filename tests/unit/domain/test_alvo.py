"""Which visits an answer is about: told as what the patient had on the phone when they wrote."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.alvo import Alvo, Pergunta, TipoAlvo, choose_alvo
from app.domain.confirmacao import SituacaoAgenda, StatusConfirmacao
from tests.fabricas import AGORA, CONSULTA_EM, make_pergunta, make_visita

S = StatusConfirmacao


def choose(*perguntas: Pergunta, **given: Any) -> Alvo:
    standard: dict[str, Any] = {"atendimento_id": None, "nr_seq_agenda": None, "quoted_id": None, "now": AGORA}
    return choose_alvo(perguntas, **standard | given)


def ids(alvo: Alvo) -> list[int]:
    return [pergunta.mensagem_id for pergunta in alvo.perguntas]


def test_the_only_open_question_is_answered() -> None:
    alvo = choose(make_pergunta(1))
    assert (alvo.tipo, ids(alvo)) == (TipoAlvo.ABERTA, [1])


def test_nobody_was_asked() -> None:
    assert choose().tipo is TipoAlvo.NENHUM


def test_of_two_open_questions_the_patient_is_asked_which_and_the_older_comes_first() -> None:
    alvo = choose(make_pergunta(2), make_pergunta(1))
    assert (alvo.tipo, ids(alvo)) == (TipoAlvo.QUAL, [1, 2])


def test_with_two_open_the_field_of_the_gateway_proves_nothing() -> None:
    alvo = choose(make_pergunta(2), make_pergunta(1), atendimento_id=1, nr_seq_agenda="n1")
    assert alvo.tipo is TipoAlvo.QUAL


def test_a_reminder_takes_the_place_of_its_question() -> None:
    visita = make_visita(1)
    alvo = choose(make_pergunta(5, visita), make_pergunta(9, visita, modelo="lembrete"))
    assert (alvo.tipo, ids(alvo)) == (TipoAlvo.ABERTA, [9])


def test_a_reminder_of_one_of_two_visits_leaves_the_other_with_its_question() -> None:
    first, second = make_visita(1), make_visita(2, letra="B")
    alvo = choose(make_pergunta(5, first, second), make_pergunta(9, second))
    assert alvo.tipo is TipoAlvo.QUAL
    assert [[v.atendimento_id for v in p.visitas] for p in alvo.perguntas] == [[1], [2]]


def test_the_quoted_message_decides_although_two_are_open() -> None:
    alvo = choose(make_pergunta(1, provider_id="w1"), make_pergunta(2, provider_id="w2"), quoted_id="w1")
    assert (alvo.tipo, ids(alvo)) == (TipoAlvo.ABERTA, [1])


def test_quoting_the_first_question_after_its_reminder_still_answers() -> None:
    visita = make_visita(1)
    asked, reminded = make_pergunta(5, visita, provider_id="w5"), make_pergunta(9, visita, provider_id="w9")
    alvo = choose(asked, reminded, quoted_id="w5")
    assert (alvo.tipo, [v.atendimento_id for v in alvo.perguntas[0].visitas]) == (TipoAlvo.ABERTA, [1])


def test_quoting_the_question_about_the_old_time_does_not_answer_for_the_new_one() -> None:
    old = make_pergunta(5, make_visita(1, atual=False), provider_id="w5")
    new = make_pergunta(9, make_visita(1), modelo="mudanca", provider_id="w9")
    assert choose(old, new, quoted_id="w5").tipo is TipoAlvo.MOVIDA


def test_the_id_names_an_answered_visit_while_nothing_is_open() -> None:
    answered = [make_pergunta(n, make_visita(n, status=S.CONFIRMADO)) for n in (1, 2)]
    alvo = choose(*answered, nr_seq_agenda="n1")
    assert (alvo.tipo, ids(alvo)) == (TipoAlvo.RESPONDIDA, [1])


def test_an_id_older_than_the_open_question_is_left_over_and_cancels_nothing_of_the_answered_visit() -> None:
    answered = make_pergunta(1, make_visita(1, status=S.CONFIRMADO))
    alvo = choose(answered, make_pergunta(2), atendimento_id=1)
    assert (alvo.tipo, ids(alvo)) == (TipoAlvo.ABERTA, [2])


def test_an_id_of_a_visit_asked_about_later_than_the_open_one_decides() -> None:
    later = make_pergunta(2, make_visita(2, status=S.CONFIRMADO))
    alvo = choose(make_pergunta(1), later, atendimento_id=2)
    assert (alvo.tipo, ids(alvo)) == (TipoAlvo.RESPONDIDA, [2])


def test_an_unknown_id_leaves_the_only_open_question() -> None:
    assert ids(choose(make_pergunta(1), atendimento_id=999, nr_seq_agenda="outra")) == [1]


def test_two_answered_visits_and_a_second_thought() -> None:
    answered = [make_pergunta(n, make_visita(n, status=S.CONFIRMADO)) for n in (1, 2)]
    assert choose(*answered).tipo is TipoAlvo.QUAL


@pytest.mark.parametrize(
    ("visita", "expected"),
    [
        pytest.param({"status": S.SEM_RESPOSTA}, TipoAlvo.ABERTA, id="late, after the cut-off"),
        pytest.param({"status": S.CONFIRMADO}, TipoAlvo.RESPONDIDA, id="answered before"),
        pytest.param({"atual": False}, TipoAlvo.MOVIDA, id="moved by the hospital"),
        pytest.param({"situacao": SituacaoAgenda.CANCELADO}, TipoAlvo.CANCELADA, id="cancelled by the hospital"),
        pytest.param({"data_consulta": AGORA}, TipoAlvo.PASSADA, id="it begins this very moment"),
        pytest.param({"data_consulta": AGORA - timedelta(days=1)}, TipoAlvo.PASSADA, id="yesterday's"),
    ],
)
def test_what_became_of_the_only_question(visita: dict[str, Any], expected: TipoAlvo) -> None:
    assert choose(make_pergunta(1, make_visita(1, **visita))).tipo is expected


def test_a_past_question_does_not_hide_the_open_one() -> None:
    past = make_pergunta(9, make_visita(9, data_consulta=AGORA - timedelta(hours=1)))
    assert ids(choose(past, make_pergunta(1))) == [1]


def test_one_visit_of_two_is_past_and_the_other_still_open() -> None:
    pergunta = make_pergunta(1, make_visita(1, data_consulta=AGORA - timedelta(hours=1)), make_visita(2, letra="B"))
    alvo = choose(pergunta)
    assert alvo.tipo is TipoAlvo.ABERTA
    assert [v.atendimento_id for v in alvo.perguntas[0].standing(AGORA)] == [2]


def test_the_question_which_one_is_itself_a_question_that_can_be_answered() -> None:
    both = (make_visita(1), make_visita(2, letra="B", data_consulta=CONSULTA_EM + timedelta(days=1)))
    asked = [make_pergunta(n, replace(v, letra="A")) for n, v in enumerate(both, start=1)]
    alvo = choose(*asked, make_pergunta(3, *both, modelo="qual_consulta"))
    assert (alvo.tipo, ids(alvo)) == (TipoAlvo.ABERTA, [3])
