"""The rows that did not go in, as they came, with the reason beside each: to be corrected and sent again."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TextIO

from app.connectors.base import LinhaRejeitada
from app.connectors.csv_file.celulas import escape_formula

_SUFIXOS: Final = (".gz", ".csv", ".tsv", ".txt", ".xlsx", ".xlsm")


def rejects_path(arquivo: Path) -> Path:
    """Return the name beside the input: `agenda.csv.gz` gives `agenda_rejeitados.csv`."""
    nome = arquivo.name
    for sufixo in _SUFIXOS:
        nome = nome[: -len(sufixo)] if nome.lower().endswith(sufixo) else nome
    return arquivo.with_name(f"{nome}_rejeitados.csv")


class RejectsWriter:
    """Create the file at the first row, readable by its owner alone: it holds names and phones.

    Columns are the source's own, so the corrected file goes in again as it is; cells that a
    spreadsheet would run as formulas are escaped, and reading takes the escape off.
    """

    def __init__(self, destino: Path, cabecalho: Sequence[str]) -> None:
        self.destino = destino
        self.linhas = 0
        self._cabecalho = tuple(cabecalho)
        self._arquivo: TextIO | None = None

    def write(self, rejeitada: LinhaRejeitada) -> None:
        arquivo = self._arquivo
        if arquivo is None:
            arquivo = self._arquivo = self._create()
            _put(arquivo, ["motivo", "mensagem", *self._cabecalho])  # in front: the row may be too long
        _put(arquivo, [rejeitada.motivo, rejeitada.mensagem, *rejeitada.celulas])
        self.linhas += 1

    def close(self) -> None:
        if self._arquivo is not None:
            self._arquivo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _create(self) -> TextIO:
        sem_seguir = getattr(os, "O_NOFOLLOW", 0)
        descritor = os.open(self.destino, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | sem_seguir, 0o600)
        return os.fdopen(descritor, "w", encoding="utf-8-sig", errors="replace", newline="")


def _put(arquivo: TextIO, celulas: Sequence[str]) -> None:
    csv.writer(arquivo, delimiter=";").writerow([escape_formula(celula) for celula in celulas])
