"""The judge: a clean run is green, and each planted defect turns it red under its own figure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.simulator.oraculo import CRITERIOS, Evento, Veredito, VisitaEntrada, judge

SP = "America/Sao_Paulo"
SEMANA = ("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo")

MARIA, JOAO, ANA, RUI, LIA, FIXO, TEO, EVA, ZE = (
    "+5531987650001",
    "+5531987650002",
    "+5531987650003",
    "+5531987650004",
    "+5531987650005",
    "+553133330006",
    "+5531987650007",
    "+5531987650008",
    "+5531987650009",
)


def at(dia: int, hora: int, minuto: int = 0, zona: str = SP) -> datetime:
    return datetime(2026, 5, dia, hora, minuto, tzinfo=ZoneInfo(zona))


INICIO = at(1, 0)


def words(inicio: datetime, agora: datetime) -> str:
    distancia = (inicio.date() - agora.astimezone(inicio.tzinfo).date()).days
    relativo = {0: "hoje, ", 1: "amanhã, "}.get(distancia, "")
    return f"{relativo}{SEMANA[inicio.weekday()]}, {inicio:%d/%m}"


def question(nome: str, inicios: Sequence[datetime], agora: datetime, abertura: str = "Olá") -> str:
    if len(inicios) == 1:
        quando = f"consulta {words(inicios[0], agora)} às {inicios[0]:%H:%M}"
        return f"{abertura}, {nome}! Você tem {quando}. Responda *1* para confirmar ou *0* para cancelar."
    linhas = "\n".join(f"({letra}) {inicio:%H:%M} consulta" for letra, inicio in zip("ABC", inicios, strict=False))
    return (
        f"{abertura}, {nome}! Você tem {len(inicios)} consultas {words(inicios[0], agora)}:\n{linhas}\n"
        'Responda 1 para confirmar todas, 0 para cancelar, ou "A sim, B não".'
    )


@dataclass
class Cenario:
    visitas: dict[str, VisitaEntrada] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)
    respostas: list[dict[str, Any]] = field(default_factory=list)
    finais: dict[str, dict[str, Any]] = field(default_factory=dict)

    def visit(self, nr: str, telefone: str, nome: str, inicio: datetime, **mais: Any) -> None:
        zona = str(inicio.tzinfo)
        self.visitas[nr] = VisitaEntrada(nr, telefone, nome, inicio, zona, **mais)
        self.finais[nr] = {"status_confirmacao": "sem_resposta", "situacao_agenda": "agendado", "contato_usavel": True}

    def deliver(self, em: datetime, telefone: str, texto: str) -> None:
        self.log.append(
            {
                "em": em.isoformat(),
                "metodo": "POST",
                "caminho": "/subscriber/7/send_message/",
                "status": 200,
                "subscriber_id": int(telefone[-4:]),
                "telefone": telefone,
                "tipo": "text",
                "texto": texto,
                "campos": {},
                "entregue": True,
            }
        )

    def ask(self, em: datetime, *nrs: str, abertura: str = "Olá") -> None:
        visitas = [self.visitas[nr] for nr in nrs]
        inicios = [
            next((e.novo_inicio for e in v.eventos if e.novo_inicio and e.instante <= em), v.inicio) for v in visitas
        ]
        self.deliver(em, str(visitas[0].telefone), question(visitas[0].nome, inicios, em, abertura))

    def answer(self, em: datetime, telefone: str, rotulo: str, nrs: Sequence[str] = (), **mais: Any) -> None:
        linha = {"em": em.isoformat(), "telefone": telefone, "texto": "…", "rotulo_esperado": rotulo}
        self.respostas.append({**linha, "nr_seqs": list(nrs), **mais})

    def end(self, nr: str, status: str) -> None:
        self.finais[nr]["status_confirmacao"] = status

    def judge(self) -> Veredito:
        return judge(self.visitas.values(), self.log, self.respostas, self.finais, de=at(4, 0), ate=at(16, 0))

    def drop(self, telefone: str, *, desde: datetime = INICIO) -> None:
        self.log = [r for r in self.log if r["telefone"] != telefone or datetime.fromisoformat(r["em"]) < desde]


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
