"""The labelled replies the model learns from: written for this project, one JSON object a line."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.domain.resposta.tipos import Intencao

PADRAO: Final = Path(__file__).parent / "dados" / "treino.jsonl"


class ExemploInvalido(ValueError):  # noqa: N818  named for what happened
    """A line that is not a labelled reply."""


@dataclass(frozen=True, slots=True)
class Exemplo:
    """A reply and what a careful receptionist takes it to mean."""

    texto: str
    intencao: Intencao
    fonte: str = ""
    """Where it came from; replies of one source stay in one fold."""


def read_exemplos(linhas: Iterable[str]) -> Sequence[Exemplo]:
    """Return the labelled replies of a JSONL file: `text`, `label` and, where known, `source`.

    Raises:
        ExemploInvalido: names the first line that is not one.
    """
    exemplos = []
    for numero, linha in enumerate(linhas, start=1):
        if not linha.strip():
            continue
        try:
            dados = json.loads(linha)
            exemplos.append(Exemplo(str(dados["text"]), Intencao(dados["label"]), str(dados.get("source") or "")))
        except (ValueError, KeyError, TypeError) as error:
            raise ExemploInvalido(f"linha {numero}: esperado um objeto com text e label") from error
    return exemplos


def load_exemplos(arquivo: Path = PADRAO) -> Sequence[Exemplo]:
    """Read the examples of a file, the project's own when none is named."""
    with arquivo.open(encoding="utf-8") as linhas:
        return read_exemplos(linhas)
