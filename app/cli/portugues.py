"""Typer's own words in Portuguese: the titles of its help, and what it says of a wrong use."""

import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import typer
from rich.console import Console
from typer import rich_utils
from typer.exceptions import TyperException

_TITLES: Final = {
    "ARGUMENTS_PANEL_TITLE": "Argumentos",
    "OPTIONS_PANEL_TITLE": "Opções",
    "COMMANDS_PANEL_TITLE": "Comandos",
    "ERRORS_PANEL_TITLE": "Erro",
    "DEFAULT_STRING": "[padrão: {}]",
    "REQUIRED_LONG_STRING": "[obrigatório]",
}
_ADVICE: Final = (
    (re.compile(r"is not one of (.*?)\.?$"), "Use um destes: {0}."),
    (re.compile(r"does not match the format"), "Use uma data como 06/03/2026."),
    (re.compile(r"valid (?:integer|number)"), "Use um número."),
    (re.compile(r"greater than or equal to (\S+)"), "Use no mínimo {0}."),
    (re.compile(r"less than or equal to (\S+)"), "Use no máximo {0}."),
)
_NO_COMMAND: Final = re.compile(r"No such command '(.*)'\.")


def run_in_portuguese(app: typer.Typer) -> None:
    """Run the command line and leave with its exit code."""
    for name, title in _TITLES.items():
        setattr(rich_utils, name, title)
    try:
        code = app(standalone_mode=False)
    except typer.Abort:
        Console(stderr=True).print("Cancelado.")
        code = 1
    except TyperException as error:
        code = _tell(error)
    sys.exit(code)


def _tell(error: Any) -> int:
    context: Any = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return int(error.exit_code)  # the help was its text, and is on the screen already
    tell = _SENTENCES.get(type(error).__name__, _other)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(tell(error), markup=False)
    if context is not None:
        console.print(f"Veja `{context.command_path} --help`.", markup=False)
    return int(error.exit_code)


def _missing(error: Any) -> str:
    return f"Falta informar {_hint(error)}."


def _bad(error: Any) -> str:
    found = next(
        (advice.format(*match.groups()) for pattern, advice in _ADVICE if (match := pattern.search(error.message))), ""
    )
    return f"O valor de {_hint(error)} não serve. {found}".rstrip()


def _other(error: Any) -> str:
    found = _NO_COMMAND.search(error.format_message())
    if found:
        return f"O comando {found[1]} não existe."
    return str(error.format_message())


def _hint(error: Any) -> str:
    return str(error.param_hint or error.param.get_error_hint()).replace("'", "")


_SENTENCES: Final[Mapping[str, Callable[[Any], str]]] = {
    "MissingParameter": _missing,
    "BadParameter": _bad,
    "NoSuchOption": lambda error: f"A opção {error.option_name} não existe.",
    "BadOptionUsage": lambda error: f"A opção {error.option_name} precisa de um valor.",
    "BadArgumentUsage": lambda error: f"Argumentos errados: {error.message}",
}
