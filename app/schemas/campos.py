"""Tolerant field types for calls whose body a hospital typed by hand."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import BeforeValidator

_PLACEHOLDER: Final = re.compile(r"=?\{[^{}]*\}|=?\{\{[^{}]*\}\}")
_ABSENT: Final = frozenset({"", "none", "null", "undefined"})
_BIGINT_MAX: Final = 2**63 - 1
_MILLISECONDS: Final = 100_000_000_000
"""Epoch numbers above this are milliseconds: as seconds they would be past the year 5000."""


def is_absent(texto: str) -> bool:
    """Tell whether a value is empty or a variable nobody filled in."""
    aparado = texto.strip()
    return aparado.lower() in _ABSENT or _PLACEHOLDER.fullmatch(aparado) is not None


def clean_text(texto: str) -> str:
    """Drop what PostgreSQL cannot store: NUL and half surrogate pairs."""
    return texto.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _scalar(valor: object) -> str | None:
    if valor is None:
        return None
    if isinstance(valor, float) and valor.is_integer():
        valor = int(valor)
    if isinstance(valor, bool) or not isinstance(valor, str | int):
        raise ValueError("texto ou número")  # noqa: TRY004 - pydantic collects ValueError only
    return clean_text(str(valor))


def _texto(valor: object) -> str | None:
    texto = _scalar(valor)
    return None if texto is None or is_absent(texto) else texto.strip()


def _inteiro(valor: object) -> int | None:
    """Count an id that is no id as absent: the answer it came with must not be lost."""
    texto = _texto(valor)
    if texto is None or not (texto.isascii() and texto.isdigit()):
        return None
    numero = int(texto) if len(texto) <= len(str(_BIGINT_MAX)) else 0
    return numero if 0 < numero <= _BIGINT_MAX else None


def _instante(valor: object) -> datetime | None:
    """ISO 8601 with a zone, or epoch seconds or milliseconds; anything else is absent."""
    texto = _texto(valor)
    if texto is None:
        return None
    try:
        if texto.isascii() and texto.isdigit():
            epoch = int(texto)
            return datetime.fromtimestamp(epoch / 1000 if epoch > _MILLISECONDS else epoch, UTC)
        quando = datetime.fromisoformat(texto)
        return quando.astimezone(UTC) if quando.tzinfo else None
    except (ValueError, OverflowError, OSError):
        return None


def _escrito(valor: object) -> str | None:
    """Keep what a person wrote whole, unless it is a variable nobody filled in."""
    texto = _scalar(valor)
    return None if texto is None or is_absent(texto) else texto


Texto = Annotated[str | None, BeforeValidator(_texto)]
Escrito = Annotated[str | None, BeforeValidator(_escrito)]
Inteiro = Annotated[int | None, BeforeValidator(_inteiro)]
Instante = Annotated[datetime | None, BeforeValidator(_instante)]
