"""Single cells: cleaned, read as dates and numbers, and masked before a person or a log sees them."""

import re
import unicodedata
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.telefone import mask_telefone

_INVISIVEIS: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_AUSENTES: Final = frozenset({"null", "none", "nan", "n/a", "-", "--", "\\n", "nulo", "#n/d", "#n/a"})
_AUSENTE_MAX: Final = max(map(len, _AUSENTES))

_DATA: Final = re.compile(
    r"(?:(?P<ano>[0-9]{4})-(?P<mes>[0-9]{2})-(?P<dia>[0-9]{2})|(?P<d>[0-9]{1,2})([/.-])(?P<m>[0-9]{1,2})\5(?P<a>[0-9]{4}))"
    r"(?:(?:T|,?\s+(?:[àa]s\s+)?)(?P<hora>[0-9]{1,2})[:h](?P<min>[0-9]{2})?(?::(?P<seg>[0-9]{2})(?:[.,][0-9]+)?)?h?"
    r"\s*(?P<fuso>Z|[+-][0-9]{2}:?[0-9]{2})?)?",
    re.IGNORECASE,
)
_HORA: Final = re.compile(r"([0-9]{1,2})(?:[:h]([0-9]{2})?)?(?::([0-9]{2}))?(?:\s*(?:h|hs|horas))?")
_MINUTOS: Final = re.compile(r"([0-9]{1,4})(?:[.,]0+)?\s*(?:min|minutos?)?\.?", re.IGNORECASE)
_CIENTIFICA: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+")
_INTEIRO_COM_ZEROS: Final = re.compile(r"([0-9]+)\.0+")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TELEFONES: Final = ("telefone", "telefone_2")
_SO_DATA: Final = re.compile(r"[0-9/:.,+ TZh-]+")
_CODIGO: Final = re.compile(r"\S{1,40}")
_MOSTRAVEIS: Final = {
    "nr_seq_agenda": re.compile(r"(?=.*[0-9])\S{1,40}"),
    "data_consulta": _SO_DATA,
    "hora_consulta": _SO_DATA,
    "agendado_em": _SO_DATA,
    "origem_versao": _SO_DATA,
    "duracao_min": _CODIGO,
    "chegar_antes_min": _CODIGO,
    "situacao_agenda": re.compile(r"\S{1,20}(?: \S{1,20})?"),
    "tipo": re.compile(r"\S{1,20}(?: \S{1,20})?"),
}
_ISO_MIN: Final = len("2026-10-05T14:30")
_EXCEL_EXATO: Final = 10**15  # beyond fifteen digits a spreadsheet's number is rounded


class ValorInvalido(ValueError):  # noqa: N818 - named for what happened
    """The cell does not say what its column needs; the text is a reason code."""


def clean(valor: object, *, limite: int, linhas: bool = False) -> tuple[str, bool]:
    """Return the text without what cannot be seen, and whether it had to be cut. `linhas` keeps line breaks."""
    texto = valor if isinstance(valor, str) else as_text(valor)
    if texto[:1] == "'" and texto[1:2] in _FORMULA:  # what `escape_formula` put there
        texto = texto[1:]
    if not (texto.isascii() and texto.isprintable()):
        texto = unicodedata.normalize("NFC", _INVISIVEIS.sub("", texto))
    if linhas and ("\n" in texto or "\r" in texto):
        texto = "\n".join(" ".join(linha.split()) for linha in texto.splitlines()).strip()
    else:
        texto = " ".join(texto.split())
    if len(texto) <= _AUSENTE_MAX and texto.lower() in _AUSENTES:
        return "", False
    return texto[:limite], len(texto) > limite


def escape_formula(texto: str) -> str:
    """Keep a spreadsheet from running what somebody typed as a name."""
    return f"'{texto}" if texto.startswith(_FORMULA) else texto


def as_text(valor: object) -> str:
    """Write a typed spreadsheet cell as the text a person saw."""
    if isinstance(valor, str):
        return valor
    match valor:
        case None:
            return ""
        case float() if valor.is_integer() and abs(valor) < _EXCEL_EXATO:
            return str(int(valor))
        case datetime() | date() | time():
            return valor.isoformat()
        case _:
            return str(valor)


