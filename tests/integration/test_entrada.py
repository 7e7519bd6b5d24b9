"""What patients write: each answer finds its visits, once, whatever comes twice, late or out of order."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app import crypto
from tests.cenario import Cenario
from tests.fabricas import CONSULTA_EM, FONE, make_agenda

HORA = timedelta(hours=1)
DIA = timedelta(days=1)


async def asked(cenario: Cenario, *linhas: Any) -> None:
    await cenario.importar(*(linhas or (make_agenda(),)))
    await cenario.tick()
    assert cenario.texts(), "nobody was asked"


async def replies(cenario: Cenario) -> int:
    return len(await cenario.rows("SELECT 1 FROM mensagens WHERE tipo = 'resposta'"))


@pytest.mark.parametrize(
    ("texto", "status", "desfecho"),
    [
        pytest.param("1", "confirmado", "CONFIRMADO", id="one"),
        pytest.param("Sim", "confirmado", "CONFIRMADO", id="yes"),
        pytest.param("0", "cancelado", "CANCELADO", id="zero"),
        pytest.param("não vou poder ir", "cancelado", "CANCELADO", id="no"),
        pytest.param("não vou faltar", "confirmado", "CONFIRMADO", id="a denied no"),
        pytest.param("quero remarcar", "reagendar", "REAGENDAR", id="another day"),
        pytest.param("talvez", "aguardando", "NAO_ENTENDIDO", id="maybe"),
        pytest.param("", "aguardando", "NAO_ENTENDIDO", id="nothing"),
        pytest.param("🙃", "aguardando", "NAO_ENTENDIDO", id="a face"),
        pytest.param("a" * 10_000, "aguardando", "NAO_ENTENDIDO", id="ten thousand letters"),
        pytest.param("x\x00y", "aguardando", "NAO_ENTENDIDO", id="a zero byte"),
        pytest.param("\ud800", "aguardando", "NAO_ENTENDIDO", id="half a character"),
    ],
)
async def test_what_one_answer_does(cenario: Cenario, texto: str, status: str, desfecho: str) -> None:
    await asked(cenario)
    body = await cenario.reply(texto)
    assert (body["status"], await cenario.status()) == (desfecho, [status])
    assert len(cenario.texts()) == 2, "the patient hears something back"


@pytest.mark.parametrize(
    "fone",
    ["27998123456", "2798123456", "+55 (27) 99812-3456", "552798123456", "5527998123456", "027 99812-3456"],
)
async def test_the_phone_is_known_however_it_is_written(cenario: Cenario, fone: str) -> None:
    await asked(cenario)
    assert (await cenario.reply("1", fone=fone))["status"] == "CONFIRMADO"


async def test_a_phone_stored_without_its_ninth_digit_is_known_with_it(cenario: Cenario) -> None:
    await asked(cenario, make_agenda(telefone="(27) 9812-3456"))
    assert (await cenario.reply("1", fone="5527998123456"))["status"] == "CONFIRMADO"


async def test_an_unknown_phone_changes_nothing_and_is_kept(cenario: Cenario) -> None:
    await asked(cenario)
    body = await cenario.reply("0", fone="11987654321")
    assert (body["status"], body["success"]) == ("SEM_ATENDIMENTO", False)
    assert await cenario.status() == ["aguardando"]
    assert len(await cenario.rows("SELECT 1 FROM recebidas WHERE desfecho = 'SEM_ATENDIMENTO'")) == 1


async def test_the_gateways_own_id_is_enough(cenario: Cenario) -> None:
    await asked(cenario)
    status, body = await cenario.call({"subscriber_id": cenario.contact().id, "resposta": "1"})
    assert (status, body["status"]) == (200, "CONFIRMADO")


# -- the same once more


@pytest.mark.parametrize(
    ("more", "headers"),
    [
        pytest.param({"mensagem_id": "wamid.1"}, {}, id="the message's id"),
        pytest.param({}, {"x-request-id": "exec-77"}, id="the caller's request id"),
        pytest.param({}, {}, id="the same words within ten minutes"),
    ],
)
async def test_the_same_event_twenty_times_at_once_is_one_effect(
    cenario: Cenario, more: dict[str, Any], headers: dict[str, str]
) -> None:
    await asked(cenario)
    body = {"telefone": FONE, "resposta": "1", **more}
    answers = await asyncio.gather(*(cenario.call(body, headers=headers) for _ in range(20)))
    assert {status for status, _ in answers} == {200}
    assert {answer["status"] for _, answer in answers} <= {"CONFIRMADO", "JA_RESPONDIDO"}
    await cenario.send()
    assert len(cenario.texts()) == 2
    assert [fact for fact, _ in await cenario.facts()].count("paciente_confirmou") == 1
    assert len(await cenario.rows("SELECT 1 FROM recebidas")) == 1


async def test_a_repetition_gets_the_first_answer_again(cenario: Cenario) -> None:
    await asked(cenario)
    first = await cenario.reply("1", mensagem_id="m1")
    again = await cenario.reply("1", mensagem_id="m1")
    assert (again["status"], again["atendimento_id"]) == ("CONFIRMADO", first["atendimento_id"])


async def test_an_id_of_any_length_names_its_event(cenario: Cenario) -> None:
    await asked(cenario)
    numbers = "".join(map(str, range(4_000)))  # an index cannot hold it, and it does not compress
    for tail, status in (("a", "CONFIRMADO"), ("b", "JA_RESPONDIDO"), ("a", "CONFIRMADO")):
        assert (await cenario.reply("1", mensagem_id=numbers + tail))["status"] == status
    assert len(await cenario.rows("SELECT 1 FROM recebidas")) == 2


async def test_another_one_after_ten_minutes_is_a_new_event(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.reply("1")
    cenario.relogio.pass_time(minutes=11)
    assert (await cenario.reply("1"))["status"] == "JA_RESPONDIDO"
    assert len(await cenario.rows("SELECT 1 FROM recebidas")) == 2


async def test_one_then_zero_then_one_within_a_minute_are_three_answers(cenario: Cenario) -> None:
    await asked(cenario)
    heard = []
    for texto in ("1", "0", "1"):
        cenario.relogio.pass_time(seconds=20)
        heard.append((await cenario.reply(texto))["status"])
    assert heard == ["CONFIRMADO", "CANCELADO", "ENCAMINHADO"]
    visit = await cenario.visit()
    assert (visit["status_confirmacao"], visit["atencao"]) == ("cancelado", "pede_volta")


async def test_a_message_is_known_by_its_channel_and_by_what_stands_for_its_id(cenario: Cenario) -> None:
    """WhatsApp's own ids hold the number of who wrote: none is kept as it came."""
    await asked(cenario)
    await cenario.reply("1", mensagem_id=f"wamid.{FONE}")
    [row] = await cenario.rows("SELECT event_key FROM recebidas")
    sealed = crypto.keyring().finder(cenario.tenant_id).of("evento", f"wamid.{FONE}").hex()
    assert row["event_key"] == f"m:{cenario.canal_id}:{sealed}"


