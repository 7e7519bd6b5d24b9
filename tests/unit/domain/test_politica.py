import json
from dataclasses import replace
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.janela import Intervalo, week_hours
from app.domain.politica import (
    PRESETS,
    AoIncerta,
    Passo,
    Politica,
    PoliticaInvalida,
    TipoPasso,
    default_passos,
)


def test_the_default_is_the_specifications() -> None:
    politica = Politica()
    assert [(passo.nome, passo.antes) for passo in politica.passos] == [
        ("pedido", timedelta(hours=72)),
        ("lembrete_48h", timedelta(hours=48)),
        ("lembrete_12h", timedelta(hours=12)),
    ]
    assert politica.corte_hora == time(14)
    assert politica.pedir_ao_agendar_min_horas == 4
    assert not politica.cancelamento_automatico
    assert not politica.mostrar_especialidade


def test_another_lead_time_drops_the_reminders_it_overtakes() -> None:
    assert [passo.nome for passo in default_passos(48)] == ["pedido", "lembrete_12h"]


def test_a_preset_is_one_setting_away() -> None:
    politica = Politica.from_mapping({"passos": "evidencia"})
    assert politica.passos == PRESETS["evidencia"]
    assert politica.to_mapping()["passos"] == "evidencia"


def test_a_hospital_writes_its_own_steps_and_hours() -> None:
    politica = Politica.from_mapping(
        {
            "passos": [
                {"nome": "pedido", "tipo": "pedido", "dias_uteis": 2},
                {"nome": "segunda", "tipo": "lembrete", "apos_sem_resposta_horas": 12},
            ],
            "janela": {"seg": ["13:00-18:00", "07:30-12:00"], "sab": []},
            "hora_pedido": "09:00",
        }
    )
    assert politica.passos[0].dias_uteis == 2
    assert politica.passos[1].apos_sem_resposta == timedelta(hours=12)
    assert politica.janela[0] == (Intervalo(time(7, 30), time(12)), Intervalo(time(13), time(18)))
    assert politica.janela[1] == week_hours()[1]
    assert politica.janela[5] == ()
    assert politica.hora_pedido == time(9)


PEDIDO = {"nome": "pedido", "tipo": "pedido", "antes_horas": 72}


@pytest.mark.parametrize(
    ("dados", "frase"),
    [
        pytest.param({"corte": "14:00"}, "“corte” não é uma opção", id="an unknown option"),
        pytest.param({"corte_hora": "14h"}, "HH:MM", id="an hour that is none"),
        pytest.param({"corte_hora": 14}, "HH:MM", id="a number for an hour"),
        pytest.param({"nota_vespera": "sim"}, "verdadeiro ou falso", id="a word for a switch"),
        pytest.param({"pedir_ao_agendar_min_horas": 2.5}, "número inteiro", id="half an hour for whole ones"),
        pytest.param({"pedir_ao_agendar_min_horas": True}, "número inteiro", id="a switch for a number"),
        pytest.param({"pedir_ao_agendar_min_horas": 0}, "entre 1 e 72", id="asking at the last minute"),
        pytest.param({"prazo_resposta_minimo": 1e300}, "número de horas", id="hours beyond any calendar"),
        pytest.param({"prazo_resposta_minimo": float("nan")}, "número de horas", id="not a number at all"),
        pytest.param({"corte_dias_uteis": 0}, "dias úteis", id="a cut-off after early visits"),
        pytest.param({"ao_incerta": "talvez"}, "“aguardar” e “repetir”", id="an unknown choice"),
        pytest.param({"ao_incerta": []}, "“aguardar” e “repetir”", id="a list for a choice"),
        pytest.param({"especialidades_sensiveis": "psiquiatria"}, "lista", id="a text for a list"),
        pytest.param({"janela": {"seg": ["08:00-23:00"]}}, "invade a noite", id="hours into the night"),
        pytest.param({"janela": {"seg": ["08:00-12:00", "11:00-14:00"]}}, "sobrepor", id="hours that overlap"),
        pytest.param({"janela": {"seg": ["08:00"]}}, "08:00-20:00", id="hours without an end"),
        pytest.param({"janela": {"seg": "08:00-20:00"}}, "lista de horários", id="a text for a list of hours"),
        pytest.param({"janela": {"monday": []}}, "use os dias", id="a day of another language"),
        pytest.param(
            {"janela": {dia: [] for dia in ("seg", "ter", "qua", "qui", "sex", "sab", "dom")}},
            "pelo menos um dia",
            id="a week without hours",
        ),
        pytest.param({"passos": "melhor"}, "modelo de cadência", id="an unknown preset"),
        pytest.param({"passos": 3}, "lista de passos", id="a number for steps"),
        pytest.param({"passos": []}, "de 1 a 6 passos", id="no step at all"),
        pytest.param({"passos": [3]}, "cada passo precisa", id="a step that is none"),
        pytest.param({"passos": [PEDIDO | {"cor": "azul"}]}, "não tem a opção “cor”", id="an unknown option of a step"),
        pytest.param({"passos": [PEDIDO | {"tipo": "aviso"}]}, "tipo do passo", id="an unknown kind of step"),
        pytest.param({"passos": [PEDIDO | {"antes_horas": 0}]}, "1 minuto e 30 dias", id="a step at the visit itself"),
        pytest.param({"passos": [PEDIDO | {"dias_uteis": 3}]}, "de um só", id="two lead times for one step"),
        pytest.param({"passos": [{"nome": "pedido", "tipo": "pedido"}]}, "precisa de um prazo", id="no lead time"),
        pytest.param({"passos": [PEDIDO | {"nome": "Pedido às 72h"}]}, "minúsculas", id="a name no key can hold"),
        pytest.param({"passos": [PEDIDO, PEDIDO | {"tipo": "lembrete"}]}, "mesmo nome", id="two steps of one name"),
        pytest.param({"passos": [PEDIDO, PEDIDO | {"nome": "de_novo"}]}, "um só", id="two asks"),
        pytest.param({"passos": [PEDIDO | {"tipo": "lembrete"}]}, "começar por um pedido", id="no ask"),
        pytest.param(
            {"passos": [PEDIDO, {"nome": "nota", "tipo": "vespera", "antes_horas": 24}]},
            "ligue “nota_vespera”",
            id="the note as a step",
        ),
        pytest.param(
            {"passos": [{"nome": "pedido", "tipo": "pedido", "apos_sem_resposta_horas": 1}]},
            "se for um lembrete",
            id="an ask that waits for silence",
        ),
    ],
)
def test_what_cannot_be_kept_is_refused_by_a_sentence(dados: dict[str, Any], frase: str) -> None:
    with pytest.raises(PoliticaInvalida) as refused:
        Politica.from_mapping(dados)
    assert frase in str(refused.value)
    assert all(erro.endswith(".") for erro in refused.value.erros)


