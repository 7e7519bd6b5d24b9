"""What follows from a patient's words."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from app.domain.alvo import Alvo, Pergunta, TipoAlvo
from app.domain.confirmacao import StatusConfirmacao, decide
from app.domain.conversa import Conduta, Desfecho, Parada, decide_conduta, may_reply
from app.domain.modelo import shipped_modelos
from app.domain.resposta import Intencao
from app.domain.resposta.todos import read_todos
from tests.fabricas import AGORA, make_pergunta, make_visita

I = Intencao  # noqa: E741
D = Desfecho
S = StatusConfirmacao
T = TipoAlvo
DUAS = make_pergunta(1, make_visita(1), make_visita(2, letra="B"))


def conduct(
    intencao: Intencao,
    pergunta: Pergunta | None = None,
    tipo: TipoAlvo = T.ABERTA,
    *,
    por_letra: Mapping[str, Intencao] | None = None,
    **given: Any,
) -> Conduta:
    perguntas = (pergunta or make_pergunta(1),) if tipo is not T.NENHUM else ()
    standard: dict[str, Any] = {"para_todos": False, "duvidas": 0, "now": AGORA}
    return decide_conduta(Alvo(tipo, perguntas), intencao, por_letra, **standard | given)


def changes(conduta: Conduta) -> dict[int, StatusConfirmacao]:
    return {m.visita.atendimento_id: m.decisao.status for m in conduta.mudancas}


@pytest.mark.parametrize(
    ("status", "intencao", "desfecho", "modelo", "novo"),
    [
        pytest.param(S.AGUARDANDO, I.CONFIRM, D.CONFIRMADO, "confirmado", S.CONFIRMADO, id="yes"),
        pytest.param(S.AGUARDANDO, I.CANCEL, D.CANCELADO, "cancelado", S.CANCELADO, id="no"),
        pytest.param(S.AGUARDANDO, I.RESCHEDULE, D.REAGENDAR, "reagendar", S.REAGENDAR, id="another day"),
        pytest.param(S.SEM_RESPOSTA, I.CONFIRM, D.CONFIRMADO, "confirmado", S.CONFIRMADO, id="yes after the cut-off"),
        pytest.param(S.SEM_RESPOSTA, I.CANCEL, D.CANCELADO, "cancelado", S.CANCELADO, id="no after the cut-off"),
        pytest.param(S.CONFIRMADO, I.CONFIRM, D.JA_RESPONDIDO, "ja_respondido", S.CONFIRMADO, id="yes twice"),
        pytest.param(S.CONFIRMADO, I.CANCEL, D.CANCELADO, "cancelado", S.CANCELADO, id="a second thought: no"),
        pytest.param(S.CANCELADO, I.CONFIRM, D.ENCAMINHADO, "pede_volta", S.CANCELADO, id="wants the slot back"),
        pytest.param(S.CANCELADO, I.CANCEL, D.JA_RESPONDIDO, "ja_respondido", S.CANCELADO, id="no twice"),
        pytest.param(S.REAGENDAR, I.CONFIRM, D.ENCAMINHADO, "pede_volta", S.REAGENDAR, id="yes after another day"),
    ],
)
def test_a_clear_answer(
    status: StatusConfirmacao, intencao: Intencao, *, desfecho: Desfecho, modelo: str, novo: StatusConfirmacao
) -> None:
    tipo = T.ABERTA if status in {S.AGUARDANDO, S.SEM_RESPOSTA} else T.RESPONDIDA
    conduta = conduct(intencao, make_pergunta(1, make_visita(1, status=status)), tipo)
    assert (conduta.desfecho, conduta.modelo) == (desfecho, modelo)
    assert changes(conduta) == {1: novo}


def test_a_one_answers_for_both_children() -> None:
    assert changes(conduct(I.CONFIRM, DUAS)) == {1: S.CONFIRMADO, 2: S.CONFIRMADO}


def test_a_yes_and_b_no() -> None:
    conduta = conduct(I.UNCLEAR, DUAS, por_letra={"A": I.CONFIRM, "B": I.CANCEL})
    assert changes(conduta) == {1: S.CONFIRMADO, 2: S.CANCELADO}
    assert conduta.modelo == "misto"


def test_only_a_leaves_b_asked() -> None:
    conduta = conduct(I.CONFIRM, DUAS, por_letra={"A": I.CONFIRM})
    assert (changes(conduta), conduta.modelo) == ({1: S.CONFIRMADO}, "confirmado")


def test_a_visit_that_began_is_not_changed_by_an_answer_for_all() -> None:
    begun = make_visita(1, data_consulta=AGORA - timedelta(minutes=1))
    assert changes(conduct(I.CANCEL, make_pergunta(1, begun, make_visita(2, letra="B")))) == {2: S.CANCELADO}


def test_a_moved_visit_is_not_changed_by_an_answer_for_all() -> None:
    moved = make_visita(1, atual=False)
    assert changes(conduct(I.CONFIRM, make_pergunta(1, moved, make_visita(2, letra="B")))) == {2: S.CONFIRMADO}


def test_a_bare_one_to_which_visit_goes_to_a_person() -> None:
    qual = make_pergunta(1, make_visita(1), make_visita(2, letra="B"), modelo="qual_consulta")
    conduta = conduct(I.CONFIRM, qual)
    assert (conduta.desfecho, conduta.mudancas, conduta.atencao) == (D.ENCAMINHADO, (), "qual_consulta")


def test_all_yes_to_which_visit_answers_all() -> None:
    qual = make_pergunta(1, make_visita(1), make_visita(2, letra="B"), modelo="qual_consulta")
    assert changes(conduct(I.CONFIRM, qual, para_todos=True)) == {1: S.CONFIRMADO, 2: S.CONFIRMADO}


def test_one_to_two_open_questions_changes_nothing_and_asks_which() -> None:
    alvo = Alvo(T.QUAL, (make_pergunta(1), make_pergunta(2)))
    conduta = decide_conduta(alvo, I.CONFIRM, None, para_todos=False, duvidas=0, now=AGORA)
    assert (conduta.desfecho, conduta.modelo, conduta.mudancas) == (D.QUAL_CONSULTA, "qual_consulta", ())


@pytest.mark.parametrize(
    ("intencao", "desfecho", "atencao"),
    [
        pytest.param(I.GREETING, D.JA_RESPONDIDO, None, id="thanks"),
        pytest.param(I.UNCLEAR, D.ENCAMINHADO, "nao_entendido", id="who knows"),
    ],
)
def test_after_several_answers_only_a_decision_makes_us_ask_which(
    intencao: Intencao, desfecho: Desfecho, atencao: str | None
) -> None:
    perguntas = tuple(make_pergunta(n, make_visita(n, status=S.CONFIRMADO)) for n in (1, 2))
    alvo = Alvo(T.QUAL, perguntas)
    conduta = decide_conduta(alvo, intencao, None, para_todos=False, duvidas=0, now=AGORA)
    assert (conduta.desfecho, conduta.atencao, conduta.modelo) == (desfecho, atencao, None)


@pytest.mark.parametrize(
    ("duvidas", "desfecho", "modelo", "atencao"),
    [
        pytest.param(0, D.NAO_ENTENDIDO, "nao_entendi", None, id="asked back once"),
        pytest.param(1, D.ENCAMINHADO, "encaminhado", "nao_entendido", id="then a person"),
        pytest.param(2, D.ENCAMINHADO, None, "nao_entendido", id="and silence, for it may be a machine"),
        pytest.param(50, D.ENCAMINHADO, None, "nao_entendido", id="for ever"),
    ],
)
def test_what_nobody_understands(duvidas: int, desfecho: Desfecho, modelo: str | None, atencao: str | None) -> None:
    conduta = conduct(I.UNCLEAR, duvidas=duvidas)
    assert (conduta.desfecho, conduta.modelo, conduta.atencao, conduta.mudancas) == (desfecho, modelo, atencao, ())


@pytest.mark.parametrize("tipo", list(T))
@pytest.mark.parametrize(
    ("intencao", "modelo", "parada"),
    [
        pytest.param(I.URGENT, "urgente", None, id="chest pain"),
        pytest.param(I.DECEASED, "obito", Parada.PACIENTE, id="death"),
        pytest.param(I.WRONG_NUMBER, "numero_errado", Parada.PACIENTE_NO_CONTATO, id="wrong number"),
        pytest.param(I.OPT_OUT, "sair", Parada.CONTATO, id="stop"),
    ],
)
def test_what_is_done_at_once_whatever_it_is_about(
    tipo: TipoAlvo, intencao: Intencao, modelo: str, parada: Parada | None
) -> None:
    conduta = conduct(intencao, tipo=tipo)
    assert (conduta.desfecho, conduta.modelo, conduta.parada) == (D.ENCAMINHADO, modelo, parada)
    assert conduta.mudancas == ()
    assert conduta.atencao


@pytest.mark.parametrize(
    ("tipo", "desfecho", "modelo"),
    [
        pytest.param(T.NENHUM, D.SEM_ATENDIMENTO, None, id="nobody asked"),
        pytest.param(T.PASSADA, D.CONSULTA_PASSADA, "passada", id="after the visit"),
        pytest.param(T.MOVIDA, D.ENCAMINHADO, "encaminhado", id="about the old time"),
        pytest.param(T.CANCELADA, D.ENCAMINHADO, "encaminhado", id="about a cancelled visit"),
    ],
)
@pytest.mark.parametrize("intencao", [I.CONFIRM, I.CANCEL, I.RESCHEDULE, I.UNCLEAR, I.GREETING, I.QUESTION])
def test_where_no_question_stands_nothing_changes(
    tipo: TipoAlvo, desfecho: Desfecho, modelo: str | None, intencao: Intencao
) -> None:
    conduta = conduct(intencao, tipo=tipo)
    assert (conduta.desfecho, conduta.modelo, conduta.mudancas) == (desfecho, modelo, ())


def test_a_question_reaches_a_person_and_stays_open() -> None:
    conduta = conduct(I.QUESTION)
    assert (conduta.desfecho, conduta.modelo, conduta.atencao) == (D.ENCAMINHADO, "duvida", "pergunta")


def test_a_greeting_is_answered_with_the_question_once() -> None:
    assert conduct(I.GREETING).modelo == "pergunta_repetida"
    assert conduct(I.GREETING, duvidas=1).modelo is None


def test_thanks_after_confirming_need_no_answer() -> None:
    conduta = conduct(I.GREETING, make_pergunta(1, make_visita(1, status=S.CONFIRMADO)), T.RESPONDIDA)
    assert (conduta.desfecho, conduta.modelo) == (D.JA_RESPONDIDO, None)


def test_nothing_but_a_clear_word_ever_changes_a_status() -> None:
    clear = {I.CONFIRM, I.CANCEL, I.RESCHEDULE}
    for intencao in set(I) - clear:
        for status in S:
            for tipo in T:
                for duvidas in (0, 1, 5):
                    pergunta = make_pergunta(1, make_visita(1, status=status))
                    assert conduct(intencao, pergunta, tipo, duvidas=duvidas).mudancas == ()


def test_what_is_said_back_exists_and_what_is_changed_is_the_tables() -> None:
    for intencao in I:
        for status in S:
            for tipo in T:
                conduta = conduct(intencao, make_pergunta(1, make_visita(1, status=status)), tipo)
                assert conduta.modelo is None or conduta.modelo in shipped_modelos()
                assert all(m.decisao == decide(m.visita.status, m.fato) for m in conduta.mudancas)


@pytest.mark.parametrize(
    ("texto", "esperado"),
    [
        ("todos sim", I.CONFIRM),
        ("Todos não.", I.CANCEL),
        ("TODAS SIM!", I.CONFIRM),
        ("sim para todos", I.CONFIRM),
        ("0 para todos", I.CANCEL),
        ("ambos, sim", I.CONFIRM),
        ("as duas: 1", I.CONFIRM),
        ("não para todos", None),
        ("nem todos sim", None),
        ("todos sim menos a Bia", None),
        ("todos sim?", None),
        ("", None),
        ("todos", None),
    ],
)
def test_the_words_we_suggest_are_understood(texto: str, esperado: Intencao | None) -> None:
    leitura = read_todos(texto)
    assert (leitura and leitura.intencao) == esperado


@pytest.mark.parametrize(
    ("modelo", "ditas", "esperado"),
    [
        pytest.param("encaminhado", {}, True, id="never said"),
        pytest.param("encaminhado", {"encaminhado": 2}, True, id="said twice"),
        pytest.param("encaminhado", {"encaminhado": 3}, False, id="a fourth time helps nobody"),
        pytest.param("urgente", {"encaminhado": 30}, True, id="other words were said often"),
        pytest.param("confirmado", {"confirmado": 9}, True, id="a phone that answers for a whole house"),
        pytest.param("confirmado", {"confirmado": 20}, False, id="no house is that big"),
    ],
)
def test_what_is_said_back_has_an_end(modelo: str, ditas: Mapping[str, int], *, esperado: bool) -> None:
    assert may_reply(modelo, ditas) is esperado
