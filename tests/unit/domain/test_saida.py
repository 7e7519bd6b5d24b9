"""The last look: what changed between planning and sending."""

from datetime import timedelta
from typing import Any

import pytest

from app.domain.confirmacao import SituacaoAgenda, StatusConfirmacao, TipoMensagem
from app.domain.saida import MotivoSaida, Saida, decide_saida
from tests.fabricas import AGORA, local, make_da_mensagem, make_janela

S = StatusConfirmacao
M = MotivoSaida


def look(*visitas: Any, modelo: str = "pedido", **given: Any) -> Saida:
    standard: dict[str, Any] = {
        "tipo": TipoMensagem.PEDIDO,
        "optout": False,
        "planned": AGORA,
        "ate": AGORA + timedelta(hours=8),
        "janela": make_janela(),
        "now": AGORA,
    }
    return decide_saida(modelo, visitas or (make_da_mensagem(),), **standard | given)


def test_a_wanted_question_leaves() -> None:
    assert [v.letra for v in look().visitas] == ["A"]


@pytest.mark.parametrize("modelo", ["pedido", "lembrete", "mudanca"])
@pytest.mark.parametrize(
    "visita",
    [
        pytest.param({"status": S.CONFIRMADO}, id="confirmed meanwhile"),
        pytest.param({"status": S.CANCELADO}, id="cancelled meanwhile"),
        pytest.param({"status": S.REAGENDAR}, id="wants another day"),
        pytest.param({"situacao": SituacaoAgenda.CANCELADO}, id="cancelled by the hospital"),
        pytest.param({"situacao": SituacaoAgenda.DESCONHECIDO}, id="nobody knows whether it stands"),
        pytest.param({"situacao": SituacaoAgenda.PRESENTE}, id="the patient is already here"),
        pytest.param({"horario_versao": 2}, id="moved meanwhile"),
        pytest.param({"data_consulta": AGORA}, id="it has begun"),
        pytest.param({"calado": True}, id="the phone is not theirs"),
    ],
)
def test_a_question_nobody_should_be_asked_any_more(modelo: str, visita: dict[str, Any]) -> None:
    assert look(make_da_mensagem(1, **visita), modelo=modelo).motivo is M.NADA_A_DIZER


def test_of_two_children_the_one_who_stays_gets_the_first_letter() -> None:
    saida = look(make_da_mensagem(1, status=S.CONFIRMADO), make_da_mensagem(2, letra="B"))
    assert [(v.atendimento_id, v.letra) for v in saida.visitas] == [(2, "A")]


def test_letters_stay_while_nobody_falls_away() -> None:
    saida = look(make_da_mensagem(1), make_da_mensagem(2, letra="B"))
    assert [v.letra for v in saida.visitas] == ["A", "B"]


def test_who_asked_to_stop_gets_nothing_but_the_answer_to_their_own_words() -> None:
    assert look(optout=True).motivo is M.PEDIU_PARA_PARAR
    assert look(optout=True, tipo=TipoMensagem.RESPOSTA).motivo is None


@pytest.mark.parametrize(
    ("dia", "hora", "motivo", "ate"),
    [
        pytest.param("2026-03-02", "07:59", M.FORA_DA_JANELA, "2026-03-03T12:00", id="a minute before the opening"),
        pytest.param("2026-03-02", "08:00", None, "2026-03-03T12:00", id="at the opening"),
        pytest.param("2026-03-02", "19:59", None, "2026-03-03T12:00", id="the last minute"),
        pytest.param("2026-03-02", "20:00", M.FORA_DA_JANELA, "2026-03-03T12:00", id="20:00 is closed"),
        pytest.param("2026-03-02", "23:00", M.EXPIROU, "2026-03-03T07:00", id="no opening before its end"),
        pytest.param("2026-03-01", "10:00", M.FORA_DA_JANELA, "2026-03-03T12:00", id="a Sunday"),
    ],
)
def test_the_window(dia: str, hora: str, motivo: MotivoSaida | None, ate: str) -> None:
    now, fim = local(dia, hora), local(ate[:10], ate[11:])
    assert look(now=now, ate=fim, planned=local("2026-02-27", "10:00")).motivo is motivo


def test_outside_the_window_it_waits_for_the_opening() -> None:
    now = local("2026-03-02", "21:00")
    saida = look(now=now, ate=now + timedelta(days=2))
    assert saida.quando == local("2026-03-03", "08:00")


def test_a_message_meant_for_the_sunday_may_leave_on_it() -> None:
    sunday = local("2026-03-01", "10:00")
    assert look(now=sunday, planned=sunday, ate=sunday + timedelta(hours=8)).motivo is None


def test_an_answer_leaves_at_night() -> None:
    assert look(tipo=TipoMensagem.RESPOSTA, now=local("2026-03-02", "23:30")).motivo is None


def test_its_moment_passed() -> None:
    assert look(ate=AGORA).motivo is M.EXPIROU


@pytest.mark.parametrize(
    ("visita", "leaves"),
    [
        pytest.param({"situacao": SituacaoAgenda.CANCELADO}, True, id="still cancelled"),
        pytest.param({}, False, id="reactivated before the notice left"),
        pytest.param({"situacao": SituacaoAgenda.CANCELADO, "data_consulta": AGORA}, False, id="too late to tell"),
    ],
)
def test_the_notice_of_the_hospitals_cancellation(visita: dict[str, Any], leaves: bool) -> None:  # noqa: FBT001
    assert (look(make_da_mensagem(1, **visita), modelo="cancelamento_hospital").motivo is None) is leaves


@pytest.mark.parametrize(
    ("visita", "leaves"),
    [
        pytest.param({"status": S.CANCELADO}, True, id="still cancelled"),
        pytest.param({"status": S.CONFIRMADO}, False, id="reception gave the slot back before the notice left"),
        pytest.param({"status": S.CANCELADO, "horario_versao": 2}, False, id="moved meanwhile"),
    ],
)
def test_the_notice_of_an_automatic_cancellation(visita: dict[str, Any], leaves: bool) -> None:  # noqa: FBT001
    assert (look(make_da_mensagem(1, **visita), modelo="cancelamento_automatico").motivo is None) is leaves


@pytest.mark.parametrize(
    ("status", "leaves"), [(S.CONFIRMADO, True), (S.AGUARDANDO, False), (S.CANCELADO, False), (S.PENDENTE, False)]
)
def test_the_day_before_note_is_for_who_confirmed(status: StatusConfirmacao, leaves: bool) -> None:  # noqa: FBT001
    assert (look(make_da_mensagem(1, status=status), modelo="vespera").motivo is None) is leaves


def test_an_operators_question_leaves_at_night_but_not_about_an_answered_visit() -> None:
    night = local("2026-03-02", "23:30")
    assert look(tipo=TipoMensagem.MANUAL, now=night, ate=night + timedelta(minutes=10)).motivo is None
    answered = make_da_mensagem(status=S.CONFIRMADO)
    assert look(answered, tipo=TipoMensagem.MANUAL).motivo is M.NADA_A_DIZER
