"""The ids of other people's systems, which may be anything at all until they are read here."""

from typing import Final

from app.schemas.campos import clean_text

_LONGEST: Final = 200
_HUGE: Final = 10**18


def read_id(value: object) -> str | None:
    """Return an id, or a number as one; None for what is no gateway's: longer than any, or not to be printed.

    It is looked for in the database, stands in addresses and is shown: there a NUL or a megabyte stops everything else
    that came with it.
    """
    text = _plain(value).strip()
    return text if 0 < len(text) <= _LONGEST and text.isprintable() else None


def read_name(value: object) -> str | None:
    """Return what an event is called, whatever its length: it is hashed before it is kept."""
    return clean_text(_plain(value)).strip() or None


def read_code(value: object) -> int | None:
    """Return a gateway's number for a failure; one of more digits than any has is none."""
    text = read_id(value)
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= 9 else None  # noqa: PLR2004


def _plain(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < _HUGE else ""
    return value if isinstance(value, str) else ""
