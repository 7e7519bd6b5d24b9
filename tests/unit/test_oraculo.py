"""The judge: a clean run is green, and each planted defect turns it red under its own figure."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from app.simulator.oraculo import CRITERIOS, Evento
from tests.unit.oraculo_cenario import ANA, EVA, FIXO, JOAO, LIA, MARIA, RUI, TEO, ZE, Cenario, at, question


def clean() -> Cenario:
    """Nine phones, each with its ordinary story."""
    c = Cenario()
    one_answer_and_two(c)
    moved_and_cancelled(c)
    silent_and_unreachable(c)
    changes_of_mind(c)
    return c


def one_answer_and_two(c: Cenario) -> None:
    c.visit("maria", MARIA, "Maria", at(12, 14))
    c.ask(at(9, 12, 59), "maria")  # 72 h before, Saturday closes at 13:00
    c.answer(at(9, 13, 40), MARIA, "confirm")
    c.deliver(at(9, 13, 40), MARIA, "Presença confirmada: 12/05 às 14:00. Traga os exames. Até lá!")
    c.deliver(at(11, 9), MARIA, "Lembrete, Maria: sua consulta é amanhã, terça-feira, 12/05 às 14:00.")
    c.end("maria", "confirmado")

    c.visit("joao-1", JOAO, "João", at(13, 9))
    c.visit("joao-2", JOAO, "João", at(13, 10, 30))
    c.ask(at(11, 8), "joao-1", "joao-2")
    c.answer(at(11, 23), JOAO, "unclear", por_letra={"A": "confirm", "B": "cancel"})
    c.deliver(at(11, 23, 1), JOAO, "Anotado: A confirmada, B cancelada.")
    c.end("joao-1", "confirmado")
    c.end("joao-2", "cancelado")


def moved_and_cancelled(c: Cenario) -> None:
    mudou = Evento(at(11, 15), "movido", at(14, 16))
    c.visit("ana", ANA, "Ana", at(13, 8), eventos=(mudou,))
    c.ask(at(9, 12), "ana")
    c.answer(at(10, 9), ANA, "confirm", ["ana"])
    c.deliver(at(10, 9, 1), ANA, "Obrigado, Ana! Presença confirmada.")
    c.deliver(at(11, 15, 5), ANA, "Ana, sua consulta de 13/05 às 08:00 mudou para quinta-feira, 14/05 às 16:00.")
    c.ask(at(12, 16), "ana")
    c.answer(at(12, 18), ANA, "confirm", ["ana"])
    c.deliver(at(12, 18), ANA, "Obrigado, Ana! Presença confirmada.")
    c.end("ana", "confirmado")

    c.visit("rui", RUI, "Rui", at(14, 15), eventos=(Evento(at(13, 10), "cancelado"),))
    c.ask(at(11, 15), "rui")
    c.deliver(at(13, 10, 10), RUI, "Rui, sua consulta de 14/05 às 15:00 foi cancelada pelo hospital. Ligue para nós.")
    c.end("rui", "aguardando")
    c.finais["rui"]["situacao_agenda"] = "cancelado"


def silent_and_unreachable(c: Cenario) -> None:
    c.visit("lia", LIA, "Lia", at(14, 11))
    c.ask(at(11, 11), "lia")
    c.ask(at(12, 11), "lia", abertura="Oi de novo")
    c.ask(at(13, 19, 59), "lia", abertura="Último aviso")

    c.visit("fixo", FIXO, "Dona Cida", at(13, 15))
    c.end("fixo", "pendente")


def changes_of_mind(c: Cenario) -> None:
    c.visit("teo", TEO, "Téo", at(15, 9))
    c.ask(at(12, 9), "teo")
    c.answer(at(12, 10), TEO, "confirm", ["teo"])
    c.answer(at(12, 19, 30), TEO, "reschedule", ["teo"])
    c.deliver(at(12, 10, 1), TEO, "Presença confirmada. Obrigado!")
    c.deliver(at(12, 19, 31), TEO, "Entendi: a recepção vai procurar outra data.")
    c.end("teo", "reagendar")

    # booked on Saturday afternoon for Monday at dawn: only the Sunday is left
    c.visit("eva", EVA, "Eva", at(11, 7), agendado_em=at(9, 15))
    c.ask(at(10, 10), "eva")
    c.answer(at(10, 11), EVA, "cancel", ["eva"])
    c.answer(at(10, 11, 1), EVA, "cancel", ["eva"])
    c.deliver(at(10, 11), EVA, "Consulta cancelada. Para marcar de novo, ligue.")
    c.end("eva", "cancelado")

    c.visit("ze-1", ZE, "José", at(12, 16))
    c.visit("ze-2", ZE, "José", at(15, 16))
    c.ask(at(9, 12), "ze-1")
    c.answer(at(9, 12, 30), ZE, "opt_out")
    c.deliver(at(9, 12, 31), ZE, "Tudo bem, não vamos mais escrever.")
    c.end("ze-2", "pendente")


def test_a_clean_run_is_green() -> None:
    veredito = clean().judge()
    assert veredito.as_dict() == {"ok": True, **dict.fromkeys(CRITERIOS, 0), "exemplos": []}


def no_dedupe(c: Cenario) -> None:
    c.log += [dict(linha) for linha in c.log if linha["telefone"] == LIA]


def doubled_after_a_lost_answer(c: Cenario) -> None:
    c.deliver(at(11, 11, 3), LIA, question("Lia", [at(14, 11)], at(11, 11)))


def same_row_sent_again_next_day(c: Cenario) -> None:
    c.finais["rui"]["mensagens"] = [{"estado": "enviada", "passo": "pergunta"}]
    c.ask(at(12, 15), "rui", abertura="Bom dia")


def more_reminders_than_steps(c: Cenario) -> None:
    c.ask(at(14, 8), "lia", abertura="Ainda")


def newest_visit_by_phone(c: Cenario) -> None:
    """José answers about his first visit; the newest one of the phone gets the answer."""
    c.respostas = [r for r in c.respostas if r["telefone"] != ZE]
    c.answer(at(9, 12, 30), ZE, "confirm")
    c.ask(at(12, 16), "ze-2")
    c.end("ze-2", "confirmado")


def window_off_by_an_hour(c: Cenario) -> None:
    c.log = [{**linha, "em": shift(linha["em"], timedelta(hours=1))} for linha in c.log]


def shift(em: str, quanto: timedelta) -> str:
    return (datetime.fromisoformat(em) + quanto).isoformat()


def zone_of_the_server(c: Cenario) -> None:
    """08:00 of Brasília is 06:00 in Rio Branco."""
    acre = "America/Rio_Branco"
    c.visit("acre", "+5568992340010", "Raí", at(14, 15, zona=acre))
    c.deliver(at(12, 8), "+5568992340010", question("Raí", [at(14, 15, zona=acre)], at(12, 8)))


def closing_time_is_open(c: Cenario) -> None:
    c.drop(LIA, desde=at(13, 0))
    c.ask(at(13, 20), "lia")


def sent_on_a_free_sunday(c: Cenario) -> None:
    c.drop(MARIA, desde=at(11, 0))
    c.deliver(at(10, 12), MARIA, "Lembrete, Maria: sua consulta é terça-feira, 12/05 às 14:00.")


def sent_on_a_sunday_night(c: Cenario) -> None:
    c.drop(EVA)
    c.respostas = [r for r in c.respostas if r["telefone"] != EVA]
    c.ask(at(10, 21), "eva")
    c.end("eva", "sem_resposta")


def sent_after_cancellation(c: Cenario) -> None:
    c.ask(at(13, 15), "rui", abertura="Lembrete")


def wrong_weekday(c: Cenario) -> None:
    trocar(c, TEO, "sexta-feira", "quinta-feira")


def wrong_tomorrow(c: Cenario) -> None:
    trocar(c, LIA, "amanhã", "hoje")


def trocar(c: Cenario, telefone: str, de: str, por: str) -> None:
    c.log = [
        {**linha, "texto": linha["texto"].replace(de, por)} if linha["telefone"] == telefone else linha
        for linha in c.log
    ]


def lost_on_restart(c: Cenario) -> None:
    c.drop(LIA)


def new_time_never_asked(c: Cenario) -> None:
    c.drop(ANA, desde=at(12, 0))
    c.respostas = [r for r in c.respostas if datetime.fromisoformat(r["em"]) < at(12, 0) or r["telefone"] != ANA]
    c.end("ana", "pendente")


def cancellation_never_told(c: Cenario) -> None:
    c.drop(RUI, desde=at(13, 0))


def row_dropped_on_import(c: Cenario) -> None:
    del c.finais["fixo"]


def asked_a_past_visit(c: Cenario) -> None:
    c.ask(at(14, 11, 30), "lia")


def two_messages_a_day(c: Cenario) -> None:
    c.visit("maria-2", MARIA, "Maria", at(15, 8))
    c.ask(at(11, 16), "maria-2")


def reminder_after_confirmation(c: Cenario) -> None:
    c.ask(at(12, 19), "teo", abertura="Lembrete")


def moved_visit_with_the_old_time(c: Cenario) -> None:
    c.deliver(at(12, 9), ANA, question("Ana", [at(13, 8)], at(12, 9)))


def answer_ignored(c: Cenario) -> None:
    c.end("maria", "sem_resposta")


def change_of_mind_ignored(c: Cenario) -> None:
    c.end("teo", "confirmado")


def letters_swapped(c: Cenario) -> None:
    c.end("joao-1", "cancelado")
    c.end("joao-2", "confirmado")


def old_answer_kept_after_the_move(c: Cenario) -> None:
    c.respostas = [r for r in c.respostas if datetime.fromisoformat(r["em"]) < at(12, 0) or r["telefone"] != ANA]


def silence_taken_for_a_no(c: Cenario) -> None:
    c.end("lia", "cancelado")


def landline_messaged(c: Cenario) -> None:
    c.ask(at(12, 10), "fixo")


def stranger_messaged(c: Cenario) -> None:
    c.deliver(at(12, 10), "+5531987659999", question("Ninguém", [at(14, 10)], at(12, 10)))


def written_to_after_opt_out(c: Cenario) -> None:
    c.ask(at(12, 16), "ze-2")


def told_of_a_change_that_was_not(c: Cenario) -> None:
    c.deliver(at(13, 9), TEO, "Téo, sua consulta de 15/05 às 09:00 foi cancelada pelo hospital.")


def invented_hour(c: Cenario) -> None:
    trocar(c, LIA, "11:00", "12:00")


DEFEITOS: tuple[tuple[Callable[[Cenario], None], str], ...] = (
    (no_dedupe, "dobradas"),
    (doubled_after_a_lost_answer, "dobradas"),
    (same_row_sent_again_next_day, "dobradas"),
    (more_reminders_than_steps, "dobradas"),
    (newest_visit_by_phone, "sem_efeito"),
    (window_off_by_an_hour, "fora_da_janela"),
    (zone_of_the_server, "fora_da_janela"),
    (closing_time_is_open, "fora_da_janela"),
    (sent_on_a_free_sunday, "fora_da_janela"),
    (sent_on_a_sunday_night, "fora_da_janela"),
    (sent_after_cancellation, "irrelevantes"),
    (wrong_weekday, "palavra_errada"),
    (wrong_tomorrow, "palavra_errada"),
    (lost_on_restart, "perdidas"),
    (new_time_never_asked, "perdidas"),
    (cancellation_never_told, "perdidas"),
    (row_dropped_on_import, "perdidas"),
    (asked_a_past_visit, "irrelevantes"),
    (two_messages_a_day, "mais_de_uma_por_dia"),
    (reminder_after_confirmation, "irrelevantes"),
    (moved_visit_with_the_old_time, "irrelevantes"),
    (answer_ignored, "sem_efeito"),
    (change_of_mind_ignored, "sem_efeito"),
    (letters_swapped, "sem_efeito"),
    (old_answer_kept_after_the_move, "sem_efeito"),
    (silence_taken_for_a_no, "sem_efeito"),
    (landline_messaged, "irrelevantes"),
    (stranger_messaged, "irrelevantes"),
    (written_to_after_opt_out, "irrelevantes"),
    (told_of_a_change_that_was_not, "irrelevantes"),
    (invented_hour, "irrelevantes"),
)


@pytest.mark.parametrize(("plant", "criterio"), DEFEITOS, ids=[plant.__name__ for plant, _ in DEFEITOS])
def test_a_planted_defect_turns_it_red(plant: Callable[[Cenario], None], criterio: str) -> None:
    cenario = clean()
    plant(cenario)
    veredito = cenario.judge()
    assert not veredito.ok
    assert veredito.count(criterio) > 0, veredito.as_dict()


def test_examples_name_visits_and_codes_only() -> None:
    cenario = clean()
    cenario.drop(LIA)
    assert cenario.judge().as_dict()["exemplos"] == ["lia: nunca_perguntada"]