def test_all_reasons_come_at_once() -> None:
    with pytest.raises(PoliticaInvalida) as refused:
        Politica.from_mapping({"corte_hora": "", "nota_vespera": 1, "outra": None})
    assert len(refused.value.erros) == 3


@pytest.mark.parametrize(
    ("especialidade", "expected"),
    [
        pytest.param("Psiquiatria", True, id="on the list"),
        pytest.param("INFECTOLOGIA  PEDIÁTRICA", True, id="as hospitals spell it"),
        pytest.param("Ambulatório de Saúde Mental", True, id="not at the beginning"),
        pytest.param("Serviço HIV/AIDS", True, id="behind a slash"),
        pytest.param("Cardiologia", False, id="not on the list"),
        pytest.param("Neuropsiquê", False, id="only the beginning of a word counts"),
        pytest.param(None, False, id="unknown"),
    ],
)
def test_is_sensivel(especialidade: str | None, expected: bool) -> None:  # noqa: FBT001
    politica = Politica(mostrar_especialidade=True, mostrar_medico=True)
    assert politica.is_sensivel(especialidade) is expected
    assert politica.shows_medico(especialidade) is not expected
    assert politica.shows_especialidade(especialidade) is (bool(especialidade) and not expected)


def test_nothing_is_shown_unless_the_hospital_allows_it() -> None:
    assert not Politica().shows_especialidade("Cardiologia")
    assert not Politica().shows_medico("Cardiologia")


def test_a_regulated_specialty_is_known_however_it_is_spelt() -> None:
    politica = Politica(especialidades_reguladas=frozenset({"Cirurgia Cardíaca"}))
    assert politica.is_regulada("CIRURGIA CARDIACA")
    assert not politica.is_regulada("Cardiologia")


def test_the_open_hours_of_a_unit_follow_the_policy() -> None:
    politica = Politica(feriados_facultativos=True, usar_domingos_e_feriados=False)
    janela = politica.build_janela(ZoneInfo("America/Manaus"), uf="AM", dias_locais=["24/10"])
    assert janela.feriados.facultativos
    assert janela.emergencia is None
    assert janela.zona.key == "America/Manaus"


HORAS = st.integers(1, 240)
PRAZOS = st.lists(st.tuples(st.sampled_from(["antes", "apos_sem_resposta"]), HORAS), max_size=5)
RELOGIO = st.builds(time, st.integers(0, 23), st.integers(0, 59))


def passos_from(prazos: list[tuple[str, int]]) -> tuple[Passo, ...]:
    pedido = Passo("pedido", TipoPasso.PEDIDO, dias_uteis=3)
    lembretes = (
        replace(pedido, nome=f"lembrete_{n}", tipo=TipoPasso.LEMBRETE, dias_uteis=None, **{way: timedelta(hours=horas)})
        for n, (way, horas) in enumerate(prazos)
    )
    return (pedido, *lembretes)


POLITICAS = st.builds(
    Politica,
    passos=PRAZOS.map(passos_from),
    feriados_facultativos=st.booleans(),
    hora_pedido=st.none() | RELOGIO,
    corte_hora=RELOGIO,
    prazo_resposta_minimo=st.timedeltas(timedelta(0), timedelta(days=1)).map(
        lambda prazo: timedelta(minutes=prazo // timedelta(minutes=1))
    ),
    nota_vespera=st.booleans(),
    ao_incerta=st.sampled_from(AoIncerta),
    especialidades_sensiveis=st.frozensets(st.text("abcç é/", max_size=9)),
)


@given(POLITICAS)
def test_what_is_written_reads_back_the_same(politica: Politica) -> None:
    assert Politica.from_mapping(json.loads(json.dumps(politica.to_mapping()))) == politica