# -- out of order


async def test_an_answer_that_arrives_late_does_not_undo_the_one_written_after_it(cenario: Cenario) -> None:
    await asked(cenario)
    first = (cenario.relogio.pass_time(minutes=5) - timedelta(minutes=4)).isoformat()
    second = cenario.relogio().isoformat()
    assert (await cenario.reply("0", enviada_em=second, mensagem_id="b"))["status"] == "CANCELADO"
    assert (await cenario.reply("1", enviada_em=first, mensagem_id="a"))["status"] == "JA_RESPONDIDO"
    visit = await cenario.visit()
    assert visit["status_confirmacao"] == "cancelado"
    assert visit["interpretacao_resposta"] == "cancel", "reception reads the answer that counts"


async def test_after_a_late_one_the_order_is_still_that_of_writing(cenario: Cenario) -> None:
    await asked(cenario)
    written = [(cenario.relogio() + timedelta(minutes=m)).isoformat() for m in range(4)]
    cenario.relogio.pass_time(minutes=10)
    await cenario.reply("0", enviada_em=written[3], mensagem_id="d")
    await cenario.reply("1", enviada_em=written[1], mensagem_id="b")
    await cenario.reply("1", enviada_em=written[2], mensagem_id="c")
    assert await cenario.status() == ["cancelado"]


