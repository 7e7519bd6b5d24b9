"""Patients of the simulator: stable, plausible, and honest with the judge about what they meant."""

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.domain.resposta import read_resposta
from app.simulator.pacientes import FALAS, Mistura, Resposta, reagir

EM = datetime(2026, 5, 11, 12, tzinfo=UTC)
PERGUNTA = (
    "Olá, Maria! Consulta amanhã, 12/05, às 14:00. Responda com um número:\n*1* - Sim, eu vou\n*0* - Não poderei ir"
)
DUAS = (
    "Olá!\n*A)* Ana: consulta terça-feira, 12/05, às 09:00.\n*B)* Rui: exame terça-feira, 12/05, às 10:00.\n"
    "Responda com um número:\n*1* - Sim, em todos\n*0* - Não\n"
    "Se for diferente, responda pela letra. Exemplo: A sim, B não"
)
QUAL = (
    "Há mais de um atendimento esperando a sua resposta:\n*A)* Ana: consulta 12/05, às 09:00.\n"
    "*B)* Rui: exame 13/05, às 10:00.\nResponda pela letra. Exemplo: A sim, B não."
)
INSISTE = "Desculpe, não entendi a sua resposta.\nResponda só com um número:\n*1* - Sim, eu vou\n*0* - Não poderei ir"
CONFIRMADO = "Obrigado! Presença confirmada: *amanhã, 12/05, às 14:00*. Se algo mudar, responda *0*."
RAIZ = Path(__file__).parents[2]
CIDADE = [f"+55319{87_000_000 + n}" for n in range(2_000)]


def town(texto: str, *, ordinal: int = 1, mistura: Mistura | None = None, seed: int = 7) -> list[list[Resposta]]:
    return [reagir(seed, fone, texto, ordinal=ordinal, em=EM, mistura=mistura or Mistura()) for fone in CIDADE]


@pytest.mark.parametrize(
    ("rotulo", "minimo"),
    [
        ("confirm", 30),
        ("cancel", 20),
        ("reschedule", 15),
        ("question", 15),
        ("opt_out", 5),
        ("wrong_number", 5),
        ("urgent", 3),
        ("deceased", 2),
        ("unclear", 15),
    ],
)
def test_there_are_many_ways_to_say_a_thing(rotulo: str, minimo: int) -> None:
    assert len({fala for falas in FALAS[rotulo].values() for fala in falas}) >= minimo


def test_the_same_message_gets_the_same_reaction_in_any_order() -> None:
    assert town(PERGUNTA) == list(reversed([reagir(7, f, PERGUNTA, ordinal=1, em=EM) for f in reversed(CIDADE)]))


def test_another_process_draws_the_same() -> None:
    programa = (
        "import json,sys\nfrom datetime import UTC, datetime\nfrom app.simulator.pacientes import reagir\n"
        "em = datetime(2026, 5, 11, 12, tzinfo=UTC)\n"
        "fones = sys.argv[2:]\nrespostas = {f: reagir(7, f, sys.argv[1], ordinal=1, em=em) for f in fones}\n"
        "print(json.dumps([r.as_registro(f) for f in fones for r in respostas[f]]))"
    )
    saida = subprocess.run(
        [sys.executable, "-c", programa, PERGUNTA, *CIDADE[:50]], check=True, capture_output=True, text=True, cwd=RAIZ
    ).stdout
    aqui = [r.as_registro(f) for f in CIDADE[:50] for r in reagir(7, f, PERGUNTA, ordinal=1, em=EM)]
    assert json.loads(saida) == aqui


def test_another_seed_is_another_town() -> None:
    assert town(PERGUNTA) != town(PERGUNTA, seed=8)


def test_about_half_answer_and_most_of_them_come() -> None:
    primeiras = [respostas[0] for respostas in town(PERGUNTA) if respostas]
    assert 0.50 < len(primeiras) / len(CIDADE) < 0.60
    rotulos = Counter(resposta.rotulo for resposta in primeiras)
    assert 0.64 < rotulos["confirm"] / len(primeiras) < 0.76
    assert set(rotulos) <= set(FALAS)


def test_answers_take_minutes_to_hours_and_few_come_at_night() -> None:
    respostas = [r for respostas in town(PERGUNTA) for r in respostas]
    esperas = sorted(r.quando - EM for r in respostas)
    assert esperas[0] >= timedelta(seconds=20)
    assert timedelta(minutes=10) < esperas[len(esperas) // 2] < timedelta(hours=1)
    assert esperas[-1] > timedelta(hours=8)
    horas = [r.quando.astimezone(ZoneInfo("America/Sao_Paulo")).hour for r in respostas]
    assert sum(hora < 6 for hora in horas) < len(horas) * 0.05


def test_some_write_twice_and_some_change_their_mind() -> None:
    pares = [respostas for respostas in town(PERGUNTA) if len(respostas) > 1]
    assert any(um.texto == dois.texto for um, dois, *_ in pares)
    assert any(um.rotulo == "confirm" and dois.rotulo == "cancel" for um, dois, *_ in pares)


def test_several_visits_may_be_answered_by_letter() -> None:
    por_letra = [r for respostas in town(DUAS) for r in respostas if r.por_letra]
    assert por_letra
    mista = next(r for r in por_letra if r.por_letra == {"A": "confirm", "B": "cancel"})
    assert mista.texto in {"A sim, B não", "A 1, B 0"}
    assert mista.rotulo == "unclear"


def test_asked_which_one_people_answer_by_letter() -> None:
    assert all(r.por_letra for respostas in town(QUAL) for r in respostas)


def test_asked_again_people_press_a_digit() -> None:
    textos = {r.texto for respostas in town(INSISTE, ordinal=2) for r in respostas[:1]}
    assert textos == {"0", "1"}


def test_a_statement_gets_a_thank_you_at_most() -> None:
    respostas = town(CONFIRMADO)
    assert {r.rotulo for lista in respostas for r in lista} == {"greeting"}
    assert sum(bool(lista) for lista in respostas) < len(CIDADE) * 0.08


def test_the_mixture_is_a_setting() -> None:
    mudos = Mistura(responde=0.0)
    assert not any(town(PERGUNTA, mistura=mudos))
    todos_cancelam = Mistura(responde=1.0, rotulos={"cancel": 1.0}, repete=0.0, muda_de_ideia=0.0)
    assert {r.rotulo for respostas in town(PERGUNTA, mistura=todos_cancelam) for r in respostas} == {"cancel"}


def test_what_must_have_an_effect_is_said_plainly() -> None:
    for respostas in town(PERGUNTA):
        for r in respostas:
            assert not r.inequivoca or r.texto in FALAS[r.rotulo]["claras"]


@pytest.mark.parametrize("rotulo", [rotulo for rotulo in FALAS if FALAS[rotulo]["claras"]])
def test_the_program_can_read_what_the_judge_calls_plain(rotulo: str) -> None:
    lidas = {fala: str(read_resposta(fala).intencao) for fala in FALAS[rotulo]["claras"]}
    assert set(lidas.values()) == {rotulo}, lidas
