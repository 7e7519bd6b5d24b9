"""Asks gateways what became of the messages whose answer was lost: what they prove becomes a receipt like any other."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from loguru import logger

from app.database import Database
from app.domain.confirmacao import EstadoMensagem
from app.providers.base import Doubt, Inquiry, ProviderError
from app.repositories.recibos import Recibo, ReciboRepository
from app.repositories.saida import EmDuvida, SaidaRepository
from app.workers.canais import Canais
from app.workers.composicao import message_key

_AFTER: Final = timedelta(minutes=2)
"""A receipt usually settles a doubt sooner, and costs no question."""
_UNTIL: Final = timedelta(hours=1)
"""What a gateway has not shown by then it does not have, or not in words that we know."""
_QUESTIONS: Final = 20  # of one run: each reads the messages of one phone
_AT_ONCE: Final = 4


class Duvidas:
    """Settles uncertain messages where the gateway can be asked.

    Only a yes is believed: a message that is not found may still be there under other words, and stays uncertain.
    """

    def __init__(self, database: Database, canais: Canais) -> None:
        self._database, self._canais = database, canais

    async def settle(self, tenant_id: int, now: datetime) -> int:
        """Ask about some of a hospital's uncertain messages; return how many were found."""
        gateways = {
            pronto.canal_id: pronto.provider
            for pronto in (await self._canais.all()).values()
            if pronto.tenant_id == tenant_id and isinstance(pronto.provider, Inquiry)
        }
        if not gateways:
            return 0
        async with self._database.session_scope(tenant_id) as session:
            rows = await SaidaRepository(session, tenant_id).in_doubt(
                list(gateways), desde=now - _UNTIL, antes=now - _AFTER, limite=_QUESTIONS
            )
        found = await _ask(gateways, rows)
        if not found:
            return 0
        async with self._database.session_scope(tenant_id) as session:
            recibos = ReciboRepository(session, tenant_id)
            known = await recibos.find(list(found))  # another message's proof is not this one's
            news = [_receipt(row, sid, now) for sid, row in found.items() if (row.canal_id, sid) not in known]
            await recibos.store(news)
        return len(news)


async def _ask(gateways: Mapping[int, Inquiry], rows: Sequence[EmDuvida]) -> Mapping[str, EmDuvida]:
    """Return the gateway's id → the message, of those found; a gateway that does not answer is asked again later."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def ask(row: EmDuvida) -> str | None:
        try:
            async with gate:
                receipt = await gateways[row.canal_id].find(Doubt(row.telefone, row.texto, row.iniciada_em))
        except ProviderError as error:
            logger.bind(canal=row.canal_id, mensagem=row.id, reason=error.reason).warning("inquiry.failed")
            return None
        return receipt.message_id if receipt is not None else None

    sids = await asyncio.gather(*(ask(row) for row in rows))
    return {sid: row for sid, row in zip(sids, rows, strict=True) if sid is not None}


def _receipt(row: EmDuvida, sid: str, now: datetime) -> Recibo:
    return Recibo(
        recebido_em=now,
        tentar_em=now,
        canal_id=row.canal_id,
        sobre_id=sid,
        nossa_chave=message_key(row.dia, row.id),
        estado=EstadoMensagem.ENVIADA.value,
        falha=None,
        codigo=None,
        em=None,
    )
