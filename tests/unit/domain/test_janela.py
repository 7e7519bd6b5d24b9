from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.feriados import Feriados
from app.domain.janela import MARGEM_FECHAMENTO, Intervalo, Janela, week_hours

SP = ZoneInfo("America/Sao_Paulo")
ZONAS = ("America/Noronha", "America/Sao_Paulo", "America/Manaus", "America/Rio_Branco")
JANELA = Janela(SP, week_hours(), Feriados("ES"))
SEM_EMPRESTIMO = Janela(SP, week_hours(), Feriados("ES"), emergencia=None)


def local(texto: str, zona: ZoneInfo = SP) -> datetime:
    """Read "qui 12/03 08:00" as an instant of March or April 2026; the weekday is there for the reader."""
    semana, dia, hora = texto.split()
    instant = datetime.strptime(f"{dia}/2026 {hora}", "%d/%m/%Y %H:%M").replace(tzinfo=zona)
    assert ("seg", "ter", "qua", "qui", "sex", "sab", "dom")[instant.weekday()] == semana
    return instant


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        pytest.param("qui 12/03 08:00", True, id="opening is open"),
        pytest.param("qui 12/03 07:59", False, id="a minute before is not"),
        pytest.param("qui 12/03 19:59", True, id="the last minute"),
        pytest.param("qui 12/03 20:00", False, id="closing is closed"),
        pytest.param("sab 14/03 12:59", True, id="Saturday morning"),
        pytest.param("sab 14/03 13:00", False, id="Saturday ends early"),
        pytest.param("dom 15/03 10:00", False, id="Sunday"),
        pytest.param("sex 03/04 10:00", False, id="Good Friday"),
        pytest.param("seg 13/04 10:00", False, id="a state holiday"),
    ],
)
def test_is_open(instant: str, expected: bool) -> None:  # noqa: FBT001
    assert JANELA.is_open(local(instant)) is expected


@pytest.mark.parametrize("zona", ZONAS)
def test_hours_are_those_of_the_units_clock(zona: str) -> None:
    janela = Janela(ZoneInfo(zona), week_hours(), Feriados())
    opening = local("qui 12/03 08:00", ZoneInfo(zona)).astimezone(UTC)
    assert janela.is_open(opening)
    assert not janela.is_open(opening - timedelta(seconds=1))
    assert janela.next_opening(opening - timedelta(hours=5)) == opening


def test_the_four_zones_open_one_after_the_other() -> None:
    openings = [Janela(ZoneInfo(zona), week_hours(), Feriados()).at(date(2026, 3, 12), time(8)) for zona in ZONAS]
    assert [opening.hour for opening in openings] == [10, 11, 12, 13]


@pytest.mark.parametrize(
    ("quando", "not_before", "ate", "expected"),
    [
        pytest.param("qui 12/03 10:30", None, None, "qui 12/03 10:30", id="open: stays"),
        pytest.param("qui 12/03 19:58", None, None, "qui 12/03 19:58", id="the last minutes are open too"),
        pytest.param("qui 12/03 20:00", None, None, "qui 12/03 19:45", id="closing moves to before it"),
        pytest.param("sex 13/03 06:00", None, None, "qui 12/03 19:45", id="early morning moves to the evening before"),
        pytest.param("seg 16/03 07:00", None, None, "sab 14/03 12:45", id="Monday's early morning moves to Saturday"),
        pytest.param("dom 15/03 10:00", None, None, "sab 14/03 12:45", id="Sunday moves to Saturday"),
        pytest.param("sex 03/04 10:00", None, None, "qui 02/04 19:45", id="a holiday moves to the day before"),
        pytest.param(
            "qui 12/03 06:00", "qui 12/03 05:00", None, "qui 12/03 08:00", id="booked at night: the next opening"
        ),
        pytest.param(
            "qui 12/03 21:00", "qui 12/03 19:50", None, "qui 12/03 19:50", id="booked within the closing margin"
        ),
        pytest.param("qua 11/03 10:00", "qui 12/03 09:00", None, "qui 12/03 09:00", id="overdue: at once"),
        pytest.param(
            "qua 11/03 10:00", "qui 12/03 21:00", None, "sex 13/03 08:00", id="overdue at night: the next opening"
        ),
        pytest.param(
            "qui 12/03 06:00",
            "qui 12/03 05:00",
            "qui 12/03 07:30",
            None,
            id="nothing before a visit at 07:30: never at night",
        ),
        pytest.param(
            "sab 14/03 15:00", "sab 14/03 15:00", "seg 16/03 08:00", "dom 15/03 08:00", id="Sunday, if all else fails"
        ),
        pytest.param(
            "dom 15/03 21:00",
            "dom 15/03 09:00",
            "seg 16/03 07:00",
            "dom 15/03 19:45",
            id="on a Sunday too, earlier is better than never",
        ),
        pytest.param(
            "sab 14/03 15:00",
            "sab 14/03 15:00",
            "seg 16/03 08:01",
            "seg 16/03 08:00",
            id="no Sunday while the next opening will do",
        ),
        pytest.param("qui 12/03 10:00", None, "qui 12/03 10:00", None, id="its end is not part of its time"),
    ],
)
def test_fit(quando: str, not_before: str | None, ate: str | None, expected: str | None) -> None:
    not_before_em, ate_em, expected_em = (local(texto) if texto else None for texto in (not_before, ate, expected))
    assert JANELA.fit(local(quando), not_before=not_before_em, ate=ate_em) == expected_em


