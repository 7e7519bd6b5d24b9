"""A channel's stored configuration and credentials, read key by key; ValueError names, in Portuguese, the wrong one."""

from collections.abc import Iterable, Mapping
from typing import Final

_MOST_DIGITS: Final = 18  # what a bigint surely holds: a longer one is no setting


def refuse_unknown(config: Mapping[str, object], known: Iterable[str]) -> None:
    """Refuse keys that nothing reads: a misspelt setting would be ignored in silence."""
    unknown = set(config) - set(known)
    if unknown:
        raise ValueError(f"configuração desconhecida: {', '.join(sorted(unknown))}")


def read_text(config: Mapping[str, object], key: str) -> str | None:
    """Return a text without the spaces around it; None where it is missing or empty."""
    value = config.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"{key}: informe um texto")  # noqa: TRY004 - one error kind for a wrong setting
    return value.strip() or None


def read_number(config: Mapping[str, object], key: str) -> int | None:
    """Return a whole number, also where it was typed as text; None where it is missing or empty."""
    value = config.get(key)
    if value is None or value == "":
        return None
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        raise ValueError(f"{key}: informe um número inteiro")
    return int(text)


def read_number_or(config: Mapping[str, object], key: str, default: int) -> int:
    """Return the number, and `default` only where none was given: a zero is a number."""
    number = read_number(config, key)
    return default if number is None else number


def read_switch(config: Mapping[str, object], key: str, *, default: bool = False) -> bool:
    value = config.get(key)
    if value is None or value == "":
        return default
    if not isinstance(value, bool):
        raise ValueError(f"{key}: informe true ou false")  # noqa: TRY004 - one error kind for a wrong setting
    return value


def read_secret(credentials: Mapping[str, str], key: str, hint: str) -> str:
    """Return a credential that can stand in a header: printable ASCII; else ValueError with `hint`."""
    value = credentials.get(key, "").strip()
    if not value or not value.isascii() or not value.isprintable():
        raise ValueError(f"{key}: {hint}")
    return value