async def test_an_overtaken_yes_counts_when_what_overtook_it_decided_nothing(cenario: Cenario) -> None:
    await asked(cenario)
    first = (cenario.relogio() + timedelta(minutes=1)).isoformat()
    second = cenario.relogio.pass_time(minutes=2).isoformat()
    await cenario.reply("bom dia", enviada_em=second, mensagem_id="b")
    assert (await cenario.reply("1", enviada_em=first, mensagem_id="a"))["status"] == "CONFIRMADO"


async def test_two_answers_at_once_leave_one_state_and_both_lines(cenario: Cenario) -> None:
    await asked(cenario)
    bodies = [{"telefone": FONE, "resposta": texto, "mensagem_id": texto} for texto in ("1", "0")]
    answers = await asyncio.gather(*(cenario.call(body) for body in bodies))
    assert {status for status, _ in answers} == {200}
    facts = [fact for fact, _ in await cenario.facts()]
    [status] = await cenario.status()
    assert status == "cancelado", "whichever came first, a no stands until a person looks"
    assert "paciente_cancelou" in facts


async def test_answers_to_both_children_of_one_phone_at_once(cenario: Cenario) -> None:
    await asked(cenario, make_agenda(1, nome_paciente="Ana"), make_agenda(2, nome_paciente="Bia"))
    bodies = [{"telefone": FONE, "resposta": texto, "mensagem_id": texto} for texto in ("A sim", "B não")]
    await asyncio.gather(*(cenario.call(body) for body in bodies))
    assert await cenario.status(1, 2) == ["confirmado", "cancelado"]


# -- after the visit, after a move, after a cancellation


async def test_an_answer_after_the_visit_changes_nothing(cenario: Cenario) -> None:
    await asked(cenario)
    cenario.relogio.now = CONSULTA_EM + HORA
    assert (await cenario.reply("0"))["status"] == "CONSULTA_PASSADA"
    assert await cenario.status() == ["aguardando"]
    assert "já passou" in cenario.texts()[-1]


