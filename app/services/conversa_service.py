"""What a person does in a conversation: take it over, answer, note, give it back, end it.

ConversaError
├── ConversaInexistente   no such contact, or another hospital's: the same answer for both
├── FraseInexistente     no canned answer of that name
├── ConversaMudou         somebody acted since it was read; `atual` is its version now
├── DeOutraPessoa         somebody else has it
└── NaoPodeResponder      nothing may be said there; `code` is stable, `mensagem` a sentence for the screen
"""

# ruff: noqa: N818 - exceptions are named for what happened

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Record
from app.domain.confirmacao import TipoMensagem
from app.domain.permissao import Identidade
from app.domain.posse import Posse, close, give_back, speak, take
from app.repositories.conversas import ConversaRepository, FatoDaConversa
from app.repositories.planejamento import MensagemNova, PlanejamentoRepository

MODELO: Final = "pessoa"
_VALE: Final = timedelta(hours=6)
_PRIORIDADE: Final = 0  # of answers: whoever wrote waits for it
_DITAS: Final = 100
_FATOS: Final = 100
_MESES: Final = timedelta(days=60)


class ConversaError(Exception):
    """The root of this tree."""


class ConversaInexistente(ConversaError):
    def __init__(self, contato: int) -> None:
        super().__init__(contato)


class FraseInexistente(ConversaError):
    def __init__(self, nome: str) -> None:
        super().__init__(nome)


class ConversaMudou(ConversaError):
    def __init__(self, atual: int) -> None:
        super().__init__(atual)
        self.atual = atual


class DeOutraPessoa(ConversaError):
    def __init__(self, responsavel: str | None) -> None:
        super().__init__()
        self.responsavel = responsavel


class NaoPodeResponder(ConversaError):
    def __init__(self, code: str, mensagem: str) -> None:
        super().__init__(code)
        self.code = code
        self.mensagem = mensagem


@dataclass(frozen=True, slots=True)
class ConversaLida:
    """One conversation with everything known about it."""

    conversa: Record
    ditas: list[Record]
    fatos: list[Record]
    atendimentos: list[Record]


class ConversaService:
    """A hospital's conversations on behalf of one person. The caller commits."""

    def __init__(self, session: AsyncSession, quem: Identidade) -> None:
        """Take an open transaction of the person's hospital."""
        self._conversas = ConversaRepository(session, quem.tenant_id)
        self._planejamento = PlanejamentoRepository(session, quem.tenant_id)
        self._quem = quem

    async def read(self, contato: int, *, now: datetime) -> ConversaLida:
        conversa = await self._conversas.one(contato)
        if conversa is None:
            raise ConversaInexistente(contato)
        return ConversaLida(
            conversa,
            list(await self._conversas.said(contato, desde=now - _MESES, limite=_DITAS)),
            list(await self._conversas.happened(contato, limite=_FATOS)),
            list(await self._conversas.visits(contato, now)),
        )

    async def take(self, contato: int, *, versao: int, tomar: bool, now: datetime) -> None:
        """Take a conversation over; from somebody who has it only where `tomar` says so."""
        posse = await self._lock(contato, versao)
        if posse.is_silent(now) and not self._is_mine(posse) and not tomar:
            raise DeOutraPessoa(posse.responsavel)
        await self._conversas.set(contato, take(posse, self._quem.id, self._quem.nome, now=now), now)
        await self._note(contato, "assumida", now, posse=posse)

    async def give_back(self, contato: int, *, versao: int, now: datetime) -> None:
        """Let the program answer there again."""
        posse = await self._mine(contato, versao, now)
        await self._conversas.set(contato, give_back(posse), now)
        await self._note(contato, "devolvida", now)

    async def close(self, contato: int, *, versao: int, now: datetime) -> None:
        """End a conversation: nothing is left to do there."""
        posse = await self._mine(contato, versao, now)
        await self._conversas.set(contato, close(posse), now)
        await self._note(contato, "encerrada", now, posse=posse)

    async def answer(self, contato: int, texto: str, *, versao: int, now: datetime) -> None:
        """Say something to the patient; whoever answers has the conversation."""
        contact = await self._conversas.lock_contact(contato)
        posse = await self._mine(contato, versao, now)
        if contact is not None and contact.optout_em is not None:
            raise NaoPodeResponder("pediu_para_parar", "Este telefone pediu para não receber mensagens.")
        await self._conversas.set(contato, speak(posse, self._quem.id, self._quem.nome, now=now), now)
        fato = await self._note(contato, "respondida", now, posse=posse)
        await self._planejamento.add([_message(contato, texto, fato, now)], now)

    async def note(self, contato: int, texto: str, *, now: datetime) -> None:
        """Keep a note beside the conversation; it is nobody's answer and changes nothing."""
        if await self._conversas.lock_contact(contato) is None:
            raise ConversaInexistente(contato)
        await self._note(contato, "nota", now, nota=texto)

    async def _lock(self, contato: int, versao: int) -> Posse:
        if await self._conversas.lock_contact(contato) is None:
            raise ConversaInexistente(contato)
        posse = (await self._conversas.of([contato])).get(contato, Posse())
        if posse.versao != versao:
            raise ConversaMudou(posse.versao)
        return posse

    async def _mine(self, contato: int, versao: int, now: datetime) -> Posse:
        """Return the locked conversation unless somebody else is talking there."""
        posse = await self._lock(contato, versao)
        if posse.is_silent(now) and not self._is_mine(posse):
            raise DeOutraPessoa(posse.responsavel)
        return posse

    def _is_mine(self, posse: Posse) -> bool:
        return posse.belongs_to(self._quem.id, self._quem.nome)

    async def _note(
        self, contato: int, fato: str, now: datetime, *, posse: Posse | None = None, nota: str | None = None
    ) -> int:
        desde = posse.aguardando_desde if posse else None
        [ident] = await self._conversas.add_fatos(
            [
                FatoDaConversa(
                    contato=contato,
                    em=now,
                    fato=fato,
                    quem=self._quem.nome,
                    motivo=posse.motivo if posse else None,
                    espera_s=max(0, round((now - desde).total_seconds())) if desde else None,
                    nota=nota,
                )
            ]
        )
        return ident


def _message(contato: int, texto: str, fato: int, now: datetime) -> MensagemNova:
    return MensagemNova(
        contato_id=contato,
        dia=now.date(),
        tipo=TipoMensagem.RESPOSTA,
        passo=f"pessoa_{fato}",
        modelo=MODELO,
        versao=1,
        prioridade=_PRIORIDADE,
        quando=now,
        ate=now + _VALE,
        itens=(),
        escrito=texto,
    )
