"""Whether a reply says in words that it means every visit it was asked about."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from app.domain.resposta.tipos import Intencao, Leitura

_TODOS: Final = re.compile(r"\b(tod[oa]s|tudo|ambos|ambas|os dois|as duas|os tres|as tres|cada um[a]?)\b")
_LONGEST: Final = 200


_QUEM: Final = r"(?:tod[oa]s|ambos|ambas|os dois|as duas|os tres|as tres)"
# The words we suggest ourselves, and little else. "Não para todos" is left out: it may be "not to all".
_RESPOSTA: Final = re.compile(
    rf"(?:(?:para|pra|em) )?{_QUEM} (?P<depois>sim|nao|1|0)|(?P<antes>sim|1|0) (?:(?:para|pra|em|a) )?{_QUEM}"
)
_FATOS: Final[Mapping[str, Intencao]] = {
    "sim": Intencao.CONFIRM,
    "1": Intencao.CONFIRM,
    "nao": Intencao.CANCEL,
    "0": Intencao.CANCEL,
}


def read_todos(texto: str) -> Leitura | None:
    """Return what "todos sim" and "0 para todos" say, or None for anything less plain."""
    found = _RESPOSTA.fullmatch(" ".join(re.findall(r"\w+", _bare(texto))))
    if found is None or "?" in texto or len(texto) > _LONGEST:
        return None
    return Leitura(_FATOS[found["depois"] or found["antes"]], None, 1.0, texto, "todos", "todos_a_mesma_resposta")


def means_all(texto: str) -> bool:
    """Tell whether the text names all of them ("todos sim", "nas duas eu vou")."""
    return _TODOS.search(_bare(texto)) is not None


def _bare(texto: str) -> str:
    decomposed = unicodedata.normalize("NFKD", texto[:_LONGEST].casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
