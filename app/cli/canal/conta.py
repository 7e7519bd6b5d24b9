"""One channel's row: found, locked, and made into a gateway."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.erros import Falha, UsoErrado
from app.config import Settings
from app.models import Canal
from app.providers.base import Setup, WhatsAppProvider
from app.providers.ficha import Cofre, Ficha, without_ours
from app.providers.registry import build_provider, find_kind
from app.wiring import Programa


def ficha_of(tipo: str) -> Ficha:
    """Return the form of a kind, or say which kinds there are."""
    try:
        return find_kind(tipo).ficha
    except ValueError as error:
        raise UsoErrado("tipo_desconhecido", f"{str(error).capitalize()}.") from None


async def find_canal(sessao: AsyncSession, nome: str, *, lock: bool = False) -> Canal:
    """Return a channel by its name, else by its number; `lock` keeps others from changing it meanwhile."""
    by_name = Canal.nome == nome
    number = int(nome) if nome.isascii() and nome.isdigit() and len(nome) < len(str(2**63)) else None
    query = select(Canal).where(by_name if number is None else by_name | (Canal.id == number))
    query = query.order_by(by_name.desc()).limit(1)
    canal = (await sessao.scalars(query.with_for_update() if lock else query)).first()
    if canal is None:
        raise Falha("canal_inexistente", f"Não há um canal chamado {nome}.")
    return canal


def webhook_url(settings: Settings, public_id: str) -> str:
    return f"{settings.server.base_url}/webhook/{public_id}"


def build(programa: Programa, canal: Canal, config: Mapping[str, Any] | None = None) -> WhatsAppProvider:
    """Build a channel's gateway as the workers would; ValueError says, in Portuguese, what is wrong with it."""
    settings = programa.settings
    setup = Setup(
        without_ours(canal.config if config is None else config),
        Cofre.load(canal.credenciais).valores,
        http=programa.http,
        clock=programa.clock,
        webhook_url=webhook_url(settings, canal.public_id),
        signature_header=settings.botconversa.signature_header,
    )
    return build_provider(canal.tipo, setup)


async def rate_of(programa: Programa, canal: Canal) -> int:
    """Return the rate of a channel that can work, or say why it cannot: nothing that cannot is ever stored."""
    try:
        provider = build(programa, canal)
    except ValueError as error:
        raise UsoErrado("canal_invalido", f"O canal não funcionaria assim: {error}.") from None
    rate = provider.capabilities.rate_per_minute
    await provider.close()
    return rate
