"""What the local model looks at in a reply: words, letters, and what the grammar makes of both."""

from typing import Final

from app.domain.resposta.gramatica import partes_of, symbols_of
from app.domain.resposta.tipos import Texto

MAX_LETRAS: Final = 300
_MAX_PALAVRAS: Final = 60
_PALAVRAS: Final = range(1, 4)
_LETRAS: Final = range(2, 6)
_SIMBOLOS: Final = range(1, 5)
_PARTES: Final = range(1, 4)

Blocos = tuple[list[str], ...]
"""One list of terms a block; each block weighs the same, however many terms it has."""

BLOCOS: Final = ("palavras", "letras", "simbolos", "partes")


def blocks_of(texto: Texto) -> Blocos:
    """Return the terms of each block of `BLOCOS`, repetitions included; bounded, whatever was written."""
    palavras = texto.corrido.split()[:_MAX_PALAVRAS]
    simbolos = symbols_of(texto.palavras[:_MAX_PALAVRAS])
    partes = [parte.name for parte in partes_of(simbolos)]
    return (
        _runs(["^", *palavras, "$"], _PALAVRAS),
        _letters(palavras),
        _cuts(simbolos, _SIMBOLOS),
        _runs(["^", *partes, "$"], _PARTES),
    )


def _runs(palavras: list[str], tamanhos: range) -> list[str]:
    return [" ".join(palavras[i : i + n]) for n in tamanhos for i in range(len(palavras) - n + 1)]


def _cuts(texto: str, tamanhos: range) -> list[str]:
    return [texto[i : i + n] for n in tamanhos for i in range(len(texto) - n + 1)]


def _letters(palavras: list[str]) -> list[str]:
    """Return the runs of letters inside each word, its borders marked by blanks."""
    termos: list[str] = []
    restam = MAX_LETRAS
    for palavra in palavras:
        marcada = f" {palavra[:restam]} "
        restam -= len(palavra)
        termos += _cuts(marcada, _LETRAS)
        if restam <= 0:
            break
    return termos
