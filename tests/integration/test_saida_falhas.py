"""Gateways that refuse, lie, fall silent or die in the middle: nothing lost, nothing doubled that could be known."""

from datetime import timedelta

import pytest

from app.connectors.base import AtendimentoImportado
from app.simulator.gateway.faults import Fault
from tests.cenario import Cenario, add_canal, take_jobs
from tests.fabricas import FONE, make_agenda


async def planned(cenario: Cenario, *linhas: AtendimentoImportado) -> None:
    await cenario.importar(*(linhas or (make_agenda(),)))
    await cenario.programa.scheduler.run_all()


async def state(cenario: Cenario) -> tuple[str, str | None]:
    [row] = await cenario.rows("SELECT estado, motivo FROM mensagens")
    return row["estado"], row["motivo"]


async def later(cenario: Cenario, minutes: int = 20) -> None:
    for _ in range(minutes):
        cenario.relogio.pass_time(minutes=1)
        await cenario.tick()


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        pytest.param("create", Fault.REFUSED_500, id="500 before the contact exists"),
        pytest.param("create", Fault.RESET, id="cut before the contact exists"),
        pytest.param("create", Fault.ERROR_AFTER, id="500 after the contact exists"),
        pytest.param("create", Fault.LOST_ANSWER, id="the contact exists and nobody said so"),
        pytest.param("find", Fault.REFUSED_500, id="500 at the search"),
        pytest.param("find", Fault.GARBAGE, id="HTML at the search"),
        pytest.param("send_message", Fault.THROTTLE, id="429 at the send"),
    ],
)
async def test_what_was_surely_not_sent_is_sent_again_once(cenario: Cenario, operation: str, fault: Fault) -> None:
    cenario.fake.fail_next(operation, fault)
    await planned(cenario)
    await cenario.send()
    assert (await state(cenario))[0] in {"agendada", "enviada"}
    await later(cenario)
    assert (await state(cenario))[0] == "enviada"
    assert len(cenario.texts()) == 1


@pytest.mark.parametrize(
    ("fault", "arrived"),
    [
        pytest.param(Fault.LOST_ANSWER, 1, id="sent, and the answer lost"),
        pytest.param(Fault.ERROR_AFTER, 1, id="sent, and answered 500"),
        pytest.param(Fault.REFUSED_500, 0, id="not sent, and answered 500"),
        pytest.param(Fault.RESET, 0, id="not sent, and the connection cut"),
        pytest.param(Fault.SILENT, 1, id="sent, and never answered"),
    ],
)
async def test_what_may_have_been_sent_is_uncertain_and_not_repeated_blindly(
    cenario: Cenario, fault: Fault, arrived: int
) -> None:
    cenario.fake.options.silent_seconds = 1.5
    cenario.fake.fail_next("send_message", fault)
    await planned(cenario)
    await cenario.send()
    assert (await state(cenario))[0] == "incerta"
    await later(cenario)
    assert (await state(cenario))[0] == "incerta"
    assert len(cenario.texts()) == arrived
    assert "mensagem_incerta" in [fact for fact, _ in await cenario.facts()]


async def test_the_next_step_covers_an_uncertain_question(cenario: Cenario) -> None:
    cenario.fake.fail_next("send_message", Fault.REFUSED_500)
    await planned(cenario)
    await cenario.send()
    await cenario.run_until(cenario.relogio() + timedelta(days=1, hours=1), step=timedelta(hours=1))
    assert len(cenario.texts()) == 1


async def test_an_answer_proves_that_an_uncertain_question_arrived(cenario: Cenario) -> None:
    cenario.fake.fail_next("send_message", Fault.LOST_ANSWER)
    await planned(cenario)
    await cenario.send()
    assert (await cenario.reply("1"))["status"] == "CONFIRMADO"
    [row] = await cenario.rows("SELECT estado FROM mensagens WHERE tipo = 'pedido'")
    assert row["estado"] == "entregue"
    assert ("mensagem_entregue", None) in await cenario.facts()


