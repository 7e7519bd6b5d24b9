"""What the hospital changes: told once to whoever was messaged, silently to everybody else."""

from datetime import timedelta

from app.connectors.base import AtendimentoImportado
from app.domain.confirmacao import SituacaoAgenda
from tests.cenario import Cenario
from tests.fabricas import CONSULTA_EM, FONE, make_agenda

DIA, HORA = timedelta(days=1), timedelta(hours=1)
MOVIDA = CONSULTA_EM + DIA


def cancelled(numero: str | int = "1001") -> AtendimentoImportado:
    return make_agenda(numero, situacao_agenda=SituacaoAgenda.CANCELADO)


async def asked(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    assert len(cenario.texts()) == 1


async def test_who_was_messaged_is_told_of_the_new_time_once_the_next_day(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.importar(make_agenda(data_consulta=MOVIDA))
    await cenario.tick()
    assert len(cenario.texts()) == 1, "one message a day"
    await cenario.run_until(cenario.relogio() + DIA, step=2 * HORA)
    assert len(cenario.texts()) == 2
    assert "O horário mudou" in cenario.texts()[1]
    assert "sexta-feira, 06/03, às 10:00" in cenario.texts()[1]
    assert await cenario.status() == ["aguardando"]
    assert (await cenario.reply("1"))["status"] == "CONFIRMADO"


async def test_the_notice_stands_for_the_question_and_reminders_follow_the_new_time(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.importar(make_agenda(data_consulta=MOVIDA))
    await cenario.run_until(MOVIDA, step=2 * HORA)
    sent = [passo for _, passo, estado in await cenario.messages() if estado == "enviada"]
    assert sent[:2] == ["pedido", "mudanca"]
    assert sent[2:], "reminders"
    assert len(sent) == len(set(sent))


async def test_who_was_never_messaged_is_simply_asked_about_the_new_time(cenario: Cenario) -> None:
    await cenario.importar(make_agenda(data_consulta=CONSULTA_EM + 6 * DIA))
    await cenario.tick()
    await cenario.importar(make_agenda())
    await cenario.tick()
    assert await cenario.messages() == [("pedido", "pedido", "enviada")]


async def test_moved_twice_before_the_notice_left_tells_only_the_last_time(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.importar(make_agenda(data_consulta=MOVIDA))
    await cenario.importar(make_agenda(data_consulta=MOVIDA + HORA))
    await cenario.run_until(cenario.relogio() + DIA, step=2 * HORA)
    told = [texto for texto in cenario.texts() if "mudou" in texto]
    assert len(told) == 1
    assert "às 11:00" in told[0]


async def test_moved_and_moved_back_before_the_notice_left(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.importar(make_agenda(data_consulta=MOVIDA))
    await cenario.importar(make_agenda())
    await cenario.run_until(cenario.relogio() + DIA, step=2 * HORA)
    assert len(cenario.texts()) <= 2
    assert (await cenario.reply("1"))["success"]
    assert await cenario.status() == ["confirmado"]


async def test_the_same_file_again_tells_nobody_anything(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.importar(make_agenda(data_consulta=MOVIDA))
    for _ in range(3):
        await cenario.importar(make_agenda(data_consulta=MOVIDA))
        await cenario.run_until(cenario.relogio() + 8 * HORA, step=4 * HORA)
    assert len([texto for texto in cenario.texts() if "mudou" in texto]) == 1


async def test_a_confirmed_visit_that_moves_asks_again(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.reply("1")
    await cenario.importar(make_agenda(data_consulta=MOVIDA))
    assert await cenario.status() == ["pendente"]
    await cenario.run_until(cenario.relogio() + DIA, step=2 * HORA)
    assert await cenario.status() == ["aguardando"]


async def test_the_hospitals_cancellation_is_told_once_and_ends_the_questions(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.importar(cancelled())
    await cenario.run_until(CONSULTA_EM, step=3 * HORA)
    assert len(cenario.texts()) == 2
    assert "precisamos cancelar" in cenario.texts()[1]
    assert "05/03, às 10:00" in cenario.texts()[1]


async def test_who_was_never_asked_hears_nothing_of_a_cancellation(cenario: Cenario) -> None:
    await cenario.importar(make_agenda(data_consulta=CONSULTA_EM + 2 * DIA))
    await cenario.importar(make_agenda(data_consulta=CONSULTA_EM + 2 * DIA, situacao_agenda=SituacaoAgenda.CANCELADO))
    await cenario.run_until(CONSULTA_EM + 2 * DIA, step=6 * HORA)
    assert cenario.texts() == []


async def test_who_cancelled_by_themselves_is_not_told_so_again(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.reply("0")
    await cenario.importar(cancelled())
    await cenario.run_until(cenario.relogio() + 2 * DIA, step=4 * HORA)
    assert len(cenario.texts()) == 2


async def test_a_cancellation_on_the_eve_is_told_the_same_day_although_a_message_left(cenario: Cenario) -> None:
    """Nobody should travel to a cancelled visit because one message a day was already spent."""
    cenario.relogio.now = CONSULTA_EM - 23 * HORA
    await asked(cenario)
    cenario.relogio.pass_time(hours=5)
    await cenario.importar(cancelled())
    await cenario.run_until(CONSULTA_EM - HORA, step=HORA)
    assert "precisamos cancelar" in cenario.texts()[-1]


async def test_cancelled_while_the_question_waits_in_the_queue(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.programa.scheduler.run_all()
    await cenario.programa.scheduler.release()
    await cenario.importar(cancelled())
    await cenario.drain()
    await cenario.run_until(cenario.relogio() + DIA, step=6 * HORA)
    assert cenario.texts() == []
    assert ("mensagem_cancelada", "nada_a_dizer") in await cenario.facts()


async def test_confirmed_at_reception_while_the_reminder_waits_in_the_queue(cenario: Cenario) -> None:
    await asked(cenario)
    cenario.relogio.now = CONSULTA_EM - 48 * HORA
    await cenario.programa.scheduler.run_all()
    await cenario.programa.scheduler.release()
    await cenario.call({"telefone": FONE, "resposta": "1"})
    await cenario.drain()
    assert [estado for tipo, _, estado in await cenario.messages() if tipo == "lembrete"] == ["cancelada"]


async def test_cancelled_and_reactivated_is_asked_again(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.reply("1")
    await cenario.importar(cancelled())
    await cenario.run_until(cenario.relogio() + 12 * HORA, step=4 * HORA)
    await cenario.importar(make_agenda())
    assert await cenario.status() == ["pendente"]
    await cenario.run_until(CONSULTA_EM - 12 * HORA, step=2 * HORA)
    assert cenario.texts()[-1].count("Você vem?") == 1
    assert (await cenario.reply("1"))["status"] == "CONFIRMADO"


async def test_reactivated_before_the_notice_left_is_never_told_of_a_cancellation(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.importar(cancelled())
    await cenario.importar(make_agenda())
    await cenario.run_until(cenario.relogio() + DIA, step=4 * HORA)
    assert not any("cancelar o atendimento" in texto for texto in cenario.texts())


async def test_two_children_cancelled_together_are_one_notice(cenario: Cenario) -> None:
    linhas = [make_agenda(n, nome_paciente=nome) for n, nome in ((1, "Ana"), (2, "Bia"))]
    await cenario.importar(*linhas)
    await cenario.tick()
    await cenario.importar(
        *(
            make_agenda(n, nome_paciente=nome, situacao_agenda=SituacaoAgenda.CANCELADO)
            for n, nome in ((1, "Ana"), (2, "Bia"))
        )
    )
    await cenario.run_until(cenario.relogio() + DIA, step=4 * HORA)
    assert len(cenario.texts()) == 2
    assert all(nome in cenario.texts()[1] for nome in ("Ana", "Bia"))


async def test_one_of_two_children_is_cancelled_and_the_other_stays_asked(cenario: Cenario) -> None:
    await cenario.importar(make_agenda(1, nome_paciente="Ana"), make_agenda(2, nome_paciente="Bia"))
    await cenario.tick()
    await cenario.importar(make_agenda(1, nome_paciente="Ana", situacao_agenda=SituacaoAgenda.CANCELADO))
    body = await cenario.reply("1")
    assert [item["nr_seq_agenda"] for item in body["data"]["atendimentos"]] == ["2"]
    assert await cenario.status(1, 2) == ["aguardando", "confirmado"]


async def test_a_new_phone_is_asked_and_the_old_one_is_told_nothing(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.importar(make_agenda(telefone="27999887766"))
    await cenario.run_until(cenario.relogio() + DIA, step=2 * HORA)
    assert len(cenario.texts()) == 1
    assert len(cenario.texts("27999887766")) >= 1


async def test_every_line_of_a_moved_visits_history_has_its_reason(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.importar(make_agenda(data_consulta=MOVIDA))
    await cenario.run_until(cenario.relogio() + DIA, step=2 * HORA)
    facts = [fact for fact, _ in await cenario.facts()]
    assert [fact for fact in facts if fact in {"horario_mudou", "aviso_planejado", "pergunta_saindo"}] == [
        "pergunta_saindo",
        "horario_mudou",
        "aviso_planejado",
        "pergunta_saindo",
    ]
