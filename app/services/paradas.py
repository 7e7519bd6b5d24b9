"""Carries out what must stop at once, on every channel. The caller commits."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.alvo import Alvo
from app.domain.conversa import Conduta, Parada
from app.repositories.base import FatoHistorico, HistoricoRepository
from app.repositories.efeitos import EfeitoRepository
from app.repositories.paradas import ParadaRepository

_QUEM: Final = "paciente"


class ParadaService:
    """One hospital's stops, within one transaction of the caller."""

    def __init__(self, session: AsyncSession, tenant_id: int) -> None:
        """Take an open transaction."""
        self._paradas = ParadaRepository(session, tenant_id)
        self._efeitos = EfeitoRepository(session, tenant_id)
        self._historico = HistoricoRepository(session, tenant_id)

    async def stop(self, conduta: Conduta, alvo: Alvo, contatos: Sequence[int], now: datetime) -> None:
        """Stop a phone, a patient at a phone, or a patient, as `conduta` says."""
        if conduta.parada is None:
            return
        patients = sorted({visita.paciente_id for pergunta in alvo.perguntas for visita in pergunta.visitas})
        if not patients:  # nobody was asked: it can only be about whom this phone is to be asked about
            patients = sorted({paciente for _, paciente in await self._paradas.future_visits(now, contatos=contatos)})
        match conduta.parada:
            case Parada.CONTATO:
                await self._paradas.stop_contact(contatos, now)
                visits = await self._paradas.future_visits(now, contatos=contatos)
            case Parada.PACIENTE_NO_CONTATO:
                await self._paradas.stop_patient_here(patients, contatos, now)
                visits = await self._paradas.future_visits(now, contatos=contatos, pacientes=patients)
            case Parada.PACIENTE:
                if len(patients) == 1:  # of several, nobody knows whose death it is: the visits stop, a person asks
                    await self._paradas.stop_patient(patients, now)
                visits = await self._paradas.future_visits(now, pacientes=patients)
        told = {visita.atendimento_id for visita in conduta.visitas}
        await self.silence([visita for visita, _ in visits], conduta.atencao, now, told=told)

    async def refused(self, contatos: Sequence[int], now: datetime) -> list[int]:
        """Stop phones whose owner refused us at WhatsApp; return their visits, to be locked and silenced."""
        if not contatos:
            return []
        await self._paradas.stop_contact(contatos, now)
        return [visita for visita, _ in await self._paradas.future_visits(now, contatos=contatos)]

    async def silence(self, ids: Sequence[int], atencao: str | None, now: datetime, *, told: Collection[int]) -> None:
        """Withdraw what is planned about visits, let the planner forget them, and call a person.

        The history of those `told` has a line of its own.
        """
        await self._efeitos.set_attention(ids, atencao, now=now)
        await self._efeitos.withdraw(ids, now=now)
        await self._efeitos.stop(ids)
        await self._historico.add(
            [
                FatoHistorico(atendimento_id=ident, em=now, fato="mensagens_paradas", quem=_QUEM, porque=atencao)
                for ident in ids
                if ident not in told
            ]
        )