async def test_a_page_of_html_with_200_is_taken_as_taken_and_never_repeated(cenario: Cenario) -> None:
    cenario.fake.fail_next("send_message", Fault.GARBAGE)
    await planned(cenario)
    await cenario.send()
    await later(cenario, 5)
    assert len(cenario.texts()) == 1


async def test_one_bad_number_fails_alone_and_is_put_before_a_person(cenario: Cenario) -> None:
    linhas = [make_agenda(n, nome_paciente=f"P {n}", telefone=f"279981{n:05d}") for n in range(1, 6)]
    await planned(cenario, *linhas)
    cenario.fake.fail_next("create", Fault.REFUSED_500)
    await cenario.send()
    await later(cenario)
    assert all(len(cenario.texts(f"279981{n:05d}")) == 1 for n in range(1, 6))


async def test_a_wrong_key_pauses_the_channel_says_so_and_loses_nothing(cenario: Cenario) -> None:
    await planned(cenario)
    cenario.fake._api_key = "outra"
    await cenario.send()
    assert (await state(cenario))[0] == "agendada"
    [row] = await cenario.rows("SELECT pausa_motivo, pausado_ate FROM canais WHERE id = :c", c=cenario.canal_id)
    assert row["pausa_motivo"].startswith("configuracao")
    health = await cenario.programa.gateway.check()
    assert not health.ok
    cenario.fake._api_key = "chave-de-teste"
    await later(cenario)
    assert len(cenario.texts()) == 1


async def test_the_reserve_channel_takes_over_while_the_first_has_a_wrong_key(cenario: Cenario) -> None:
    await add_canal(
        cenario.database,
        cenario.tenant_id,
        cenario.fake.url,
        segredos=["y"],
        nome="sem-chave",
        prioridade=0,
        api_key="errada",
    )
    await cenario.programa.canais.refresh()
    await planned(cenario)
    await later(cenario, 3)
    assert len(cenario.texts()) == 1


async def test_a_chunk_that_runs_twice_sends_each_message_once(cenario: Cenario) -> None:
    await planned(cenario)
    await cenario.programa.scheduler.release()
    jobs = await take_jobs(cenario.database)
    for job in [*jobs, *jobs]:
        await cenario.programa.outbox.send_chunk(job)
    assert len(cenario.texts()) == 1


async def test_a_worker_that_died_in_flight_leaves_an_uncertain_message_not_a_second_one(cenario: Cenario) -> None:
    await planned(cenario)
    await cenario.programa.scheduler.release()
    [job] = await take_jobs(cenario.database)
    await cenario.execute("UPDATE mensagens SET estado = 'em_envio', iniciada_em = :n", n=cenario.relogio())
    await cenario.programa.outbox.send_chunk(job)
    assert await state(cenario) == ("incerta", "trabalhador_perdido")
    assert cenario.texts() == []


async def test_a_job_that_vanished_is_missed_and_its_messages_leave_after_all(cenario: Cenario) -> None:
    await planned(cenario)
    await cenario.programa.scheduler.release()
    assert await take_jobs(cenario.database)
    await later(cenario, 8)
    assert (await state(cenario))[0] == "enviada"
    assert len(cenario.texts()) == 1
    assert ("mensagem_resgatada", "trabalho_perdido") in await cenario.facts()


async def test_a_job_that_vanished_in_flight_leaves_its_message_uncertain(cenario: Cenario) -> None:
    await planned(cenario)
    await cenario.programa.scheduler.release()
    await take_jobs(cenario.database)
    await cenario.execute("UPDATE mensagens SET estado = 'em_envio'")
    await later(cenario, 8)
    assert (await state(cenario))[0] == "incerta"
    assert cenario.texts() == []


async def test_a_job_still_in_the_queue_is_nobodys_to_rescue(cenario: Cenario) -> None:
    await planned(cenario)
    await cenario.programa.scheduler.release()
    for _ in range(8):
        cenario.relogio.pass_time(minutes=1)
        await cenario.programa.scheduler.run_all()
    assert (await state(cenario))[0] == "na_fila"


