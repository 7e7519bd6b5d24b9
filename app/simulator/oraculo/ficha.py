"""What the judge knows of one visit while it reads a phone's story from the beginning."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from app.simulator.oraculo.entrada import Regras, Rotulo, Vida, Visita

PENDENTES: Final = frozenset({"pendente", "aguardando", "sem_resposta"})
TODOS: Final = PENDENTES | {"confirmado", "cancelado", "reagendar"}
_EFEITOS: Final[Mapping[str, str]] = {
    Rotulo.CONFIRM: "confirmado",
    Rotulo.CANCEL: "cancelado",
    Rotulo.RESCHEDULE: "reagendar",
}
# After giving up, "yes" is a request to come back: a person decides, the status stays.
_DESISTIU: Final = frozenset({"cancelado", "reagendar"})


@dataclass(frozen=True, slots=True)
class Achado:
    """One thing wrong: under which figure it counts, its code, and the visit. Never a name, a phone or a text."""

    criterio: str
    codigo: str
    nr: str


@dataclass(slots=True)
class Ficha:
    visita: Visita
    indice: int = -1
    perguntas: list[datetime] = field(default_factory=list)  # of this life
    proprias: int = 0  # questions of our own accord in this life
    notas: int = 0
    firme_em: datetime | None = None
    possiveis: frozenset[str] = PENDENTES
    vidas_perguntadas: dict[int, datetime] = field(default_factory=dict)
    vidas_desistidas: set[int] = field(default_factory=set)
    avisos: list[datetime] = field(default_factory=list)
    total_proprias: int = 0

    @property
    def vida(self) -> Vida | None:
        return self.visita.vidas[self.indice] if self.indice >= 0 else None

    def advance(self, instante: datetime) -> None:
        """Forget what was said about another time: a move voids questions and answers."""
        indice = self.visita.life_at(instante)
        if indice is None or indice == self.indice:
            return
        self.indice = indice
        self.perguntas, self.proprias, self.notas = [], 0, 0
        self.firme_em, self.possiveis = None, PENDENTES

    def is_open(self, instante: datetime) -> bool:
        """Tell whether a question about this visit waits for its answer."""
        return self.firme_em is None and self.is_asked(instante)

    def is_asked(self, instante: datetime) -> bool:
        vida = self.vida
        return vida is not None and vida.viva and vida.inicio > instante and bool(self.perguntas)

    def ask(self, instante: datetime, *, propria: bool) -> None:
        self.perguntas.append(instante)
        self.vidas_perguntadas.setdefault(self.indice, instante)
        self.proprias += propria
        self.total_proprias += propria

    def answer(self, rotulo: str, instante: datetime, *, firme: bool, regras: Regras) -> None:
        if rotulo not in _EFEITOS or not self.is_asked(instante):
            return  # an answer to nothing, or to a voided question, has no effect
        if rotulo != Rotulo.CONFIRM:
            self.vidas_desistidas.add(self.indice)
        if self._is_race(instante, regras.folga_voo):
            self.possiveis = TODOS
            return
        depois = frozenset(_next(status, rotulo) for status in self.possiveis)
        self.possiveis = depois if firme else self.possiveis | depois
        if firme:
            self.firme_em = instante

    def problem(self, indice: int, instante: datetime, *, pergunta: bool, regras: Regras) -> str | None:
        """Return why a message about this life should not have been delivered at this instant."""
        vidas, folga = self.visita.vidas, regras.folga_voo
        atual = vidas[self.indice]
        if indice != self.indice and instante - vidas[indice].ate > folga:
            return "movida" if atual.viva else "cancelada"
        if not atual.viva and instante - atual.de > folga:
            return "cancelada"
        if instante - vidas[indice].inicio > folga:
            return "passada"
        if pergunta and not self.visita.has_hour(indice):
            return "sem_hora"
        if pergunta and self.firme_em is not None and instante - self.firme_em > folga:
            return "respondida"
        return None

    def _is_race(self, instante: datetime, folga: timedelta) -> bool:
        vida = self.vida
        perto_do_inicio = vida is not None and vida.inicio - instante <= folga
        return perto_do_inicio or self.visita.changed_within(instante - folga, instante + folga)


def _next(status: str, rotulo: str) -> str:
    if rotulo == Rotulo.CONFIRM and status in _DESISTIU:
        return status
    return _EFEITOS[rotulo]