def test_a_hospital_may_keep_its_sundays() -> None:
    sabado, segunda = local("sab 14/03 15:00"), local("seg 16/03 08:00")
    assert SEM_EMPRESTIMO.fit(sabado, not_before=sabado, ate=segunda) is None
    assert JANELA.fit(sabado, not_before=sabado, ate=segunda, emergencia=False) is None


def test_closing_leaves_time_to_drain_the_queue() -> None:
    fitted = JANELA.fit(local("sex 13/03 06:00"))
    assert fitted is not None
    assert JANELA.is_open(fitted + MARGEM_FECHAMENTO - timedelta(microseconds=1))


def test_an_opening_shorter_than_the_margin_is_still_used() -> None:
    breve = Janela(SP, ((Intervalo(time(8), time(8, 5)),),) * 7, Feriados())
    assert breve.fit(local("qui 12/03 10:00")) == local("qui 12/03 08:00")


def test_a_lunch_break_is_closed() -> None:
    horas = ((Intervalo(time(8), time(12)), Intervalo(time(14), time(18))),) * 7
    janela = Janela(SP, horas, Feriados())
    assert janela.fit(local("qui 12/03 13:00")) == local("qui 12/03 11:45")
    assert janela.next_opening(local("qui 12/03 13:00")) == local("qui 12/03 14:00")


def test_without_any_hours_there_is_no_time() -> None:
    janela = Janela(SP, ((),) * 7, Feriados(), emergencia=None)
    assert janela.next_opening(local("qui 12/03 13:00")) is None
    assert janela.fit(local("qui 12/03 13:00")) is None


def test_only_what_was_planned_for_a_sunday_leaves_on_a_sunday() -> None:
    domingo = local("dom 15/03 10:00")
    assert JANELA.may_send(domingo, planned=local("dom 15/03 09:00"))
    assert not JANELA.may_send(domingo, planned=local("sab 14/03 12:45"))
    assert not JANELA.may_send(local("dom 15/03 20:00"), planned=local("dom 15/03 09:00"))
    assert JANELA.may_send(local("seg 16/03 09:00"), planned=local("dom 15/03 09:00"))


@pytest.mark.parametrize(
    ("inicio", "fim"), [(time(5), time(20)), (time(8), time(23)), (time(20), time(8)), (time(8), time(8))]
)
def test_nights_cannot_be_opened(inicio: time, fim: time) -> None:
    with pytest.raises(ValueError, match="horário"):
        Intervalo(inicio, fim)


@pytest.mark.parametrize(
    ("now", "consulta", "expected"),
    [
        pytest.param("qui 12/03 08:00", "qui 12/03 15:00", "hoje", id="today"),
        pytest.param("qua 11/03 19:45", "qui 12/03 07:00", "amanhã", id="tomorrow, though only hours away"),
        pytest.param("ter 10/03 08:00", "qui 12/03 07:00", "quinta-feira, 12/03", id="later: its weekday"),
        pytest.param("qui 12/03 08:00", "sab 28/03 09:00", "sábado, 28/03", id="much later"),
    ],
)
def test_palavra_do_dia(now: str, consulta: str, expected: str) -> None:
    assert JANELA.palavra_do_dia(local(now), local(consulta)) == expected


def test_the_word_for_the_day_is_the_units_own() -> None:
    """At 02:30 UTC it is still yesterday in Acre, and already tomorrow in Noronha."""
    now, consulta = datetime(2026, 3, 12, 2, 30, tzinfo=UTC), datetime(2026, 3, 12, 15, tzinfo=UTC)
    words = [Janela(ZoneInfo(zona), week_hours(), Feriados()).palavra_do_dia(now, consulta) for zona in ZONAS]
    assert words == ["hoje", "amanhã", "amanhã", "amanhã"]


INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
ZONES = st.sampled_from(ZONAS).map(ZoneInfo)


@given(
    ZONES, INSTANTS, st.timedeltas(-timedelta(days=5), timedelta(days=5)), st.timedeltas(max_value=timedelta(days=9))
)
def test_what_fits_is_open_or_lent_and_never_night(
    zona: ZoneInfo, quando: datetime, atraso: timedelta, folga: timedelta
) -> None:
    janela = Janela(zona, week_hours(), Feriados("ES", facultativos=True))
    not_before, ate = quando + atraso, quando + max(folga, -timedelta(days=9))
    fitted = janela.fit(quando, not_before=not_before, ate=ate)
    if fitted is None:
        return
    assert not_before <= fitted < ate
    assert janela.is_open(fitted) or janela.in_emergencia(fitted)
    assert 8 <= janela.local(fitted).hour < 20
    assert janela.fit(fitted, not_before=not_before, ate=ate) == fitted


@given(ZONES, INSTANTS)
def test_without_bounds_there_is_always_an_earlier_open_time(zona: ZoneInfo, quando: datetime) -> None:
    janela = Janela(zona, week_hours(), Feriados("ES", facultativos=True))
    fitted = janela.fit(quando)
    assert fitted is not None
    assert fitted <= quando
    assert janela.is_open(fitted)