async def test_a_template_of_the_hospital_that_fails_stops_its_messages_and_no_others(cenario: Cenario) -> None:
    await cenario.execute(
        "INSERT INTO modelos (tenant_id, nome, versao, corpo) VALUES (:t, 'pedido', 1, '{{ visita.nada }}')",
        t=cenario.tenant_id,
    )
    await planned(cenario)
    await cenario.send()
    assert (await state(cenario))[0] == "falhou"
    assert any(fact == "mensagem_falhou" for fact, _ in await cenario.facts())


async def test_the_channel_switched_off_in_the_middle_keeps_its_messages_waiting(cenario: Cenario) -> None:
    await planned(cenario)
    await cenario.programa.scheduler.release()
    await cenario.set_canal(ativo=False)
    await cenario.drain()
    await later(cenario, 7)
    assert (await state(cenario))[0] == "agendada"
    await cenario.set_canal(ativo=True)
    await later(cenario, 2)
    assert len(cenario.texts()) == 1


async def test_an_answer_a_second_after_the_question_left_finds_it(cenario: Cenario) -> None:
    """The patient is faster than the gateway's own acknowledgement."""
    await planned(cenario)
    await cenario.programa.scheduler.release()
    await cenario.execute("UPDATE mensagens SET estado = 'em_envio', iniciada_em = :n", n=cenario.relogio())
    await cenario.execute("UPDATE atendimentos SET status_confirmacao = 'aguardando'")
    _, body = await cenario.call({"telefone": FONE, "resposta": "1"})
    assert body["status"] == "CONFIRMADO"


@pytest.mark.parametrize("fault", [Fault.REFUSED_500, Fault.LOST_ANSWER], ids=["never arrived", "arrived"])
async def test_a_hospital_that_prefers_twice_to_never_gets_one_repetition_marked_as_such(
    cenario: Cenario, fault: Fault
) -> None:
    await cenario.set_politica(ao_incerta="repetir")
    cenario.fake.fail_next("send_message", fault)
    await planned(cenario)
    await cenario.send()
    await later(cenario, 5)
    assert (await state(cenario))[0] == "incerta", "an answer may still prove it"
    await later(cenario, 10)
    assert (await state(cenario))[0] == "enviada"
    assert len(cenario.texts()) == (2 if fault is Fault.LOST_ANSWER else 1)
    assert ("mensagem_repetida", "sem_prova_de_entrega") in await cenario.facts()


async def test_the_repetition_is_not_repeated(cenario: Cenario) -> None:
    await cenario.set_politica(ao_incerta="repetir")
    cenario.fake.fail_next("send_message", Fault.LOST_ANSWER, Fault.LOST_ANSWER)
    await planned(cenario)
    await cenario.send()
    await later(cenario, 40)
    assert (await state(cenario))[0] == "incerta"
    assert len(cenario.texts()) == 2


async def test_an_uncertain_question_that_was_answered_is_not_repeated(cenario: Cenario) -> None:
    await cenario.set_politica(ao_incerta="repetir")
    cenario.fake.fail_next("send_message", Fault.LOST_ANSWER)
    await planned(cenario)
    await cenario.send()
    await cenario.reply("1")
    await later(cenario, 20)
    assert len([texto for texto in cenario.texts() if "Você vem?" in texto]) == 1


@pytest.mark.parametrize("estado", ["incerta", "em_envio"])
async def test_the_flows_own_report_is_a_receipt(cenario: Cenario, estado: str) -> None:
    await planned(cenario)
    await cenario.send()
    await cenario.execute("UPDATE mensagens SET estado = :e", e=estado)
    status, _ = await cenario.call({"type": "status", "status": "started", "contact": {"phone": FONE}})
    assert status == 200
    assert (await state(cenario))[0] == "entregue"
    assert await cenario.status() == ["aguardando"], "it says nothing of the patient"
