from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.feriados import Feriados, read_dia_local

ES = Feriados.from_texts("ES", ["08/09"])
ES_COM_FACULTATIVOS = Feriados.from_texts("ES", ["08/09"], facultativos=True)


@pytest.mark.parametrize(
    ("feriados", "dia", "expected"),
    [
        pytest.param(ES, date(2026, 9, 7), True, id="a national day"),
        pytest.param(ES, date(2026, 4, 13), True, id="a day of the state"),
        pytest.param(Feriados("SP"), date(2026, 4, 13), False, id="another state works on it"),
        pytest.param(ES, date(2026, 9, 8), True, id="a day of the city"),
        pytest.param(ES, date(2031, 9, 8), True, id="the city's day comes every year"),
        pytest.param(Feriados.from_texts("ES", ["25/06/2026"]), date(2026, 6, 25), True, id="a day of one year"),
        pytest.param(Feriados.from_texts("ES", ["25/06/2026"]), date(2027, 6, 25), False, id="only of that year"),
        pytest.param(ES, date(2026, 2, 17), False, id="Carnaval is worked unless the hospital says"),
        pytest.param(ES_COM_FACULTATIVOS, date(2026, 2, 17), True, id="Carnaval, by the switch"),
        pytest.param(ES_COM_FACULTATIVOS, date(2026, 6, 4), True, id="Corpus Christi, by the switch"),
        pytest.param(ES_COM_FACULTATIVOS, date(2026, 10, 28), True, id="public servants' day, by the switch"),
        pytest.param(Feriados(), date(2026, 12, 25), True, id="without a state, the national ones"),
        pytest.param(ES, date(2026, 3, 12), False, id="an ordinary Thursday"),
    ],
)
def test_is_feriado(feriados: Feriados, dia: date, expected: bool) -> None:  # noqa: FBT001
    assert feriados.is_feriado(dia) is expected


def test_a_holiday_has_a_name_people_know() -> None:
    assert ES.nome(date(2026, 9, 7)) == "Independência do Brasil"
    assert ES.nome(date(2026, 9, 8)) == "Feriado local"
    assert ES.nome(date(2026, 9, 9)) is None


@pytest.mark.parametrize(
    ("dia", "quantos", "expected"),
    [
        pytest.param(date(2026, 3, 12), 1, date(2026, 3, 11), id="the day before"),
        pytest.param(date(2026, 3, 16), 1, date(2026, 3, 13), id="Monday's is Friday"),
        pytest.param(date(2026, 3, 15), 1, date(2026, 3, 13), id="a Sunday's is Friday"),
        pytest.param(date(2026, 4, 14), 1, date(2026, 4, 10), id="over a state holiday on Monday"),
        pytest.param(date(2026, 9, 9), 1, date(2026, 9, 4), id="over a national, a city day and a weekend"),
        pytest.param(date(2026, 3, 16), 3, date(2026, 3, 11), id="three working days"),
        pytest.param(date(2026, 1, 2), 1, date(2025, 12, 31), id="over the new year"),
    ],
)
def test_dias_uteis_antes(dia: date, quantos: int, expected: date) -> None:
    assert ES.dias_uteis_antes(dia, quantos) == expected


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.integers(1, 20))
def test_exactly_so_many_working_days_lie_between(dia: date, quantos: int) -> None:
    start = ES_COM_FACULTATIVOS.dias_uteis_antes(dia, quantos)
    between = (date.fromordinal(ordinal) for ordinal in range(start.toordinal(), dia.toordinal()))
    assert sum(map(ES_COM_FACULTATIVOS.is_dia_util, between)) == quantos
    assert ES_COM_FACULTATIVOS.is_dia_util(start)


@pytest.mark.parametrize("texto", ["", "8 de setembro", "31/02", "00/01", "29/02/2026", "2026-09-08", "08/13"])
def test_a_day_that_is_none_is_refused_by_a_sentence(texto: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        read_dia_local(texto)


def test_the_29th_of_february_may_be_a_city_day() -> None:
    bissexto = Feriados.from_texts(None, ["29/02"])
    assert bissexto.is_feriado(date(2028, 2, 29))
    assert not bissexto.is_feriado(date(2027, 2, 28))


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(ValueError, match="unidade da federação"):
        Feriados("XX")
