"""Silence is not cancellation: the call list at the cut-off, and what may still come after it."""

from datetime import timedelta

import pytest

from app.simulator.gateway.faults import Fault
from tests.cenario import Cenario
from tests.fabricas import CONSULTA_EM, local, make_agenda

HORA = timedelta(hours=1)
CORTE = local("2026-03-04", "14:00")  # the working day before


async def asked(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()


async def test_at_two_in_the_afternoon_of_the_day_before_it_enters_the_call_list(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.run_until(CORTE - timedelta(minutes=1), step=6 * HORA)
    assert await cenario.status() == ["aguardando"]
    await cenario.run_until(CORTE)
    assert await cenario.status() == ["sem_resposta"]
    assert ("prazo_venceu", None) in await cenario.facts()


async def test_the_cutoff_is_of_the_previous_working_day(cenario: Cenario) -> None:
    segunda = local("2026-03-09", "10:00")
    await cenario.importar(make_agenda(data_consulta=segunda))
    await cenario.run_until(local("2026-03-06", "13:59"), step=4 * HORA)
    assert await cenario.status() == ["aguardando"]
    await cenario.run_until(local("2026-03-06", "14:00"))
    assert await cenario.status() == ["sem_resposta"]


async def test_it_stops_no_remaining_step_and_the_late_answer_counts(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.run_until(CONSULTA_EM - HORA, step=HORA)
    sent = [passo for _, passo, estado in await cenario.messages() if estado == "enviada"]
    assert sent == ["pedido", "lembrete_48h", "lembrete_12h"]
    assert await cenario.status() == ["sem_resposta"]
    assert (await cenario.reply("0"))["status"] == "CANCELADO"


async def test_an_answered_visit_never_enters_it(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.reply("1")
    await cenario.run_until(CONSULTA_EM, step=3 * HORA)
    assert await cenario.status() == ["confirmado"]


async def test_asked_after_the_cutoff_there_are_two_hours_to_answer(cenario: Cenario) -> None:
    cenario.relogio.now = local("2026-03-04", "15:00")
    await asked(cenario)
    await cenario.run_until(cenario.relogio() + timedelta(minutes=119))
    assert await cenario.status() == ["aguardando"]
    await cenario.run_until(cenario.relogio() + timedelta(minutes=2))
    assert await cenario.status() == ["sem_resposta"]


async def test_a_message_held_up_moves_the_cutoff_with_it(cenario: Cenario) -> None:
    cenario.relogio.now = local("2026-03-04", "12:00")
    await cenario.importar(make_agenda())
    cenario.fake.options.outage = 503
    await cenario.run_until(local("2026-03-04", "13:50"), step=timedelta(minutes=10))
    cenario.fake.options.outage = None
    await cenario.run_until(local("2026-03-04", "14:10"), step=timedelta(minutes=5))
    assert len(cenario.texts()) == 1
    await cenario.run_until(local("2026-03-04", "15:30"), step=timedelta(minutes=10))
    assert await cenario.status() == ["aguardando"], "asked at about two: nobody is given up before four"
    await cenario.run_until(local("2026-03-04", "16:20"), step=timedelta(minutes=10))
    assert await cenario.status() == ["sem_resposta"]


async def test_without_the_policy_nobody_is_cancelled(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.run_until(CONSULTA_EM + HORA, step=2 * HORA)
    assert await cenario.status() == ["sem_resposta"]
    assert not any("liberada" in texto for texto in cenario.texts())


async def test_with_the_policy_the_slot_is_freed_and_the_patient_told(cenario: Cenario) -> None:
    await cenario.set_politica(cancelamento_automatico=True)
    await asked(cenario)
    await cenario.run_until(CONSULTA_EM - HORA, step=HORA)
    assert await cenario.status() == ["cancelado"]
    assert len([texto for texto in cenario.texts() if "foi liberada" in texto]) == 1
    facts = [fact for fact, _ in await cenario.facts()]
    assert facts.index("prazo_venceu") < facts.index("cancelamento_automatico")


@pytest.mark.parametrize("fault", [Fault.REFUSED_500, Fault.LOST_ANSWER], ids=["never arrived", "nobody knows"])
async def test_who_may_never_have_heard_the_question_is_not_cancelled_for_silence(
    cenario: Cenario, fault: Fault
) -> None:
    await cenario.set_politica(
        cancelamento_automatico=True, passos=[{"nome": "pedido", "tipo": "pedido", "antes_horas": 72}]
    )
    cenario.fake.fail_next("send_message", fault)
    await asked(cenario)
    await cenario.run_until(CONSULTA_EM - HORA, step=3 * HORA)
    assert await cenario.status() == ["sem_resposta"], "reception calls"


async def test_confirmed_a_minute_before_the_cutoff(cenario: Cenario) -> None:
    await cenario.set_politica(cancelamento_automatico=True)
    await asked(cenario)
    await cenario.run_until(CORTE - timedelta(minutes=1), step=12 * HORA)
    await cenario.reply("1")
    await cenario.run_until(CONSULTA_EM - HORA, step=6 * HORA)
    assert await cenario.status() == ["confirmado"]
