"""What must stop at once: a phone, a patient on a phone, a patient; and what a person must see."""

from datetime import timedelta

import pytest

from tests.cenario import Cenario
from tests.fabricas import CONSULTA_EM, FONE, make_agenda

OUTRO = "27999887766"
DIA = timedelta(days=1)


async def test_stop_ends_everything_for_the_phone_what_is_planned_too(cenario: Cenario) -> None:
    await cenario.importar(
        make_agenda(1, nome_paciente="Ana"),
        make_agenda(2, nome_paciente="Bia", data_consulta=CONSULTA_EM + 7 * DIA),
    )
    await cenario.tick()
    assert (await cenario.reply("Não quero mais receber mensagens"))["status"] == "ENCAMINHADO"
    assert "não enviaremos mais" in cenario.texts()[-1]
    await cenario.run_until(CONSULTA_EM + 7 * DIA, step=timedelta(hours=6))
    assert len(cenario.texts()) == 2
    assert {(await cenario.visit(n))["atencao"] for n in (1, 2)} == {"pediu_para_parar"}
    assert ("mensagens_paradas", "pediu_para_parar") in await cenario.facts(2)


async def test_stop_reaches_a_message_that_already_waits_in_the_queue(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.programa.scheduler.run_all()
    await cenario.programa.scheduler.release()
    await cenario.call({"telefone": FONE, "resposta": "sair"})
    await cenario.drain()
    assert [estado for tipo, _, estado in await cenario.messages() if tipo == "pedido"] == ["cancelada"]
    assert ("mensagem_cancelada", "pediu_para_parar") in await cenario.facts()


async def test_after_stop_an_answer_to_their_own_words_still_arrives(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    await cenario.reply("parar")
    await cenario.reply("1")
    assert await cenario.status() == ["confirmado"]
    assert "Presença confirmada" in cenario.texts()[-1]


async def test_a_wrong_number_stops_that_patient_on_that_phone_only(cenario: Cenario) -> None:
    """Ana's mother reads for Bia: the phone stays Bia's."""
    await cenario.importar(
        make_agenda(1, nome_paciente="Ana"),
        make_agenda(2, nome_paciente="Bia", data_consulta=CONSULTA_EM + DIA),
        make_agenda(3, nome_paciente="Ana", data_consulta=CONSULTA_EM + 5 * DIA),
    )
    await cenario.tick()
    assert (await cenario.reply("número errado"))["status"] == "ENCAMINHADO"
    await cenario.run_until(CONSULTA_EM + 5 * DIA, step=timedelta(hours=6))
    asked_after = cenario.texts()[2:]
    assert asked_after, "Bia is asked"
    assert all("Ana" not in texto for texto in asked_after)
    assert (await cenario.visit(3))["atencao"] == "numero_errado"


async def test_a_wrong_number_leaves_the_patients_other_phone(cenario: Cenario) -> None:
    await cenario.importar(make_agenda(1, nome_paciente="Ana", id_paciente="9"))
    await cenario.tick()
    await cenario.reply("engano, não conheço")
    await cenario.importar(
        make_agenda(2, nome_paciente="Ana", id_paciente="9", telefone=OUTRO, data_consulta=CONSULTA_EM + DIA)
    )
    await cenario.run_until(CONSULTA_EM - DIA, step=timedelta(hours=12))
    assert cenario.texts(OUTRO)


async def test_a_death_stops_every_visit_of_the_patient_on_every_phone(cenario: Cenario) -> None:
    await cenario.importar(
        make_agenda(1, nome_paciente="Ana", id_paciente="9"),
        make_agenda(2, nome_paciente="Ana", id_paciente="9", telefone=OUTRO, data_consulta=CONSULTA_EM + 5 * DIA),
        make_agenda(3, nome_paciente="Bia", id_paciente="8", data_consulta=CONSULTA_EM + 5 * DIA),
    )
    await cenario.tick()
    await cenario.reply("Ela faleceu mês passado")
    assert "sentimos muito" in cenario.texts()[-1]
    await cenario.run_until(CONSULTA_EM + 4 * DIA, step=timedelta(hours=12))
    assert cenario.texts(OUTRO) == []
    assert [(await cenario.visit(n))["atencao"] for n in (1, 2, 3)] == ["obito", "obito", None]
    assert any("Bia" in texto for texto in cenario.texts())
    assert await cenario.status(1) == ["aguardando"], "nobody cancelled: reception decides"


async def test_a_death_told_before_anybody_was_asked_stops_the_only_patient_of_the_phone(cenario: Cenario) -> None:
    await cenario.importar(make_agenda(1, data_consulta=CONSULTA_EM + 9 * DIA))
    await cenario.reply("meu pai faleceu")
    await cenario.run_until(CONSULTA_EM + 9 * DIA, step=timedelta(hours=12))
    assert len([t for t in cenario.texts() if "Você vem?" in t]) == 0
    assert (await cenario.visit(1))["atencao"] == "obito"


async def test_of_two_patients_nobody_knows_whose_death_and_both_wait_for_a_person(cenario: Cenario) -> None:
    await cenario.importar(make_agenda(1, nome_paciente="Ana"), make_agenda(2, nome_paciente="Bia"))
    await cenario.tick()
    await cenario.reply("ela faleceu")
    assert [(await cenario.visit(n))["atencao"] for n in (1, 2)] == ["obito", "obito"]
    assert await cenario.rows("SELECT 1 FROM pacientes WHERE falecido_em IS NOT NULL") == []
    await cenario.run_until(CONSULTA_EM, step=timedelta(hours=12))
    assert len(cenario.texts()) == 2


@pytest.mark.parametrize("fala", ["estou com dor no peito", "1, mas estou com falta de ar"])
async def test_urgent_words_reach_a_person_at_once_and_change_nothing(cenario: Cenario, fala: str) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    await cenario.reply(fala)
    assert "192" in cenario.texts()[-1]
    visit = await cenario.visit()
    assert (visit["atencao"], visit["status_confirmacao"]) == ("urgente", "aguardando")


async def test_a_question_holds_the_reminders_until_somebody_answered_it(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    assert (await cenario.reply("Qual é o endereço?"))["status"] == "ENCAMINHADO"
    assert (await cenario.visit())["atencao"] == "pergunta"
    await cenario.run_until(CONSULTA_EM - timedelta(hours=40), step=timedelta(hours=4))
    assert [passo for tipo, passo, _ in await cenario.messages() if tipo == "lembrete"] == []
