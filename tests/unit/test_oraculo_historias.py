"""The judge on one visit at a time: what it forgives, and where it draws the line."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from app.simulator.oraculo import Evento
from tests.unit.oraculo_cenario import MARIA, Cenario, at


def story(inicio: datetime, **mais: Any) -> Cenario:
    c = Cenario()
    c.visit("v", MARIA, "Maria", inicio, **mais)
    c.end("v", "pendente")
    return c


@pytest.mark.parametrize(
    ("inicio", "agendado_em", "perdidas"),
    [
        pytest.param(at(13, 14), None, 1, id="known for days"),
        pytest.param(at(13, 14), at(13, 11), 0, id="booked three hours before"),
        pytest.param(at(13, 19), at(13, 9), 1, id="booked in the morning for the evening"),
        pytest.param(at(11, 7), at(9, 15), 0, id="only a Sunday was left, which may be used but need not"),
        pytest.param(at(13, 0), None, 0, id="without an hour"),
        pytest.param(at(20, 14), None, 0, id="its time has not come when the run ends"),
    ],
)
def test_who_is_lost(inicio: datetime, agendado_em: datetime | None, perdidas: int) -> None:
    assert story(inicio, agendado_em=agendado_em).judge().count("perdidas") == perdidas


def test_a_refused_number_is_not_lost_only_with_the_gateways_word() -> None:
    c = story(at(13, 14))
    c.finais["v"]["contato_usavel"] = False
    assert c.judge().count("perdidas") == 1
    recusa = {"metodo": "POST", "caminho": "/subscriber/", "status": 400, "telefone": MARIA, "entregue": False}
    c.log.append({**recusa, "em": at(11, 9).isoformat(), "tipo": None})
    assert c.judge().ok


def test_an_uncertain_send_that_reception_sees_is_not_lost() -> None:
    c = story(at(13, 14))
    c.finais["v"]["mensagens"] = [{"estado": "incerta", "passo": "pergunta"}]
    envio = {"metodo": "POST", "caminho": "/subscriber/7/send_message/", "status": 500, "telefone": MARIA}
    c.log.append({**envio, "em": at(11, 9).isoformat(), "tipo": "text", "texto": "…", "entregue": False})
    assert c.judge().ok


def test_two_open_questions_expect_no_effect_of_a_bare_one() -> None:
    c = story(at(13, 14))
    c.visit("w", MARIA, "Maria", at(14, 14))
    c.ask(at(11, 14), "v")
    c.ask(at(12, 14), "w")
    c.answer(at(12, 15), MARIA, "confirm", ["w"])
    for status in ("aguardando", "confirmado"):
        c.end("w", status)
        assert c.judge().ok
    c.end("v", "confirmado")
    assert c.judge().count("sem_efeito") == 1


def test_an_answer_after_the_visit_or_about_the_old_time_has_no_effect() -> None:
    c = story(at(13, 14), eventos=(Evento(at(12, 9), "movido", at(14, 18)),))
    c.ask(at(11, 14), "v")
    c.deliver(at(12, 9, 30), MARIA, "Maria, seu horário mudou de 13/05 às 14:00 para 14/05 às 18:00.")
    c.answer(at(12, 12), MARIA, "confirm", ["v"])
    c.ask(at(13, 12), "v")
    c.answer(at(14, 19), MARIA, "cancel", ["v"])
    c.end("v", "sem_resposta")
    assert c.judge().ok
    c.end("v", "cancelado")
    assert c.judge().count("sem_efeito") == 1


def test_an_answer_a_careful_reader_could_not_act_on_may_wait_for_a_person() -> None:
    c = story(at(13, 14))
    c.ask(at(11, 14), "v")
    c.answer(at(11, 15), MARIA, "confirm", ["v"], inequivoca=False)
    for status in ("aguardando", "confirmado"):
        c.end("v", status)
        assert c.judge().ok
    c.end("v", "cancelado")
    assert c.judge().count("sem_efeito") == 1


def test_a_flow_is_judged_by_its_fields_and_a_waiting_flow_is_not_a_second_message() -> None:
    c = story(at(13, 14))
    c.ask(at(11, 14), "v")
    fluxo = {**c.log[0], "tipo": "flow", "texto": "", "campos": {"nr_seq_agenda": "v"}}
    c.log.append({**fluxo, "em": at(11, 14, 1).isoformat()})
    assert c.judge().ok
    c.log = [fluxo]
    assert c.judge().ok
    c.visitas["v"] = replace(c.visitas["v"], eventos=(Evento(at(11, 9), "cancelado"),))
    assert c.judge().count("irrelevantes") == 1


def test_a_message_in_flight_when_the_facts_change_is_forgiven() -> None:
    c = story(at(13, 14), eventos=(Evento(at(11, 14), "cancelado"),))
    c.ask(at(11, 14, 2), "v")
    assert c.judge().count("irrelevantes") == 0
    assert c.judge().count("fora_da_janela") == 0


def test_a_sunday_may_be_used_when_the_saturday_was_spent_on_another_visit() -> None:
    c = story(at(11, 7), agendado_em=at(9, 11))
    c.visit("w", MARIA, "Maria", at(12, 10))
    c.ask(at(9, 10), "w")
    c.ask(at(10, 9), "v")
    assert c.judge().ok
    del c.log[0]
    c.visitas.pop("w")
    c.finais.pop("w")
    assert c.judge().count("fora_da_janela") == 1


def test_an_answer_to_being_asked_again_belongs_to_the_question_before() -> None:
    c = story(at(13, 14))
    c.ask(at(11, 14), "v")
    c.answer(at(11, 15), MARIA, "unclear", inequivoca=False)
    c.deliver(at(11, 15), MARIA, "Desculpe, não entendi. Responda só com um número:\n*1* - Sim\n*0* - Não")
    c.answer(at(11, 16), MARIA, "cancel")
    c.end("v", "aguardando")
    assert c.judge().as_dict()["exemplos"] == ["v: resposta_ignorada"]
    c.end("v", "cancelado")
    assert c.judge().ok


def test_phones_match_with_and_without_the_ninth_digit() -> None:
    c = story(at(13, 14))
    c.ask(at(11, 14), "v")
    c.log[0]["telefone"] = "+553187650001"
    assert c.judge().ok


def test_a_request_that_names_only_the_subscriber_is_found_by_an_earlier_one() -> None:
    c = story(at(13, 14))
    c.ask(at(11, 14), "v")
    criado = {**c.log[0], "caminho": "/subscriber/", "tipo": None, "entregue": False, "em": at(11, 13).isoformat()}
    c.log = [criado, {**c.log[0], "telefone": None}]
    assert c.judge().ok
