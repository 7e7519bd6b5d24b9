"""Asks gateways what became of the texts they approved, and writes it down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from loguru import logger

from app.database import Database
from app.domain.aprovacao import Alerta, Aprovacao, AprovacaoLida, EstadoAprovacao, read_aprovacao
from app.domain.modelo_aprovado import read_valores
from app.models import ModeloCanal
from app.providers.base import ProviderError, TemplateDirectory, TemplateState, WhatsAppProvider
from app.repositories.modelos import ModeloRepository

_MOTIVO_MAXIMO: Final = 200


@dataclass(frozen=True, slots=True)
class TextoSincronizado:
    """One approved text, before and after its gateway was asked."""

    canal_id: int
    modelo: str
    nome: str
    idioma: str
    de: EstadoAprovacao
    para: EstadoAprovacao
    motivo: str | None
    alerta: Alerta | None


@dataclass(frozen=True, slots=True)
class Sincronizacao:
    """What was learnt; `falhas` are the channels whose gateway did not answer, and why."""

    textos: Sequence[TextoSincronizado] = ()
    falhas: Mapping[int, str] = field(default_factory=dict)


class ModeloSync:
    """Keeps the states of approved texts; no connection is held while a gateway answers."""

    def __init__(self, database: Database) -> None:
        """Take the database; every hospital's turn is a transaction of its own."""
        self._database = database

    async def sync_all(self, tenant_id: int, providers: Mapping[int, WhatsAppProvider], now: datetime) -> Sincronizacao:
        """Ask every channel of a hospital that can tell; one that fails leaves the others theirs."""
        textos: list[TextoSincronizado] = []
        falhas: dict[int, str] = {}
        for canal_id, provider in sorted(providers.items()):
            if not isinstance(provider, TemplateDirectory):
                continue
            try:
                textos += await self.sync(tenant_id, canal_id, provider, now)
            except ProviderError as error:
                falhas[canal_id] = error.reason
                logger.bind(tenant=tenant_id, canal=canal_id, reason=error.reason).error("modelos.sync_failed")
        return Sincronizacao(textos, falhas)

    async def sync(
        self, tenant_id: int, canal_id: int, directory: TemplateDirectory, now: datetime
    ) -> list[TextoSincronizado]:
        """Write down what the gateway says of a channel's approved texts; raise its ProviderError.

        A channel without approved texts asks nothing.
        """
        async with self._database.session_scope(tenant_id) as session:
            if not await ModeloRepository(session, tenant_id).links_of_canal(canal_id):
                return []
        listed = {(state.name, state.language): state for state in await directory.list_templates()}
        async with self._database.session_scope(tenant_id) as session:
            rows = await ModeloRepository(session, tenant_id).links_of_canal(canal_id)
            return [_write(row, listed.get((row.nome, row.idioma)), now) for row in rows]


def _write(row: ModeloCanal, state: TemplateState | None, now: datetime) -> TextoSincronizado:
    antes = Aprovacao(EstadoAprovacao(row.estado), row.categoria, row.botoes, row.motivo)
    lida = _read(state) if state is not None else None
    nova = read_aprovacao(antes, lida, [variavel for variavel, _ in read_valores(row.valores)])
    row.estado, row.categoria, row.botoes = nova.estado.value, nova.categoria, nova.botoes
    row.motivo, row.sincronizado_em = nova.motivo, now
    if nova.alerta is not None:
        log = logger.bind(tenant=row.tenant_id, canal=row.canal_id, modelo=row.modelo, nome_aprovado=row.nome)
        log.bind(de=antes.estado.value, para=row.estado, motivo=row.motivo).error(f"modelo.{nova.alerta.value}")
    return TextoSincronizado(
        row.canal_id, row.modelo, row.nome, row.idioma, antes.estado, nova.estado, nova.motivo, nova.alerta
    )


def _read(state: TemplateState) -> AprovacaoLida:
    return AprovacaoLida(
        estado=EstadoAprovacao(state.state),
        categoria=state.category or None,
        variaveis=state.variables,
        botoes=state.buttons,
        motivo=state.reason[:_MOTIVO_MAXIMO] if state.reason else None,
    )
