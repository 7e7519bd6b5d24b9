"""A phone as an operator types it, and what holds for every message by hand."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import crypto
from app.cli.erros import UsoErrado
from app.domain.telefone import Telefone, TelefoneRecusado, chave_telefone, parse_telefone
from app.models import Canal, Contato
from app.services.atendimento_service import RegraRecusou
from app.wiring import Programa


def read_phone(telefone: str) -> Telefone:
    lido = parse_telefone(telefone)
    if isinstance(lido, TelefoneRecusado):
        raise UsoErrado(f"telefone_{lido.motivo}", lido.mensagem)
    return lido


async def refuse_silenced(programa: Programa, para: str) -> None:
    """Hold for a message by hand what holds for every other: opt-out, and staging's short list of phones."""
    settings = programa.settings
    if settings.environment == "staging" and para not in settings.staging_allowed_phones:
        raise RegraRecusou("fora_da_lista", "Em staging só se escreve aos telefones de STAGING_ALLOWED_PHONES.")
    async with programa.database.session_scope(programa.tenant_id) as sessao:
        chave = _chave(programa.tenant_id, para)
        query = select(Contato.id).where(Contato.chave_hash == chave, Contato.optout_em.is_not(None)).limit(1)
        if await sessao.scalar(query) is not None:
            raise RegraRecusou("pediu_para_parar", "Este telefone pediu para não receber mensagens.")


async def ultima_entrada(sessao: AsyncSession, canal: Canal, para: str) -> datetime | None:
    """Return when this phone last wrote on this channel; only the channel it wrote on last is known."""
    chave = _chave(canal.tenant_id, para)
    here = func.coalesce(Contato.canal_id, canal.id) == canal.id
    latest: datetime | None = await sessao.scalar(
        select(func.max(Contato.ultima_entrada_em)).where(Contato.chave_hash == chave, here)
    )
    return latest


def _chave(tenant_id: int, para: str) -> bytes:
    return crypto.keyring().finder(tenant_id).of("chave", chave_telefone(para))
