"""Whose a conversation is after what its patient wrote. The caller commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from loguru import logger
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.posse import URGENTE, EstadoConversa, Posse, follow_resposta
from app.repositories.conversas import ConversaRepository, FatoDaConversa
from app.services.caso import QUEM, Caso, decided, listener_of

_PEDE: Final = "pediu_pessoa"


class PosseService:
    """One hospital's conversations, within one transaction of the caller."""

    def __init__(self, session: AsyncSession, tenant_id: int) -> None:
        """Take an open transaction."""
        self._conversas = ConversaRepository(session, tenant_id)
        self._tenant_id = tenant_id

    async def hear(self, casos: Sequence[Caso], now: datetime) -> None:
        """Note that patients wrote, and where a person must look at it."""
        before = await self._conversas.of([listener_of(caso) for caso in casos])
        after: dict[int, Posse] = {}
        fatos: list[FatoDaConversa] = []
        for caso in casos:
            contato = listener_of(caso)
            posse = after.get(contato, before.get(contato, Posse()))
            atencao = caso.conduta.atencao if caso.conduta else None
            after[contato] = heard = follow_resposta(posse, atencao, decidiu=decided(caso), now=now)
            if heard.estado is EstadoConversa.AGUARDANDO_PESSOA and heard.motivo != posse.motivo:
                fatos.append(FatoDaConversa(contato=contato, em=now, fato=_PEDE, quem=QUEM, motivo=heard.motivo))
                if heard.motivo == URGENTE:
                    logger.bind(tenant=self._tenant_id, contato=contato).warning("conversa.urgent")
        await self._conversas.hear(after, now)
        await self._conversas.add_fatos(fatos)
