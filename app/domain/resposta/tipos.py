"""What a reading of a reply says, and the shape every stage has."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Intencao(StrEnum):
    """What the sender wants; when several fit, the one that must win."""

    CONFIRM = "confirm"
    CANCEL = "cancel"
    RESCHEDULE = "reschedule"
    QUESTION = "question"
    OPT_OUT = "opt_out"
    WRONG_NUMBER = "wrong_number"
    DECEASED = "deceased"
    URGENT = "urgent"
    GREETING = "greeting"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Leitura:
    """One reading: the intent, how sure, the words it rests on, and the stage and rule that said so."""

    intencao: Intencao
    secundaria: Intencao | None = None
    confianca: float = 0.0
    trecho: str = ""
    etapa: str = "leitura"
    regra: str = "nada_reconhecido"
    age: bool = True
    """False where only a model says so: a confirmation or cancellation then asks the patient back (rule 8)."""


@dataclass(frozen=True, slots=True)
class Opiniao:
    """What a model takes a reply to mean; `confianca` from 0 to 1, calibrated. It never acts alone (rule 8)."""

    intencao: Intencao
    confianca: float
    modelo: str
    """Kind and version: "local:3", "openai:gpt-5.4-mini"."""
    secundaria: Intencao | None = None


@dataclass(frozen=True, slots=True)
class Palavra:
    """One token: as the grammar reads it, and as it was typed."""

    texto: str
    maiuscula: bool = False
    digitada: str = ""


@dataclass(frozen=True, slots=True)
class Texto:
    """A reply made ready for reading: quotations gone, spelling settled, length capped."""

    trecho: str
    palavras: tuple[Palavra, ...]
    corrido: str
    cortado: bool = False
    citado: bool = False


def words(lista: str) -> frozenset[str]:
    """Return the words of a list written as running text."""
    return frozenset(lista.split())


def any_of(*padroes: str) -> re.Pattern[str]:
    """Compile the patterns into one that finds any of them."""
    return re.compile("|".join(f"(?:{padrao})" for padrao in padroes))


Etapa = Callable[[Texto], Leitura | None]
