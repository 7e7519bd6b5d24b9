"""What a patient may ask of us: a copy of everything, and that it be taken away (LGPD, art. 18). The caller commits."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.repositories.base import FatoHistorico, HistoricoRepository
from app.repositories.privacidade import PrivacidadeRepository, TudoDoPaciente
from app.services.atendimento_service import RECEPCAO, AtendimentoInexistente

_FATO: Final = "anonimizado"


class PrivacidadeService:
    """One hospital's patients, each found by any of their visits."""

    def __init__(self, session: AsyncSession, tenant_id: int) -> None:
        """Take an open transaction."""
        self._repository = PrivacidadeRepository(session, tenant_id)
        self._historico = HistoricoRepository(session, tenant_id)

    async def everything(self, atendimento_id: int) -> TudoDoPaciente:
        """Return all that is kept of a visit's patient; raises AtendimentoInexistente."""
        return await self._repository.everything(await self._patient(atendimento_id))

    async def erase(self, atendimento_id: int, *, now: datetime) -> int:
        """Take away who the patient is and what was said, for good; return how many visits stay as numbers.

        Somebody else who answers at the same phone keeps theirs. What a backup holds goes with the backup.
        """
        paciente_id = await self._patient(atendimento_id)
        visits = (await self._repository.everything(paciente_id)).atendimentos
        await self._repository.erase(paciente_id, now)
        await self._historico.add(
            [FatoHistorico(atendimento_id=visit.id, em=now, fato=_FATO, quem=RECEPCAO) for visit in visits]
        )
        return len(visits)

    async def _patient(self, atendimento_id: int) -> int:
        paciente_id = await self._repository.patient_of(atendimento_id)
        if paciente_id is None:
            raise AtendimentoInexistente(atendimento_id)
        return paciente_id
