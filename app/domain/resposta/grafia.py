"""Misspelt words brought back to words of the lexicon, or left alone when that would be a guess."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from app.domain.resposta.lexico import ABREVIATURAS, COM_CEDILHA, CORRIGIVEIS, LOCUCOES, PALAVRAS

_MIN_SOM: Final = 3
_MIN_ERRO: Final = 6  # shorter words have too many true neighbours: posso/passo, vamos/vemos
_MIN_TROCA: Final = 5
_MAX_PALAVRA: Final = 24

# How Portuguese is written by ear: one letter per sound, whatever the spelling.
_SONS: Final = tuple(
    (re.compile(padrao), som)
    for padrao, som in (
        (r"ç", "s"),
        (r"sc(?=[ei])", "s"),
        (r"c(?=[eiy])", "s"),
        (r"qu(?=[eiy])|[ckq]", "k"),
        (r"lh", "li"),
        (r"ph", "f"),
        (r"h", ""),
        (r"y", "i"),
        (r"w", "u"),
        (r"z", "s"),
        (r"m(?=$|[^aeiou])", "n"),
        (r"(.)\1+", r"\1"),
        (r"ou", "o"),
        (r"e$", "i"),
        (r"u$", "o"),
    )
)
_ACENTOS: Final = str.maketrans("áàâãéêíóôõúü", "aaaaeeiooouu")
_ALONGADA: Final = re.compile(r"(.)\1{2,}")


def sound_of(palavra: str) -> str:
    """Return the word as it sounds; equal sounds are taken for one word."""
    som = palavra.translate(_ACENTOS)
    for padrao, troca in _SONS:
        som = padrao.sub(troca, som)
    return som


# Forms of one verb that the grammar treats alike when alone: a typo between them is no ambiguity.
_MESMO_SENTIDO: Final = {"d": "X", "c": "X", "G": "K", "C": "K", "B": "K"}


def _meaning(palavra: str) -> str:
    """Return what tells two words apart: their symbol, or themselves when only phrases hold them."""
    simbolo = PALAVRAS.get(palavra, palavra)
    return _MESMO_SENTIDO.get(simbolo, simbolo)


def _preference(palavra: str) -> tuple[bool, str]:
    return palavra.endswith("r"), palavra


def _unambiguous(pares: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Map each key to its word, unless words of different meaning share the key."""
    por_chave: defaultdict[str, set[str]] = defaultdict(set)
    for chave, palavra in pares:
        por_chave[chave].add(palavra)
    return {
        chave: max(palavras, key=_preference)
        for chave, palavras in por_chave.items()
        if len({_meaning(palavra) for palavra in palavras}) == 1
    }


def _cuts(palavra: str) -> Iterator[str]:
    """Yield the word and what remains of it without each of its letters."""
    yield palavra
    for indice in range(len(palavra)):
        yield palavra[:indice] + palavra[indice + 1 :]


# Words that occur only inside phrases ("gentileza", "abençoe") are words all the same.
_SOLTAS: Final = frozenset(p for grupo in LOCUCOES.values() for locucao, _ in grupo for p in locucao if p.isalpha())
_VOCABULARIO: Final = frozenset(PALAVRAS) | _SOLTAS
_POR_SOM: Final = _unambiguous(
    (som, p) for p in _VOCABULARIO if len(som := sound_of(COM_CEDILHA.get(p, p))) >= _MIN_SOM
)


def _index_cuts() -> Mapping[str, frozenset[str]]:
    indice: defaultdict[str, set[str]] = defaultdict(set)
    for palavra in CORRIGIVEIS:
        for corte in _cuts(palavra):
            indice[corte].add(palavra)
    return {corte: frozenset(palavras) for corte, palavras in indice.items()}


_PALAVRAS_POR_CORTE: Final = _index_cuts()


def _is_one_error(digitada: str, palavra: str) -> bool:
    """Tell whether one letter missing, added, changed or swapped with its neighbour explains the typing."""
    if len(digitada) == len(palavra):
        diferentes = [i for i, (a, b) in enumerate(zip(digitada, palavra, strict=True)) if a != b]
        if len(diferentes) == 1:
            return len(palavra) >= _MIN_ERRO
        return (
            len(diferentes) == 2  # noqa: PLR2004
            and diferentes[1] == diferentes[0] + 1
            and digitada[diferentes[0]] == palavra[diferentes[1]]
            and digitada[diferentes[1]] == palavra[diferentes[0]]
        )
    return len(palavra) >= _MIN_ERRO  # lengths differ by one and they share a cut


def _nearest(digitada: str) -> str | None:
    if not _MIN_TROCA <= len(digitada) <= _MAX_PALAVRA:
        return None  # and the first letter must be right: people rarely miss it, and "andar" is not "mandar"
    candidatas = {
        palavra
        for corte in _cuts(digitada)
        for palavra in _PALAVRAS_POR_CORTE.get(corte, ())
        if palavra[0] == digitada[0] and abs(len(palavra) - len(digitada)) <= 1 and _is_one_error(digitada, palavra)
    }
    if digitada.endswith("r"):  # "desmarcr" is an infinitive, whatever else is one letter away
        candidatas = {palavra for palavra in candidatas if palavra.endswith("r")} or candidatas
    return max(candidatas, key=_preference) if len({_meaning(palavra) for palavra in candidatas}) == 1 else None


def correct_palavra(dobrada: str, minuscula: str) -> str:
    """Return the lexicon's word for what was typed, or what was typed without accents.

    `dobrada` is the word without accents, `minuscula` with them: "ç" tells a sound that "c" does not.
    """
    if abreviada := ABREVIATURAS.get(dobrada):
        return abreviada
    if dobrada in _VOCABULARIO or not dobrada.isascii() or len(dobrada) > _MAX_PALAVRA:
        return dobrada
    curta = _ALONGADA.sub(r"\1", dobrada)
    if curta != dobrada:
        return correct_palavra(curta, curta)
    return _POR_SOM.get(sound_of(minuscula)) or _nearest(dobrada) or dobrada
