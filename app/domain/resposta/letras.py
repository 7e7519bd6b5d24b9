"""Answers to a question that named several visits by letters: "A sim, B não"."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from app.domain.resposta.normalizacao import normalize_resposta
from app.domain.resposta.tipos import Intencao, Palavra, words

_SO: Final = words("so somente apenas")
# y: a yes, n: a no, s: "só"; letters stand for themselves in capitals; anything not listed ends the reading.
_VERBOS: Final[Mapping[tuple[str, ...], str]] = {
    tuple(locucao.split("_")): simbolo
    for simbolo, locucoes in {
        "s": "so somente apenas",
        "y": """
            sim 1 01 ok confirmo confirma confirmar confirmado confirmada vou irei posso comparecerei emojisim
            pode_confirmar quero_confirmar vou_sim posso_ir vou_poder_ir com_certeza
        """,
        "n": """
            nao 0 00 zero cancela cancelar cancelo cancele desmarca desmarcar desmarco emojinao nao_vou
            nao_posso nao_confirmo nao_quero nao_irei nao_consigo nao_vou_poder nao_vou_poder_ir nao_posso_ir
            nao_consigo_ir nao_vou_conseguir nao_vou_conseguir_ir vou_nao nao_da nao_#da nao_vai nao_poderei
            nao_poderei_ir pode_cancelar quero_cancelar vou_cancelar pode_desmarcar quero_desmarcar
        """,
    }.items()
    for locucao in locucoes.split()
}
_TAMBEM_PALAVRAS: Final = frozenset("ACDEO")
_NUNCA_LETRAS: Final = frozenset("eo")  # in small letters these two are always words
_DEPOIS_DA_LETRA: Final = frozenset(chave[0] for chave in _VERBOS) | {".", "e"}
_TAMANHOS: Final = (4, 3, 2, 1)
_RECHEIO: Final = words(
    """
    a o as os na no da do de para consulta consultas exame exames letra opcao item mas ja por favor obrigada
    obrigado bom boa dia tarde noite oi ola moca emojineutro eu
"""
)
# Two letters together ("A B") are a list only when joined by "e" or a comma.
_LETRA_PRIMEIRO: Final = re.compile(r"(?:[A-Z](?:\+[A-Z])*(?:y+|n+))+")
_VERBO_PRIMEIRO: Final = re.compile(r"(?:(?:y+|n+)[A-Z](?:\+[A-Z])*)+")
_SO_ALGUMAS: Final = re.compile(r"(?:s[A-Z](?:\+[A-Z])*y?|(?:sy+|y+s)[A-Z](?:\+[A-Z])*|[A-Z](?:\+[A-Z])*s)")
_GRUPO: Final = re.compile(r"[A-Z](?:\+[A-Z])*|y+|n+")
_COLADA: Final = re.compile(r"(?<![^\W_])([A-Za-z])([01])(?![^\W_])")
_MAX_CARACTERES: Final = 300


def read_por_letra(texto: str, letras: Sequence[str]) -> Mapping[str, Intencao] | None:
    """Return what each named visit gets, or None unless every statement is plain.

    A letter left out gets nothing: "só a A" confirms A and leaves the others asked. A "1" or
    "sim" without letters is None: it speaks of all visits, and `read_resposta` reads it.
    """
    pronto = normalize_resposta(_split_colada(texto[:_MAX_CARACTERES]))
    if pronto.cortado or len(texto) > _MAX_CARACTERES or "?" in pronto.corrido:
        return None
    simbolos = _symbols(pronto.palavras, frozenset(letra.upper() for letra in letras))
    if simbolos is None:
        return None
    if _SO_ALGUMAS.fullmatch(simbolos):
        return dict.fromkeys(re.findall(r"[A-Z]", simbolos), Intencao.CONFIRM)
    if _may_be_word(simbolos, pronto.palavras):
        return None
    if _LETRA_PRIMEIRO.fullmatch(simbolos):
        return _assign(_GRUPO.findall(simbolos))
    if _VERBO_PRIMEIRO.fullmatch(simbolos):
        return _assign(_GRUPO.findall(simbolos)[::-1])
    return None


def _may_be_word(simbolos: str, palavras: Sequence[Palavra]) -> bool:
    """Tell whether the only letter may be a word: "a sim" is an "ah, sim"."""
    nomes = re.findall(r"[A-Z]", simbolos)
    if len(nomes) != 1 or nomes[0] not in _TAMBEM_PALAVRAS:
        return False
    return not any(palavra.maiuscula and palavra.digitada.upper() == nomes[0] for palavra in palavras)


def _split_colada(texto: str) -> str:
    """Part "A1" and "B0", which people write in one."""
    return _COLADA.sub(r"\1 \2", texto)


def _assign(grupos: Sequence[str]) -> Mapping[str, Intencao] | None:
    """Pair each group of letters with the verb after it; a letter said twice makes the answer doubtful."""
    por_letra: dict[str, Intencao] = {}
    for nomes, verbo in zip(grupos[::2], grupos[1::2], strict=True):
        intencao = Intencao.CONFIRM if verbo.startswith("y") else Intencao.CANCEL
        for letra in nomes.split("+"):
            if letra in por_letra:
                return None
            por_letra[letra] = intencao
    return por_letra


def _symbols(palavras: Sequence[Palavra], letras: frozenset[str]) -> str | None:
    partes: list[str] = []
    indice = 0
    while indice < len(palavras):
        tamanho, simbolo = _at(palavras, indice, letras)
        if simbolo is None:
            return None
        partes.append(simbolo)
        indice += tamanho
    # ":" (an "e", a comma) makes a list of the letters on both its sides, and is nothing elsewhere
    return re.sub(r"(?<=[A-Z]):+(?=[A-Z])", "+", "".join(partes)).replace(":", "")


def _at(palavras: Sequence[Palavra], indice: int, letras: frozenset[str]) -> tuple[int, str | None]:
    """Return how many words the next symbol takes, and the symbol: None for a word not understood."""
    if letra := _letter(palavras, indice, letras):
        return 1, letra
    for tamanho in _TAMANHOS:
        trecho = tuple(palavra.texto for palavra in palavras[indice : indice + tamanho])
        if len(trecho) == tamanho and trecho in _VERBOS:
            return tamanho, _VERBOS[trecho]
    texto = palavras[indice].texto
    if texto in {".", "e"}:
        return 1, ":"
    return 1, "" if texto in _RECHEIO else None


def _letter(palavras: Sequence[Palavra], indice: int, letras: frozenset[str]) -> str | None:
    """Return the letter at `indice`, unless it may be the article "a", the "e" that joins, or an abbreviation."""
    palavra = palavras[indice]
    letra = palavra.digitada.upper()
    if letra not in letras:
        return None
    seguinte = palavras[indice + 1] if indice + 1 < len(palavras) else None
    before_letter = seguinte is not None and seguinte.digitada.upper() in letras
    if letra not in _TAMBEM_PALAVRAS or (palavra.maiuscula and indice > 0 and not before_letter):
        return letra
    if palavra.digitada in _NUNCA_LETRAS:
        return None
    if seguinte is None:
        return letra if palavra.maiuscula or palavras[indice - 1].texto in _SO else None
    return letra if seguinte.texto in _DEPOIS_DA_LETRA else None