def read_id(texto: str) -> str:
    """Return an identifier as it was, without the `.0` of a number column; rounded ones are refused."""
    if _CIENTIFICA.fullmatch(texto):
        raise ValorInvalido("id_notacao_cientifica")
    com_zeros = _INTEIRO_COM_ZEROS.fullmatch(texto)
    return com_zeros[1] if com_zeros else texto


def read_data(valor: object) -> datetime | date:
    """Return what was written: a datetime if it has an hour (naive without an offset), else a date."""
    match valor:
        case datetime():
            return (valor + timedelta(microseconds=500_000)).replace(microsecond=0)  # Excel's days are fractions
        case date():
            return valor
    texto = as_text(valor).strip()
    if len(texto) >= _ISO_MIN and texto[4] == texto[7] == "-":
        with suppress(ValueError):
            return datetime.fromisoformat(texto).replace(microsecond=0)
    partes = _DATA.fullmatch(texto)
    if partes is None:
        raise ValorInvalido("data_invalida")
    try:
        dia = date(
            int(partes["ano"] or partes["a"]), int(partes["mes"] or partes["m"]), int(partes["dia"] or partes["d"])
        )
        if partes["hora"] is None:
            return dia
        hora = time(int(partes["hora"]), int(partes["min"] or 0), int(partes["seg"] or 0))
        return datetime.combine(dia, hora, tzinfo=_offset(partes["fuso"]))
    except ValueError as error:
        raise ValorInvalido("data_invalida") from error


def _offset(fuso: str | None) -> timezone | None:
    if fuso is None:
        return None
    if fuso in "Zz":
        return UTC
    minutos = int(fuso[1:3]) * 60 + int(fuso[-2:])
    return timezone(timedelta(minutes=-minutos if fuso[0] == "-" else minutos))


def read_hora(valor: object) -> time:
    match valor:
        case datetime():
            return read_hora(valor.time())
        case time():
            return valor.replace(microsecond=0)
        case timedelta():
            return (datetime(1, 1, 1, tzinfo=UTC) + valor).time()
    partes = _HORA.fullmatch(as_text(valor).strip().lower())
    if partes is None:
        raise ValorInvalido("data_invalida")
    try:
        return time(int(partes[1]), int(partes[2] or 0), int(partes[3] or 0))
    except ValueError as error:
        raise ValorInvalido("data_invalida") from error


def to_utc(momento: datetime, zona: ZoneInfo) -> tuple[datetime, bool]:
    """Return the instant, and whether its local hour happened twice (then it is the first).

    A local hour skipped by daylight saving is refused: nobody can come at it.
    """
    if momento.tzinfo is not None:
        return momento.astimezone(UTC), False
    local = momento.replace(tzinfo=zona)
    if local.utcoffset() == local.replace(fold=1).utcoffset():
        return local.astimezone(UTC), False
    if local.astimezone(UTC).astimezone(zona).replace(tzinfo=None) != momento:
        raise ValorInvalido("horario_inexistente")
    return local.astimezone(UTC), True


def read_minutos(texto: str, maximo: int) -> int:
    partes = _MINUTOS.fullmatch(texto)
    if partes is None or int(partes[1]) > maximo:
        raise ValorInvalido("numero_invalido")
    return int(partes[1])


def is_email(texto: str) -> bool:
    return _EMAIL.fullmatch(texto) is not None


def mask(coluna: str, valor: object) -> str:
    """Show enough of a cell to find it in the file, and nothing of whom it speaks."""
    texto, _ = clean(valor, limite=60)
    if coluna in _TELEFONES:
        return mask_telefone(texto)
    mostravel = _MOSTRAVEIS.get(coluna)  # a name in the wrong column is still a name
    if mostravel and mostravel.fullmatch(texto):
        return texto
    return " ".join(f"{palavra[0]}***" for palavra in texto.split()[:4])
