"""The conversations of the demonstration: what reaches a patient, and who answers — a simulated patient or you."""

import asyncio
import heapq
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Final
from uuid import uuid4

from app.simulator.botconversa import Contact, FakeBotconversa, Reply
from app.simulator.oraculo.texto import read_texto
from app.simulator.pacientes import MISTURA_PADRAO, Mistura, reagir

_AT_ONCE: Final = 8  # answers on their way to the hospital at the same time
Carry = Callable[[Reply], Awaitable[object]]
"""Takes one answer to the hospital, as n8n does."""


@dataclass(order=True, slots=True)
class _Pendente:
    """An answer that a simulated patient will write."""

    quando: datetime
    ordem: int
    contato: int = field(compare=False)
    texto: str = field(compare=False)


class Conversas:
    """Everybody the hospital wrote to. A patient somebody plays is no longer simulated."""

    def __init__(
        self, clock: Callable[[], datetime], api_key: str, *, semente: int, mistura: Mistura = MISTURA_PADRAO
    ) -> None:
        """Know nobody yet; `gateway` is to be started, and `carry` set, by whoever opens the demonstration."""
        self.gateway = FakeBotconversa(clock, api_key, on_delivered=self._delivered)
        self.gateway.options.keep_log = False  # a demonstration may run for days
        self.carry: Carry | None = None
        self._clock = clock
        self._semente = semente
        self._mistura = mistura
        self._heard: Counter[int] = Counter()
        self._played: set[int] = set()
        self._pending: list[_Pendente] = []
        self._ordem = count()

    @property
    def next_due(self) -> datetime | None:
        """When the next simulated answer is written."""
        return self._pending[0].quando if self._pending else None

    def is_expected(self, contact: Contact) -> bool:
        """Tell whether a simulated answer of this patient is on its way."""
        return any(pendente.contato == contact.id for pendente in self._pending)

    def is_asked(self, contact: Contact) -> bool:
        """Tell whether the last word is a question of the hospital."""
        last = contact.messages[-1] if contact.messages else None
        return last is not None and last["direcao"] == "saida" and read_texto(str(last["texto"])).pergunta

    def find(self, contact_id: int) -> Contact | None:
        return self.gateway.account.contacts.get(contact_id)

    async def write(self, contact: Contact, texto: str) -> None:
        """Write as this patient; from now on nobody else does."""
        self._played.add(contact.id)
        self._pending = [pendente for pendente in self._pending if pendente.contato != contact.id]
        heapq.heapify(self._pending)
        await self._say(contact, texto)

    async def answer_due(self, now: datetime) -> int:
        """Let the simulated patients write what is due; return how many answers that were."""
        due: dict[int, list[str]] = {}  # one patient's answers stay in order
        total = 0
        while self._pending and self._pending[0].quando <= now:
            pendente = heapq.heappop(self._pending)
            due.setdefault(pendente.contato, []).append(pendente.texto)
            total += 1
        slots = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._say_all(contato, textos, slots) for contato, textos in due.items()))
        return total

    def expect(self, contact: Contact, texto: str, em: datetime, *, depois_de: datetime | None = None) -> None:
        """Let a simulated patient react to a message delivered at `em`; `depois_de` leaves out what was written."""
        self._heard[contact.id] += 1
        if contact.id in self._played:
            return
        ordinal = self._heard[contact.id]
        respostas = reagir(self._semente, contact.phone, texto, ordinal=ordinal, em=em, mistura=self._mistura)
        for resposta in respostas:
            if depois_de is None or resposta.quando > depois_de:
                pendente = _Pendente(resposta.quando, next(self._ordem), contact.id, resposta.texto)
                heapq.heappush(self._pending, pendente)

    def _delivered(self, contact: Contact, texto: str) -> None:
        self.expect(contact, texto, self._clock())

    async def _say_all(self, contato: int, textos: list[str], slots: asyncio.Semaphore) -> None:
        contact = self.find(contato)
        if contact is None:  # deleted at the gateway meanwhile
            return
        async with slots:
            for texto in textos:
                await self._say(contact, texto)

    async def _say(self, contact: Contact, texto: str) -> None:
        self.gateway.receive(contact.id, texto)
        if self.carry is None:
            return
        campos = {nome: valor for nome, valor in self.gateway.account.variables(contact).items() if valor}
        reply = Reply(
            subscriber_id=str(contact.id),
            telefone=contact.phone,
            texto=texto,
            nome=contact.first_name,
            campos=campos,
            mensagem_id=f"demo-{uuid4().hex}",
            enviada_em=self._clock(),
        )
        await self.carry(reply)
