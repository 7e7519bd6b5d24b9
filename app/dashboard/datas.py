"""How templates write times, phones and numbers, in Brazilian Portuguese."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

_DIAS: Final = (
    "segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo",
)  # fmt: skip
_MESES: Final = (
    "janeiro", "fevereiro", "março", "abril", "maio", "junho",
    "julho", "agosto", "setembro", "outubro", "novembro", "dezembro",
)  # fmt: skip
_BRASIL: Final = re.compile(r"\+55(\d\d)(\d{4,5})(\d{4})")


def day_long(day: date) -> str:
    return f"{_DIAS[day.weekday()].capitalize()}, {day.day} de {_MESES[day.month - 1]}"


def weekday_short(day: date) -> str:
    return _DIAS[day.weekday()][:3]


def day_short(day: date) -> str:
    return f"{day:%d/%m}"


def hour(instant: datetime, zona: ZoneInfo) -> str:
    return f"{instant.astimezone(zona):%H:%M}"


def moment(instant: datetime, zona: ZoneInfo) -> str:
    local = instant.astimezone(zona)
    return f"{weekday_short(local)} {local:%d/%m}, {local:%H:%M}"


def moment_long(instant: datetime, zona: ZoneInfo) -> str:
    local = instant.astimezone(zona)
    return f"{day_long(local.date())} de {local.year}, às {local:%H:%M}"


def phone(number: str | None) -> str:
    if number is None:
        return ""
    brazilian = _BRASIL.fullmatch(number)
    return f"({brazilian[1]}) {brazilian[2]}-{brazilian[3]}" if brazilian else number


def count(number: int) -> str:
    return f"{number:,}".replace(",", ".")


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "dia_longo": day_long,
    "dia_semana": weekday_short,
    "dia_curto": day_short,
    "hora": hour,
    "momento": moment,
    "momento_longo": moment_long,
    "telefone": phone,
    "numero": count,
}
