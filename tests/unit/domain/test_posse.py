"""Whose a conversation is after what happens in it."""

from datetime import timedelta

import pytest

from app.domain.posse import (
    CALADO_POR,
    EstadoConversa,
    Fila,
    Posse,
    close,
    fila_of,
    follow_resposta,
    give_back,
    speak,
    take,
)
from tests.fabricas import AGORA

E = EstadoConversa
ANTES = AGORA - timedelta(minutes=10)


@pytest.mark.parametrize(
    ("posse", "atencao", "decidiu", "estado", "motivo"),
    [
        pytest.param(Posse(), None, True, E.ROBO, None, id="a plain yes needs nobody"),
        pytest.param(Posse(), "pergunta", False, E.AGUARDANDO_PESSOA, "pergunta", id="a question waits"),
        pytest.param(
            Posse(E.AGUARDANDO_PESSOA, "pergunta", ANTES), None, True, E.AGUARDANDO_PESSOA, "pergunta",
            id="a yes does not answer the question that waits",
        ),
        pytest.param(
            Posse(E.AGUARDANDO_PESSOA, "nao_entendido", ANTES), None, True, E.ROBO, None,
            id="a yes after what nobody understood settles it",
        ),
        pytest.param(
            Posse(E.AGUARDANDO_PESSOA, "nao_entendido", ANTES), None, False, E.AGUARDANDO_PESSOA, "nao_entendido",
            id="thanks settle nothing",
        ),
        pytest.param(
            Posse(E.AGUARDANDO_PESSOA, "pergunta", ANTES), "urgente", False, E.AGUARDANDO_PESSOA, "urgente",
            id="danger goes before",
        ),
        pytest.param(
            Posse(E.AGUARDANDO_PESSOA, "urgente", ANTES), "pergunta", False, E.AGUARDANDO_PESSOA, "urgente",
            id="and stays before",
        ),
        pytest.param(Posse(E.ENCERRADA), None, False, E.ROBO, None, id="an ended one begins anew"),
    ],
)  # fmt: skip
def test_after_an_answer(  # noqa: PLR0917  one parameter per column of the table
    posse: Posse,
    atencao: str | None,
    decidiu: bool,  # noqa: FBT001
    estado: E,
    motivo: str | None,
) -> None:
    after = follow_resposta(posse, atencao, decidiu=decidiu, now=AGORA)
    assert (after.estado, after.motivo) == (estado, motivo)
    if posse.aguardando_desde and estado is E.AGUARDANDO_PESSOA:
        assert after.aguardando_desde == ANTES, "the wait counts from the first"


def test_while_a_person_talks_it_stays_theirs_and_the_patient_waits_again() -> None:
    taken = take(Posse(), 7, "Rosa", now=AGORA)
    after = follow_resposta(taken, "pergunta", decidiu=False, now=AGORA)
    assert after.is_silent(AGORA)
    assert (after.responsavel, after.aguardando_desde) == ("Rosa", AGORA)


def test_a_person_who_forgot_it_does_not_silence_the_program_for_ever() -> None:
    taken = take(Posse(), 7, "Rosa", now=AGORA)
    later = AGORA + CALADO_POR
    assert not taken.is_silent(later)
    assert follow_resposta(taken, None, decidiu=True, now=later).estado is E.ROBO


def test_every_act_of_a_person_is_another_version() -> None:
    waiting = Posse(E.AGUARDANDO_PESSOA, "pergunta", ANTES, versao=4)
    taken = take(waiting, 7, "Rosa", now=AGORA)
    spoken = speak(waiting, 7, "Rosa", now=AGORA)
    assert [each.versao for each in (taken, spoken, give_back(taken), close(taken))] == [5, 5, 6, 6]
    assert (taken.aguardando_desde, spoken.aguardando_desde) == (ANTES, None)


def test_whose_work_it_is() -> None:
    assert [fila_of(motivo) for motivo in ("urgente", "pergunta", "obito", "numero_errado", "pediu_para_parar")] == [
        Fila.URGENTE, Fila.RECEPCAO, Fila.CADASTRO, Fila.CADASTRO, Fila.CADASTRO,
    ]  # fmt: skip
