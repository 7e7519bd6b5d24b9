"""The one place that writes: tables for people, one JSON object for scripts, notes on standard error."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

_NARROW: Final = 100  # a file or a pipe has no width of its own


class Tela:
    """What a command shows, and in which of the two ways."""

    def __init__(self, *, em_json: bool) -> None:
        """`em_json`: one object on standard output and nothing else there."""
        self.em_json = em_json
        self.erros = Console(stderr=True, highlight=False, soft_wrap=True)
        self._console = Console(highlight=False)
        if not self._console.is_terminal:
            self._console = Console(highlight=False, width=max(_NARROW, self._console.width))

    def show(self, objeto: Mapping[str, Any] | BaseModel, *blocos: RenderableType | None) -> None:
        """Show the object to a script, or the blocks (those there are) to a person."""
        if self.em_json:
            self.write_json(objeto)
            return
        for bloco in blocos:
            if bloco is not None:
                self._console.print(bloco, markup=False)

    def write_json(self, objeto: Mapping[str, Any] | BaseModel) -> None:
        clear = objeto.model_dump(mode="json") if isinstance(objeto, BaseModel) else objeto
        print(json.dumps(clear, ensure_ascii=False, default=_plain))

    def note(self, texto: str) -> None:
        """Say something beside the result: on standard error."""
        self.erros.print(texto, markup=False)


def table(titulo: str | None, colunas: Sequence[str], linhas: Iterable[Sequence[Any]]) -> Table:
    """Return a table of plain texts; nothing in a cell is markup."""
    built = Table(title=titulo, title_justify="left", title_style="bold")
    for coluna in colunas:
        built.add_column(coluna, overflow="fold")
    for linha in linhas:
        built.add_row(*(_cell(valor) for valor in linha))
    return built


def facts(titulo: str | None, pares: Mapping[str, Any]) -> Table:
    """Return names and values, one below the other."""
    built = Table(title=titulo, title_justify="left", title_style="bold", show_header=False, box=None)
    built.add_column(style="dim", no_wrap=True)
    built.add_column(overflow="fold")
    for nome, valor in pares.items():
        built.add_row(nome, _cell(valor))
    return built


def local(instante: datetime | None, zona: ZoneInfo) -> str:
    """Write an instant as the hospital's clock shows it."""
    return instante.astimezone(zona).strftime("%d/%m/%Y %H:%M") if instante else "—"


def _cell(valor: Any) -> Any:
    match valor:
        case None | "":
            return Text("—")
        case bool():
            return Text("sim" if valor else "não")
        case _:
            return Text(str(valor))


def _plain(valor: object) -> object:
    match valor:
        case datetime() | date():
            return valor.isoformat()
        case BaseModel():
            return valor.model_dump(mode="json")
        case _:
            return str(valor)
