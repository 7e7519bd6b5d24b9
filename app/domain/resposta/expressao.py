"""Clear words: reads a reply whose every part is understood and whose parts agree."""

import re
from collections.abc import Sequence
from typing import Final

from app.domain.resposta.gramatica import Parte, partes_of, symbols_of
from app.domain.resposta.tipos import Intencao, Leitura, Palavra, Texto

_P = Parte
_CONFIRMAM: Final = frozenset({_P.CONFIRMA, _P.CONFIRMA_FIRME})
_ASSENTEM: Final = frozenset({_P.SIM, _P.OK, _P.UM})
_CANCELAM: Final = frozenset({_P.NEGA, _P.CANCELA})
_CONTRA: Final = _CANCELAM | {_P.NAO, _P.ZERO, _P.MOTIVO, _P.NAO_CONFIRMA, _P.CANCELADA}
_A_FAVOR: Final = _CONFIRMAM | _ASSENTEM
_SILENCIO: Final = frozenset({_P.PAUSA, _P.PESAR})


def expressao(texto: Texto) -> Leitura | None:
    """Read clear words, or pass."""
    if texto.cortado:
        return None
    leitura = judge_palavras(texto.palavras)
    if leitura is None:
        return None
    intencao, regra = leitura
    return Leitura(intencao, None, 0.95, texto.trecho, "expressao", regra)


def judge_palavras(palavras: Sequence[Palavra]) -> tuple[Intencao, str] | None:
    """Return the act the words state and the rule that says so, or None when any part speaks against it."""
    sem_eco = _without_eco(palavras)
    simbolos = symbols_of(sem_eco)
    partes = _last_wish(partes_of(simbolos))
    if _P.VETO in partes:
        return None
    decide = _confirmation if _agrees_to_come(partes) else _cancellation
    lida = decide(partes, simbolos)
    if lida and len(sem_eco) != len(palavras) and lida[1] in _CURTAS:
        return None  # "ok, tá?" is no answer yet
    return lida


_CURTAS: Final = frozenset({"sim_curto", "nao_curto", "opcao_1", "opcao_0"})


def _without_eco(palavras: Sequence[Palavra]) -> Sequence[Palavra]:
    """Drop the question mark of a closing "tá?" or "viu?", which asks nothing."""
    if len(palavras) > 2 and palavras[-1].texto == "?" and _is_eco(palavras[-3].texto, palavras[-2].texto):  # noqa: PLR2004
        corte = -3 if palavras[-3].texto in {"ta", "."} else -2
        return palavras[:corte]
    return palavras


_ECOS: Final = frozenset({"ta", "viu", "ok"})


def _is_eco(antes: str, palavra: str) -> bool:
    """Tell a closing "tá?" or "tá bom?" from a question: "confirmado bom?" may ask."""
    return palavra in _ECOS or (antes, palavra) == ("ta", "bom")


def _last_wish(partes: tuple[Parte, ...]) -> tuple[Parte, ...]:
    """Keep what follows the last correction ("digo", "ops, errei"): the last stated wish wins."""
    if _P.CORRIGE not in partes:
        return partes
    ultima = len(partes) - partes[::-1].index(_P.CORRIGE)
    return partes[ultima:] if _P.VETO not in partes else (_P.VETO,)


def _agrees_to_come(partes: tuple[Parte, ...]) -> bool:
    return not _CANCELAM.intersection(partes) and bool(_A_FAVOR.intersection(partes))


def _confirmation(partes: tuple[Parte, ...], simbolos: str) -> tuple[Intencao, str] | None:
    ditas = set(partes)
    fortes = [parte for parte in partes if parte in _CONFIRMAM]
    if not fortes:
        return _short_yes(partes, simbolos)
    contra = ditas & _CONTRA
    if contra == {_P.NAO}:  # "não, eu vou sim": the no answers something else
        firme = set(fortes) == {_P.CONFIRMA_FIRME} and _NAO_ABRE.match(simbolos)
        return (Intencao.CONFIRM, "nao_mas_vem") if firme and _P.MAS not in ditas else None
    if contra or _P.PESAR in ditas or (_P.MAS in ditas and not _turns_to_yes(partes)):
        return None
    return Intencao.CONFIRM, "afirma_presenca"


_NAO_ABRE: Final = re.compile(r"^\.*N\.[^N]+(?:N[^.N]*)*$")


def _turns_to_yes(partes: tuple[Parte, ...]) -> bool:
    """Tell whether all that is stated comes after the last "mas": "desculpa a demora, mas sim, confirmo"."""
    ultimo = len(partes) - partes[::-1].index(_P.MAS)
    return not _A_FAVOR.intersection(partes[:ultimo]) and bool(_CONFIRMAM.intersection(partes[ultimo:]))


def _short_yes(partes: tuple[Parte, ...], simbolos: str) -> tuple[Intencao, str] | None:
    ditas = set(partes)
    if _P.NAO_REMARCA in ditas and ditas <= {_P.NAO_REMARCA, _P.OK, _P.SIM, _P.PAUSA}:
        return Intencao.CONFIRM, "mantem_como_esta"
    permitidas = {_P.SIM, _P.OK, _P.PAUSA, _P.TEMPO}
    if _P.UM in ditas:
        permitidas = {_P.UM, _P.SIM, _P.OK, _P.PAUSA}
    if not ditas <= permitidas or set("hoj") & set(simbolos):
        return None
    return Intencao.CONFIRM, "opcao_1" if _P.UM in ditas else "sim_curto"


def _cancellation(partes: tuple[Parte, ...], simbolos: str) -> tuple[Intencao, str] | None:
    ditas = set(partes)
    if ditas & (_CONFIRMAM | {_P.UM}):
        return None
    if not ditas & _CANCELAM:
        return _short_no(partes, simbolos)
    if _P.TEMPO in ditas and _P.CANCELA not in ditas:
        return None  # "não posso nesse dia" asks for another one
    if _P.NAO in ditas and _P.NEGA not in ditas:
        return None  # "não, cancela" may be "não cancela"
    if not _yes_goes_with_no(partes):
        return None
    return Intencao.CANCEL, "nega_presenca" if _P.NEGA in ditas else "pede_cancelamento"


def _yes_goes_with_no(partes: tuple[Parte, ...]) -> bool:
    """Tell whether a yes beside a cancellation only introduces it: "sim, cancela", but not "sim, mas não vou"."""
    primeira = next(i for i, parte in enumerate(partes) if parte in _CANCELAM)
    if _P.MAS in partes[primeira:] or _P.SIM in partes[primeira:]:
        return False
    return not (_P.MAS in partes and _P.SIM in partes)


def _short_no(partes: tuple[Parte, ...], simbolos: str) -> tuple[Intencao, str] | None:
    ditas = [parte for parte in partes if parte not in _SILENCIO]
    if set(simbolos) - set(".,sN0u"):
        return None
    if ditas == [_P.NAO] and "," not in simbolos:  # "não, por favor" may beg us not to cancel
        return Intencao.CANCEL, "nao_curto"
    if ditas == [_P.CANCELADA]:
        return Intencao.CANCEL, "pede_cancelamento"
    opcao = ditas[:1] == [_P.ZERO] and set(ditas) <= {_P.ZERO, _P.NAO}
    return (Intencao.CANCEL, "opcao_0") if opcao else None
