"""Answers in the hospital's own words: what it wrote, else what its schedule says of the visit. The caller commits."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Record
from app.domain.conhecimento import PADRAO, Conhecimento, Entrada, is_clinico
from app.repositories.conhecimento import ConhecimentoRepository


class ConhecimentoInexistente(LookupError):  # noqa: N818  named for what happened
    """The hospital wrote no entry of that name."""


class PerguntaClinica(ValueError):  # noqa: N818
    """A typical question about health itself: the program answers none of these, whoever wrote them."""

    def __init__(self, pergunta: str) -> None:
        super().__init__(pergunta)
        self.pergunta = pergunta


class SemPerguntas(ValueError):  # noqa: N818
    """An entry of the hospital's own without a typical question: nobody's question would ever find it."""


def _preparo(visits: Sequence[Record]) -> str | None:
    ditos = list(dict.fromkeys(visit.preparo for visit in visits))
    return ditos[0] if len(ditos) == 1 else None  # of several, nobody knows which is meant


def _chegada(visits: Sequence[Record]) -> str | None:
    minutos = {visit.chegar_antes_min for visit in visits}
    return f"Chegue {minutos.pop()} minutos antes do horário marcado." if len(minutos) == 1 and all(minutos) else None


def _endereco(visits: Sequence[Record]) -> str | None:
    lugares = {(visit.unidade, visit.endereco) for visit in visits}
    [(unidade, endereco)] = lugares if len(lugares) == 1 else [(None, None)]
    return f"{unidade}: {endereco}" if endereco else None


# What the visit itself says goes before what the hospital says of all of them.
_DA_VISITA: Final[Mapping[str, Callable[[Sequence[Record]], str | None]]] = {
    "preparo": _preparo,
    "chegada": _chegada,
    "endereco": _endereco,
}


class ConhecimentoService:
    """One hospital's knowledge."""

    def __init__(self, session: AsyncSession, tenant_id: int) -> None:
        """Take an open transaction."""
        self._repository = ConhecimentoRepository(session, tenant_id)

    async def load(self) -> Conhecimento:
        """Return every entry: the usual topics, written or not, and the hospital's own."""
        escritas = {row.chave: row for row in await self._repository.all()}
        chaves = [*PADRAO, *(chave for chave in escritas if chave not in PADRAO)]
        return Conhecimento(tuple(_entrada(chave, escritas.get(chave)) for chave in chaves))

    async def answers(self, perguntas: Sequence[tuple[str, Sequence[int]]]) -> list[str | None]:
        """Return what the hospital says to each question about these visits; None: a person answers."""
        if not perguntas:
            return []
        conhecimento = await self.load()
        found = [conhecimento.find(texto) for texto, _ in perguntas]
        asked = {
            visita
            for (_, visitas), entrada in zip(perguntas, found, strict=True)
            if entrada and entrada.chave in _DA_VISITA
            for visita in visitas
        }
        rows = {row.id: row for row in await self._repository.visits(sorted(asked))}
        units = await self._repository.units() if any(found) else []
        return [
            _said(entrada, [rows[visita] for visita in visitas if visita in rows], units) if entrada else None
            for (_, visitas), entrada in zip(perguntas, found, strict=True)
        ]

    async def save(self, chave: str, texto: str, perguntas: Sequence[str] | None, *, now: datetime) -> Entrada:
        """Write an entry; without questions those it has stay. Raises PerguntaClinica, SemPerguntas."""
        before = next((entrada for entrada in (await self.load()).entradas if entrada.chave == chave), None)
        asked = tuple(perguntas) if perguntas is not None else (before.perguntas if before else ())
        if not asked:
            raise SemPerguntas(chave)
        for pergunta in asked:
            if is_clinico(pergunta):
                raise PerguntaClinica(pergunta)
        await self._repository.set(chave, texto, asked, now)
        return Entrada(chave, texto, asked)

    async def drop(self, chave: str) -> None:
        """Take an entry's words away. Raises ConhecimentoInexistente."""
        if not await self._repository.drop(chave):
            raise ConhecimentoInexistente(chave)


def _entrada(chave: str, row: Record | None) -> Entrada:
    perguntas = tuple(row.perguntas) if row is not None else ()
    return Entrada(chave, row.texto if row is not None else "", perguntas or PADRAO.get(chave, ()))


def _said(entrada: Entrada, visits: Sequence[Record], units: Sequence[Record]) -> str | None:
    own = _DA_VISITA.get(entrada.chave)
    rows = visits or (units if entrada.chave == "endereco" else [])
    said = own(rows) if own and rows else None
    if said is None or entrada.chave == "preparo":
        return said or entrada.texto or None
    return f"{said}\n\n{entrada.texto}".strip()
