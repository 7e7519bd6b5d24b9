"""The hospital's knowledge as the API takes and gives it."""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.domain.conhecimento import Conhecimento, Entrada, is_clinico
from app.schemas.api.atendimento import Obrigatorio
from app.schemas.api.conversa import Escrito

CHAVE: Final = r"^[a-z][a-z0-9_]{0,39}$"
_PERGUNTAS: Final = 50


def _different(perguntas: list[str]) -> list[str]:
    if len({pergunta.casefold() for pergunta in perguntas}) != len(perguntas):
        raise ValueError("Há perguntas repetidas.")
    return perguntas


class EntradaIn(BaseModel):
    """What the hospital says, and how people ask for it; without questions those it has stay."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"texto": "O estacionamento fica ao lado da portaria 2.", "perguntas": ["tem estacionamento?"]}
        },
    )

    texto: Escrito
    perguntas: (
        Annotated[list[Obrigatorio], Field(min_length=1, max_length=_PERGUNTAS), AfterValidator(_different)] | None
    ) = None


class EntradaOut(BaseModel):
    chave: str
    texto: str = Field(description="Vazio: o hospital ainda não escreveu, e quem pergunta vai para uma pessoa.")
    perguntas: list[str] = Field(description="Perguntas típicas, que precisam achar esta entrada.")
    perdidas: list[str] = Field(description="Das típicas, as que acham outra entrada ou nenhuma.")


class ConhecimentoOut(BaseModel):
    items: list[EntradaOut]

    @classmethod
    def of(cls, conhecimento: Conhecimento) -> "ConhecimentoOut":
        perdidas = conhecimento.missed()
        return cls(items=[_out(entrada, perdidas.get(entrada.chave, ())) for entrada in conhecimento.entradas])


class TesteIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"pergunta": "tem onde estacionar?"}})

    pergunta: Obrigatorio


class TesteOut(BaseModel):
    chave: str | None = Field(description="A entrada que responderia; nula, uma pessoa responde.")
    texto: str | None
    clinica: bool = Field(description="É sobre saúde: o programa nunca responde.")

    @classmethod
    def of(cls, conhecimento: Conhecimento, pergunta: str) -> "TesteOut":
        """Return what would be said to a question that is about no visit."""
        found = conhecimento.find(pergunta)
        texto = (found.texto or None) if found else None
        return cls(chave=found.chave if found else None, texto=texto, clinica=is_clinico(pergunta))


def _out(entrada: Entrada, perdidas: Sequence[str]) -> EntradaOut:
    return EntradaOut(
        chave=entrada.chave, texto=entrada.texto, perguntas=list(entrada.perguntas), perdidas=list(perdidas)
    )
