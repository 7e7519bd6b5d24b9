"""What the judge reads in a message, and its own calendar."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from app.simulator.oraculo.calendario import Calendario
from app.simulator.oraculo.entrada import is_celular, phone_key
from app.simulator.oraculo.texto import read_texto

SP = "America/Sao_Paulo"

UMA = (
    "Olá, Maria! Aqui é da Santa Casa.\n\nVocê tem uma consulta *amanhã (terça-feira), 12/05, às 14:00*.\n"
    "Local: Ambulatório, bloco 1\nChegue 15 minutos antes.\n\n"
    "Você vem? Responda com um número:\n*1* - Sim, eu vou\n*0* - Não poderei ir\n"
)
DUAS = (
    "Olá! Estes atendimentos estão marcados:\n\n*A)* Maria: consulta terça-feira, 12/05, às 9:30.\n"
    "*B)* Pedro: exame terça-feira, 12/05, às 14h.\nChegue às 13:45.\n\n"
    "Responda com um número:\n*1* - Sim, em todos\n*0* - Não poderei ir a nenhum\n"
)
VESPERA = (
    "Só para lembrar: consulta amanhã, 12/05, às 14:00.\nLocal: sala 1 - térreo\n\nSe não puder mais vir, responda *0*."
)


@pytest.mark.parametrize(
    ("texto", "pergunta", "aviso"),
    [
        pytest.param(UMA, True, False, id="one visit"),
        pytest.param(DUAS, True, False, id="two visits"),
        pytest.param("Responda 1 para confirmar ou 0 para cancelar.", True, False, id="inline"),
        pytest.param("Há dois. Responda pela letra. Exemplo: A sim, B não.", True, False, id="which one"),
        pytest.param(VESPERA, False, False, id="a zero alone is a way out, not a question"),
        pytest.param("Confirmado: 10/01 às 10:00, sala 1, ramal 0.", False, False, id="digits elsewhere"),
        pytest.param("Precisamos cancelar o atendimento que seria 12/05, às 14:00.", False, True, id="cancelled"),
        pytest.param("O horário mudou.\n*1* - Sim\n*0* - Não", True, True, id="moved, and asked anew"),
        pytest.param("", False, False, id="nothing"),
    ],
)
def test_kinds_of_message(texto: str, pergunta: bool, aviso: bool) -> None:  # noqa: FBT001 - a table's columns
    leitura = read_texto(texto)
    assert (leitura.pergunta, leitura.aviso) == (pergunta, aviso)


def test_days_hours_and_words() -> None:
    leitura = read_texto(UMA)
    assert leitura.dias == {(12, 5)}
    assert leitura.horas == {time(14)}
    assert leitura.relativos == {1}
    assert leitura.semana == {1}


def test_letters_and_an_arrival_time_that_is_not_a_visit() -> None:
    leitura = read_texto(DUAS)
    assert leitura.letras == {"A": time(9, 30), "B": time(14)}
    assert leitura.horas == {time(9, 30), time(14)}


@pytest.mark.parametrize(
    ("enviado_em", "certas"),
    [
        pytest.param(date(2026, 5, 11), True, id="the day before"),
        pytest.param(date(2026, 5, 12), False, id="the same day"),
    ],
)
def test_tomorrow_is_true_on_one_day_only(enviado_em: date, certas: bool) -> None:  # noqa: FBT001 - a table's column
    assert read_texto(UMA).words_fit(frozenset({date(2026, 5, 12)}), enviado_em) is certas


def test_opening_hours_of_reception_are_not_weekdays_of_the_visit() -> None:
    texto = "Consulta quinta-feira, 14/05 às 10:00. Ligue de segunda a sexta, das 8h às 17h. Responda 1 ou 0."
    leitura = read_texto(texto)
    assert leitura.semana == {3}
    assert leitura.horas == {time(10)}


def instant(dia: int, mes: int, hora: int, minuto: int = 0) -> datetime:
    return datetime(2026, mes, dia, hora, minuto, tzinfo=ZoneInfo(SP))


@pytest.mark.parametrize(
    ("instante", "aberto"),
    [
        pytest.param(instant(12, 5, 8), True, id="opens at eight"),
        pytest.param(instant(12, 5, 7, 59), False, id="a minute before"),
        pytest.param(instant(12, 5, 19, 59), True, id="last minute"),
        pytest.param(instant(12, 5, 20), False, id="half-open"),
        pytest.param(instant(9, 5, 12, 59), True, id="saturday morning"),
        pytest.param(instant(9, 5, 13), False, id="saturday afternoon"),
        pytest.param(instant(10, 5, 10), False, id="sunday"),
        pytest.param(instant(1, 5, 10), False, id="labour day"),
        pytest.param(instant(23, 4, 10), True, id="a holiday of Rio is a working day elsewhere"),
    ],
)
def test_open_hours(instante: datetime, aberto: bool) -> None:  # noqa: FBT001 - a table's column
    assert Calendario().is_open(instante, SP) is aberto


def test_the_hours_are_those_of_the_units_zone() -> None:
    assert not Calendario().is_open(instant(12, 5, 8), "America/Rio_Branco")


def test_state_local_and_optional_holidays() -> None:
    assert not Calendario("RJ").is_open(instant(23, 4, 10), SP)
    assert not Calendario(locais=frozenset({date(2026, 5, 12)})).is_open(instant(12, 5, 10), SP)
    assert Calendario().is_open(instant(4, 6, 10), SP)
    assert not Calendario(facultativos=True).is_open(instant(4, 6, 10), SP)


def test_a_weekend_is_one_saturday_morning_long() -> None:
    abertos = list(Calendario().stretches(instant(8, 5, 20), instant(11, 5, 8), SP))
    assert abertos == [(instant(9, 5, 8), instant(9, 5, 13))]
    assert Calendario().next_opening(instant(9, 5, 14), SP) == instant(11, 5, 8)


@pytest.mark.parametrize(
    ("telefone", "chave", "celular"),
    [
        pytest.param("+5531987654321", "3187654321", True, id="mobile"),
        pytest.param("553187654321", "3187654321", True, id="without the ninth digit"),
        pytest.param("+5555991234567", "5591234567", True, id="area code 55"),
        pytest.param("(31) 3333-4444", "3133334444", False, id="landline"),
        pytest.param("+5531931234567", "31931234567", True, id="a mobile that is no old line"),
    ],
)
def test_phone_keys(telefone: str, chave: str, celular: bool) -> None:  # noqa: FBT001 - a table's column
    assert phone_key(telefone) == chave
    assert is_celular(chave) is celular


@pytest.mark.parametrize("texto", [None, "", "não tem", "123", "+1 212 555 0100 99"])
def test_rubbish_is_no_phone(texto: str | None) -> None:
    assert phone_key(texto) is None