async def test_a_late_answer_to_the_old_time_does_not_confirm_the_new_one(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.importar(make_agenda(data_consulta=CONSULTA_EM + DIA))
    body = await cenario.reply("1")
    assert body["status"] == "ENCAMINHADO"
    visit = await cenario.visit()
    assert (visit["status_confirmacao"], visit["atencao"]) == ("pendente", "resposta_a_horario_antigo")


async def test_a_yes_written_before_the_move_and_delivered_after_its_notice_does_not_confirm(cenario: Cenario) -> None:
    await asked(cenario)
    written = cenario.relogio.pass_time(minutes=5)
    cenario.relogio.pass_time(minutes=5)
    await cenario.importar(make_agenda(data_consulta=CONSULTA_EM + 2 * DIA))
    await cenario.run_until(cenario.relogio() + DIA)
    assert "O horário mudou" in cenario.texts()[-1]
    await cenario.reply("1", enviada_em=written.isoformat(), mensagem_id="velha")
    assert await cenario.status() == ["aguardando"]
    assert (await cenario.reply("1", enviada_em=cenario.relogio().isoformat(), mensagem_id="nova"))["success"]
    assert await cenario.status() == ["confirmado"]


async def test_an_answer_about_a_cancelled_visit_goes_to_a_person(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.importar(make_agenda(situacao_agenda="cancelado"))
    assert (await cenario.reply("1"))["status"] == "ENCAMINHADO"
    assert (await cenario.visit())["atencao"] == "resposta_a_visita_cancelada"


async def test_a_late_yes_after_the_cutoff_still_confirms(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.run_until(CONSULTA_EM - 12 * HORA, step=6 * HORA)
    assert await cenario.status() == ["sem_resposta"]
    assert (await cenario.reply("1"))["status"] == "CONFIRMADO"


# -- several questions open


async def two_questions(cenario: Cenario) -> None:
    """Ask about Thursday on Monday and about Friday on Tuesday."""
    await cenario.importar(
        make_agenda(1, nome_paciente="Ana Souza"),
        make_agenda(2, nome_paciente="Bia Souza", data_consulta=CONSULTA_EM + DIA),
    )
    await cenario.set_politica(passos="evidencia")
    await cenario.tick()
    cenario.relogio.pass_time(days=1)
    await cenario.tick()
    assert await cenario.status(1, 2) == ["aguardando", "aguardando"]
    assert len(cenario.texts()) == 2


async def test_a_one_while_two_are_open_asks_which_and_changes_nothing(cenario: Cenario) -> None:
    await two_questions(cenario)
    body = await cenario.reply("1")
    assert (body["status"], body["success"]) == ("QUAL_CONSULTA", False)
    assert await cenario.status(1, 2) == ["aguardando", "aguardando"]
    asked_back = cenario.texts()[-1]
    assert "*A)* Ana" in asked_back
    assert "*B)* Bia" in asked_back


async def test_then_a_letter_answers(cenario: Cenario) -> None:
    await two_questions(cenario)
    await cenario.reply("1")
    assert (await cenario.reply("A sim, B não"))["success"]
    assert await cenario.status(1, 2) == ["confirmado", "cancelado"]


async def test_then_one_letter_leaves_the_other_open(cenario: Cenario) -> None:
    await two_questions(cenario)
    await cenario.reply("1")
    await cenario.reply("B sim")
    assert await cenario.status(1, 2) == ["aguardando", "confirmado"]


async def test_then_all_yes_answers_both(cenario: Cenario) -> None:
    await two_questions(cenario)
    await cenario.reply("1")
    cenario.relogio.pass_time(minutes=1)
    await cenario.reply("todos sim")
    assert await cenario.status(1, 2) == ["confirmado", "confirmado"]


async def test_then_another_bare_one_goes_to_a_person(cenario: Cenario) -> None:
    await two_questions(cenario)
    await cenario.reply("1", mensagem_id="a")
    body = await cenario.reply("1", mensagem_id="b")
    assert body["status"] == "ENCAMINHADO"
    assert await cenario.status(1, 2) == ["aguardando", "aguardando"]
    assert (await cenario.visit(1))["atencao"] == "qual_consulta"


async def test_the_gateways_field_does_not_decide_between_two(cenario: Cenario) -> None:
    await two_questions(cenario)
    assert (await cenario.reply("0", nr_seq_agenda="2"))["status"] == "QUAL_CONSULTA"


async def test_a_left_over_field_does_not_cancel_the_visit_it_names(cenario: Cenario) -> None:
    await cenario.importar(
        make_agenda(1, nome_paciente="Ana Souza"),
        make_agenda(2, nome_paciente="Bia Souza", data_consulta=CONSULTA_EM + DIA),
    )
    await cenario.set_politica(passos="evidencia")
    await cenario.tick()
    await cenario.reply("1")
    cenario.relogio.pass_time(days=1)
    await cenario.tick()
    await cenario.reply("0", nr_seq_agenda="1")
    assert await cenario.status(1, 2) == ["confirmado", "cancelado"]


# -- one message about two


async def test_a_one_answers_for_both_children(cenario: Cenario) -> None:
    await asked(cenario, make_agenda(1, nome_paciente="Ana"), make_agenda(2, nome_paciente="Bia"))
    body = await cenario.reply("1")
    assert await cenario.status(1, 2) == ["confirmado", "confirmado"]
    assert [item["nr_seq_agenda"] for item in body["data"]["atendimentos"]] == ["1", "2"]


async def test_the_id_of_one_answers_for_its_whole_message(cenario: Cenario) -> None:
    await asked(cenario, make_agenda(1, nome_paciente="Ana"), make_agenda(2, nome_paciente="Bia"))
    await cenario.reply("1", nr_seq_agenda="1")
    assert await cenario.status(1, 2) == ["confirmado", "confirmado"]


async def test_a_yes_b_no_is_told_back_one_by_one(cenario: Cenario) -> None:
    await asked(cenario, make_agenda(1, nome_paciente="Ana"), make_agenda(2, nome_paciente="Bia"))
    await cenario.reply("A sim, B não")
    told = cenario.texts()[-1]
    assert "Ana, quinta-feira, 05/03, às 10:00: você vem" in told
    assert "Bia, quinta-feira, 05/03, às 10:00: você não vem" in told


async def test_a_greeting_repeats_the_question_about_both(cenario: Cenario) -> None:
    await asked(cenario, make_agenda(1, nome_paciente="Ana"), make_agenda(2, nome_paciente="Bia"))
    assert (await cenario.reply("bom dia"))["status"] == "PERGUNTA_REPETIDA"
    assert all(nome in cenario.texts()[-1] for nome in ("Ana", "Bia"))


# -- machines and insistence


async def test_not_understood_is_asked_back_once_then_a_person_sees_it(cenario: Cenario) -> None:
    await asked(cenario)
    assert (await cenario.reply("xyz"))["status"] == "NAO_ENTENDIDO"
    assert (await cenario.reply("zyx"))["status"] == "ENCAMINHADO"
    assert (await cenario.visit())["atencao"] == "nao_entendido"
    assert (await cenario.reply("1"))["status"] == "CONFIRMADO"
    assert (await cenario.visit())["atencao"] is None, "answered: nobody needs to read the rest"


@pytest.mark.parametrize(
    "fala",
    [
        pytest.param("Olá! Como posso ajudar?", id="a machine that asks"),
        pytest.param("Recebemos sua mensagem e responderemos em breve.", id="a machine that thanks"),
        pytest.param("Bom dia", id="a machine that greets"),
        pytest.param("sair", id="a machine that wants out"),
        pytest.param("estou com dor no peito", id="an alarm that repeats"),
        pytest.param("número errado", id="wrong number again and again"),
    ],
)
@pytest.mark.parametrize("situacao", ["aberta", "confirmada", "movida"])
async def test_an_answering_machine_is_not_answered_for_ever(cenario: Cenario, fala: str, situacao: str) -> None:
    await asked(cenario)
    if situacao == "confirmada":
        await cenario.reply("1")
    elif situacao == "movida":
        await cenario.importar(make_agenda(data_consulta=CONSULTA_EM + DIA))
    before = await replies(cenario)
    for turn in range(6):
        cenario.relogio.pass_time(seconds=3)
        await cenario.reply(fala, mensagem_id=f"robo-{turn}")
    assert await replies(cenario) - before <= 3
    assert await cenario.status() != ["cancelado"]


async def test_two_open_questions_and_a_machine(cenario: Cenario) -> None:
    await two_questions(cenario)
    before = await replies(cenario)
    for turn in range(8):
        await cenario.reply("Recebemos sua mensagem.", mensagem_id=f"robo-{turn}")
    assert await replies(cenario) - before <= 4


async def test_thirty_messages_in_a_minute_get_few_answers_and_the_last_word_counts(cenario: Cenario) -> None:
    await asked(cenario)
    for turn in range(30):
        cenario.relogio.pass_time(seconds=2)
        await cenario.reply("10"[turn % 2], mensagem_id=f"m{turn}", enviada_em=cenario.relogio().isoformat())
    assert await cenario.status() == ["cancelado"]
    assert await replies(cenario) <= 10
