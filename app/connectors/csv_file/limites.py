"""How much a file may ask of us before it is refused: uploads are strangers' input."""

from dataclasses import dataclass
from typing import Final

_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limites:
    arquivo: int = 20 * _MIB
    descomprimido: int = 200 * _MIB
    entradas: int = 2_000  # files inside one XLSX
    celulas: int = 6_000_000  # a sheet is held as a rectangle: one cell far away would cost gigabytes
    colunas: int = 1_000
    linhas: int = 1_000_000
    linha: int = 64 * 1024  # characters of one line of text; the csv module's own field limit is twice that
    linhas_por_registro: int = 50  # line breaks inside quotes, before the quote counts as never closed


LIMITES: Final = Limites()
