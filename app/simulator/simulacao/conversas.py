"""The patients of a simulation: what reached each phone, and what it will write back when."""

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.simulator.botconversa import Contact, Reply, Shape
from app.simulator.pacientes import Mistura, Resposta, reagir

_ESCALA: Final = 2**64
_FORMAS: Final = ((0.70, Shape.N8N), (0.85, Shape.CLASSICO), (1.0, Shape.PLANO))
_SEM_NUMERO: Final = 0.15  # of the calls, those that carry no id of the message
_ENTREGUE_DUAS_VEZES: Final = 0.05


@dataclass(frozen=True, slots=True, order=True)
class Fala:
    """Something a patient writes at `quando`. Ordered, so that two at one instant have their turn."""

    quando: datetime
    telefone: str
    numero: int
    contato: int = field(compare=False)
    resposta: Resposta = field(compare=False)
    forma: Shape = field(compare=False)
    copias: int = field(compare=False)
    com_id: bool = field(compare=False)

    def as_reply(self, contato: Contact, campos: dict[str, str]) -> Reply:
        return Reply(
            subscriber_id=str(contato.id),
            telefone=contato.phone,
            texto=self.resposta.texto,
            nome=contato.full_name,
            campos=campos,
            mensagem_id=f"wamid.{contato.phone[-8:]}.{self.numero}" if self.com_id else None,
            enviada_em=self.quando,
        )


class Pacientes:
    """All phones. What was delivered in one step is read in the order of the phones, not of arrival."""

    def __init__(self, semente: int, mistura: Mistura, relogio: Callable[[], datetime]) -> None:
        self._semente, self._mistura, self._relogio = semente, mistura, relogio
        self._entregues: list[tuple[str, str, int, datetime]] = []
        self._ordinais: Counter[str] = Counter()
        self._numeros: Counter[str] = Counter()
        self._falas: list[Fala] = []
        self.registros: list[dict[str, Any]] = []

    @property
    def proxima(self) -> datetime | None:
        return self._falas[0].quando if self._falas else None

    def deliver(self, contato: Contact, texto: str) -> None:
        """Take what the gateway put on a phone's screen."""
        self._entregues.append((contato.phone, texto, contato.id, self._relogio()))

    def settle(self) -> None:
        """Let the patients read what came since last time, and decide what to write."""
        entregues, self._entregues = sorted(self._entregues), []
        for telefone, texto, contato, em in entregues:
            self._ordinais[telefone] += 1
            respostas = reagir(
                self._semente, telefone, texto, ordinal=self._ordinais[telefone], em=em, mistura=self._mistura
            )
            for resposta in respostas:
                heapq.heappush(self._falas, self._fala(telefone, contato, resposta))

    def pop_due(self, agora: datetime) -> Fala | None:
        return heapq.heappop(self._falas) if self._falas and self._falas[0].quando <= agora else None

    def record(self, fala: Fala, em: datetime) -> None:
        """Write the row the judge reads: this reached the hospital at `em`."""
        self.registros.append({**fala.resposta.as_registro(f"+{fala.telefone}"), "em": em.isoformat()})

    def _fala(self, telefone: str, contato: int, resposta: Resposta) -> Fala:
        self._numeros[telefone] += 1
        numero = self._numeros[telefone]
        return Fala(
            resposta.quando,
            telefone,
            numero,
            contato=contato,
            resposta=resposta,
            forma=next(forma for ate, forma in _FORMAS if self._draw(telefone, numero, "forma") < ate),
            copias=2 if self._draw(telefone, numero, "cópias") < _ENTREGUE_DUAS_VEZES else 1,
            com_id=self._draw(telefone, numero, "id") >= _SEM_NUMERO,
        )

    def _draw(self, telefone: str, numero: int, nome: str) -> float:
        digest = hashlib.sha256(f"{self._semente}|{telefone}|{numero}|{nome}".encode()).digest()
        return int.from_bytes(digest[:8]) / _ESCALA
