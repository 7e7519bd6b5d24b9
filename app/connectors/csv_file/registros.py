"""Rows of a text file: quotes, broken quotes, and lines that must not take their neighbours with them."""

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, TextIO

from app.connectors.csv_file.celulas import as_text
from app.connectors.csv_file.limites import Limites

SEPARADORES: Final = (";", ",", "\t")
_ILEGIVEL: Final = re.compile("[\udc80-\udcff\ufffd]")  # what undecodable bytes became


@dataclass(frozen=True, slots=True)
class Registro:
    """One row as it stands in the source; `problema` is a reason code when its cells cannot be trusted."""

    linha: int
    celulas: list[object]
    problema: str | None = None

    @property
    def originais(self) -> tuple[str, ...]:
        return tuple(map(as_text, self.celulas))

    def is_blank(self) -> bool:
        return all(celula == "" or not as_text(celula).strip() for celula in self.celulas)


class _QuoteNeverClosed(Exception):  # noqa: N818 - leaves this module as a `problema`
    pass


class _LineTooLong(Exception):  # noqa: N818 - leaves this module as a `problema`
    pass


def read_lines(texto: TextIO, limites: Limites) -> Iterator[str]:
    """Yield physical lines; of one beyond the limit only the beginning, one character too long to pass."""
    while linha := texto.readline(limites.linha + 1):
        resto = linha
        while len(resto) > limites.linha and resto[-1] not in "\r\n":
            resto = texto.readline(limites.linha + 1)
        yield linha


class Registros:
    """Read CSV records one by one, as lenient as spreadsheets are.

    A quote that is never closed would swallow the rest of the file: a record over several lines
    that ends in no good shape gives up its first line alone, and reading goes on with the next.
    """

    def __init__(self, linhas: Iterator[str], separador: str, limites: Limites, *, largura: int | None = None) -> None:
        self._linhas = linhas
        self._separador = separador
        self._limites = limites
        self._largura = largura
        self._devolvidas: deque[str] = deque()
        self._usadas: list[str] = []
        self._acabou = False
        self._numero = 0
        self._leitor = self._new_reader()

    def __iter__(self) -> Iterator[Registro]:
        return self

    def __next__(self) -> Registro:
        self._usadas.clear()
        self._acabou = False
        primeira = self._numero + 1
        try:
            celulas = next(self._leitor)
        except _LineTooLong:
            return self._give_up(primeira, "linha_longa")
        except (_QuoteNeverClosed, csv.Error):
            return self._give_up(primeira, "aspas_abertas")
        if self._is_broken(celulas):
            return self._give_up(primeira, "aspas_abertas")
        return Registro(primeira, list[object](celulas), self._problem())

    def _new_reader(self) -> Iterator[list[str]]:
        return csv.reader(self._feed(), delimiter=self._separador)

    def _feed(self) -> Iterator[str]:
        while True:
            if self._devolvidas:
                linha = self._devolvidas.popleft()
            elif (lida := next(self._linhas, None)) is not None:
                linha = lida
            else:
                self._acabou = True
                return
            self._numero += 1
            self._usadas.append(linha)
            if len(linha) > self._limites.linha:
                raise _LineTooLong
            if len(self._usadas) > self._limites.linhas_por_registro:
                raise _QuoteNeverClosed
            yield linha

    def _is_broken(self, celulas: list[str]) -> bool:
        if self._acabou:  # the reader asked for one more line and there was none
            return True
        if len(self._usadas) == 1 or self._largura is None:
            return False
        return len(celulas) != self._largura or not self._closes_cleanly()

    def _closes_cleanly(self) -> bool:
        """Tell whether each closing quote ends its cell: else it was the next row's opening one."""
        try:
            next(csv.reader(self._usadas, delimiter=self._separador, strict=True))
        except csv.Error:
            return False
        return True

    def _give_up(self, primeira: int, problema: str) -> Registro:
        usadas = self._usadas
        if problema == "linha_longa" and len(usadas) > 1:  # the long line came while a quote was open
            problema = "aspas_abertas"
        self._devolvidas.extendleft(reversed(usadas[1:]))
        self._numero = primeira
        self._leitor = self._new_reader()
        return Registro(primeira, [usadas[0][:200].rstrip("\r\n")], problema)

    def _problem(self) -> str | None:
        for linha in self._usadas:
            if "\0" in linha:
                return "caracteres_invalidos"
            if not linha.isascii() and _ILEGIVEL.search(linha):
                return "codificacao_invalida"
        return None


def first_records(linhas: list[str], separador: str, limites: Limites, *, quantos: int) -> list[Registro]:
    registros = Registros(iter(linhas), separador, limites)
    return list(islice((registro for registro in registros if not registro.is_blank()), quantos))
