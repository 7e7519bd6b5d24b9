"""Whether a reply says in words that it means every visit it was asked about."""

import re
import unicodedata
from typing import Final

_TODOS: Final = re.compile(r"\b(tod[oa]s|tudo|ambos|ambas|os dois|as duas|os tres|as tres|cada um[a]?)\b")
_LONGEST: Final = 200


def means_all(texto: str) -> bool:
    """Tell whether the text names all of them ("todos sim", "nas duas eu vou")."""
    bare = unicodedata.normalize("NFKD", texto[:_LONGEST].casefold())
    return _TODOS.search("".join(letter for letter in bare if not unicodedata.combining(letter))) is not None
