"""How words in a row become statements: words to symbols, symbols to statements, nothing left unexplained."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from typing import Final

from app.domain.resposta.lexico import LOCUCOES, PALAVRAS
from app.domain.resposta.nomes import is_nome
from app.domain.resposta.tipos import Palavra


class Parte(Enum):
    """What one stretch of a reply states."""

    CONFIRMA = auto()  # says they come
    CONFIRMA_FIRME = auto()  # says it so that a "não" before it cannot turn it: "não, eu vou sim"
    NEGA = auto()  # says they do not come: "não vou poder ir"
    CANCELA = auto()  # asks to cancel
    SIM = auto()
    OK = auto()
    NAO = auto()
    UM = auto()
    ZERO = auto()
    CANCELADA = auto()  # "cancelado", which may also be what the hospital did
    NAO_CONFIRMA = auto()  # "não quero confirmar": against a yes, but not yet a cancellation
    NAO_REMARCA = auto()
    MOTIVO = auto()
    CIENTE = auto()
    PESAR = auto()
    MAS = auto()
    CORRIGE = auto()
    TEMPO = auto()
    NEUTRO = auto()
    PAUSA = auto()
    VETO = auto()


# After a verb that may still take another one, only these may follow: "vou" is a yes, "vou pensar" is not.
_FIM: Final = r"(?=[Y.be?toSsWZRaw]|$)"
_PREFIXO: Final = r"(?:[YSBC]ye*)?"

# The first pattern that fits wins, so longer and more particular ones come first. Filler is already gone.
_PADROES: Final[tuple[tuple[Parte, str], ...]] = (
    (Parte.VETO, r"[Xdcx][toe.]*x|[GXdKC]N|N[GKC]|NX|N[wp][Xd]|p[XK]|v[XK]x|(?:^|(?<=[.b]))[at]+e*[BKGH]|[cD][XdFx]"),
    # "não vou faltar", "não precisa cancelar", "não tem como não ir", "jamais faltaria"
    (
        Parte.CONFIRMA_FIRME,
        rf"{_PREFIXO}e*N(?:[vpq]e*[FL]|vw?F|v[DXd]|q[Xd]|Q[Xd]|qD|f|z|pe*Ni|d)N?[JY]*(?=[^iFXKLDkr]|$)",
    ),
    (Parte.CONFIRMA_FIRME, r"J(?:e*vF|e*f)|Ee*f|M[XFD]|I(?:Ni|F)"),
    (Parte.NAO_REMARCA, r"N[vqQ]kN?"),
    (Parte.NAO_CONFIRMA, r"N[vq][KG]"),
    # "não vou poder ir", "confirmo que não vou", "vou não", "quero ir não"
    (Parte.NEGA, rf"{_PREFIXO}e*N+v(?:m|m?[Pw]m?e*i?|m?i|mn|nm)?m?e*N?J?{_FIM}"),
    (Parte.NEGA, rf"{_PREFIXO}e*N+(?:Am?i?|pm?e*P?i?|we*i)m?N?J?{_FIM}"),
    (Parte.NEGA, rf"{_PREFIXO}e*N+(?:q(?:mi?|i|o|mo)|nm[io]*)N?{_FIM}"),
    (Parte.NEGA, rf"e*(?:v(?:m|[Pw]i?|i)?|A|[pqw]i|p|qm)N{_FIM}"),
    (Parte.NEGA, rf"{_PREFIXO}e*(?:vF|nF|z|vD|Ii){_FIM}"),
    (Parte.CANCELA, rf"NB{_FIM}"),
    (Parte.CANCELA, r"Y*(?:[wqgn]|[qg]\.?y)?(?:Xo*|do*|ym?d)Y*(?=[^N]|$)|vXY*|c(?=[^N]|$)|(?:[BGKqgw]|[wqg]K|qy?)x|^x"),
    (Parte.CANCELA, r"w?lVO?"),
    (Parte.CANCELADA, r"u"),
    (Parte.MOTIVO, r"(?:(?<=[.b])|^)e*N?r(?:N?R*r|[oe])*(?:i(?=[.b]|$))?"),
    (Parte.MOTIVO, r"(?:A|vi?)r(?:N?R*r|e)*"),
    (Parte.MOTIVO, r"N?R[RNepqotym]*?r(?:N?R*r|[or])*(?:i(?=[.b]|$))?"),
    # "vou sim", "vou comparecer", "confirmo", "pode confirmar"
    (Parte.CONFIRMA_FIRME, rf"(?:[YSBCGK]y)?e*(?:v(?:[Pw]?i)?|A|pi?|vPi?)[Y]+i?{_FIM}"),
    (Parte.CONFIRMA_FIRME, r"w[KG]Y*(?=[^Nxt]|$)"),
    (Parte.CONFIRMA, rf"(?:[YSBCGK]y)?e*(?:vi|v(?:[Pw]i)|v|A|H){_FIM}"),
    (Parte.CONFIRMA, r"[YS]yY+"),
    (Parte.CONFIRMA, r"[BC]Y*(?=[^NxyKXdvAkiFDL]|$)|[qgQ]?[KG]Y*(?=[^NxyKXdvAkiFDLt]|$)"),
    (Parte.SIM, r"Y+(?=[^y]|$)"),
    (Parte.OK, r"S+(?=[^y]|$)"),
    (Parte.NAO, r"N(?=[^vpqAwBCGKXdQngFfzPiLDkH]|$)"),
    (Parte.UM, r"1"),
    (Parte.ZERO, r"0"),
    (Parte.CIENTE, r"W"),
    (Parte.PESAR, r"s"),
    (Parte.MAS, r"b"),
    (Parte.CORRIGE, r"Z"),
    (Parte.TEMPO, r"t"),
    (Parte.NEUTRO, r"[oeV]"),
    (Parte.PAUSA, r"\.+"),
    (Parte.VETO, r"."),
)
_MESTRE: Final = re.compile("|".join(f"(?P<p{i}>{padrao})" for i, (_, padrao) in enumerate(_PADROES)))
# "amanhã" says nothing of whether they come, except at the start: "amanhã eu confirmo" is a promise.
_ADVERBIO: Final = re.compile(r"(?<=[^.b])a|(?<=[.b])a(?!e*[BKGH])|^a(?!e*[BKGH])")
_SEM_RECHEIO: Final = str.maketrans({"h": None, "j": None, ",": "."})
_PREPOSICAO_SOLTA: Final = re.compile(r"j[vApBCGHfzdwqnc]")
# The visit matters as an object of wanting ("não quero a consulta"), not after any other verb.
_OBJETO: Final = re.compile(r"(?<![qnm])o")
_NUMERO_DE: Final = frozenset({"dia", "dias", "as", "para", "ate", "os", "meus"})
_NUMERO_CONTA: Final = frozenset(
    {"exames", "consultas", "pessoas", "filhos", "filhas", "acompanhante", "acompanhantes", "exame", "horas", "hora"}
)
_OPCOES: Final = {"1": "1", "01": "1", "0": "0", "00": "0"}


def symbols_of(palavras: Sequence[Palavra]) -> str:
    """Return one symbol per word or phrase, as `lexico.py` lists them."""
    textos = tuple(palavra.texto for palavra in palavras)
    return "".join(_symbols(textos, palavras))


def _symbols(textos: tuple[str, ...], palavras: Sequence[Palavra]) -> Iterator[str]:
    indice = 0
    while indice < len(textos):
        tamanho, simbolo = _phrase_at(textos, indice)
        yield simbolo or _word(textos, indice, maiuscula=palavras[indice].maiuscula)
        indice += tamanho


def _phrase_at(textos: tuple[str, ...], indice: int) -> tuple[int, str | None]:
    for locucao, simbolo in LOCUCOES.get(textos[indice], ()):
        if textos[indice : indice + len(locucao)] == locucao:
            return len(locucao), simbolo
    return 1, None


def _word(textos: tuple[str, ...], indice: int, *, maiuscula: bool) -> str:
    texto = textos[indice]
    if texto in {".", "?"}:
        return texto
    if texto.isdigit():
        return _number(textos, indice)
    if simbolo := PALAVRAS.get(texto):
        return simbolo
    anterior = textos[indice - 1] if indice else ""
    return "h" if is_nome(texto, anterior, maiuscula=maiuscula) else "U"


def _number(textos: tuple[str, ...], indice: int) -> str:
    anterior = textos[indice - 1] if indice else ""
    seguinte = textos[indice + 1] if indice + 1 < len(textos) else ""
    if seguinte in _NUMERO_CONTA:
        return "h"
    if anterior in _NUMERO_DE:
        return "t"
    return _OPCOES.get(textos[indice], "U")


def partes_of(simbolos: str) -> tuple[Parte, ...]:
    """Return what a row of symbols states, in order; `VETO` for whatever is not understood."""
    if _PREPOSICAO_SOLTA.search(simbolos):
        return (Parte.VETO,)
    limpos = _OBJETO.sub("", _ADVERBIO.sub("", simbolos.translate(_SEM_RECHEIO)))
    return tuple(_PADROES[int(str(achado.lastgroup)[1:])][0] for achado in _MESTRE.finditer(limpos))
