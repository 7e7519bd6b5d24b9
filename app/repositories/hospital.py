"""What is set up about one hospital: its policy, units, templates, channels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import distinct_on

from app.domain.aprovacao import EstadoAprovacao
from app.domain.janela import Janela
from app.domain.modelo import Modelo, shipped_modelos
from app.domain.modelo_aprovado import ModeloAprovado, read_valores
from app.domain.politica import Politica
from app.models import Canal, Tenant, Unidade
from app.models import Modelo as ModeloRow
from app.repositories.base import TenantRepository

# Every chunk of messages reads them: straight from the driver.
_APROVADOS: Final = text("""
SELECT canal_id, modelo, nome, idioma, valores, botoes, estado, categoria FROM modelos_canais
WHERE tenant_id = :tenant""")


@dataclass(frozen=True)
class UnidadeInfo:
    """A unit as planning and messages need it."""

    id: int
    nome: str
    endereco: str | None
    telefone: str | None
    janela: Janela


@dataclass(frozen=True)
class Hospital:
    """A hospital's settings, read once per unit of work; `nome` is what patients read."""

    tenant_id: int
    nome: str
    politica: Politica
    unidades: dict[int, UnidadeInfo]
    modelos: dict[str, Modelo]
    aprovados: Mapping[tuple[int, str], ModeloAprovado] = field(default_factory=dict)
    """By channel and template: what its gateway approved for it, in whatever state."""

    @cached_property
    def janela(self) -> Janela:
        """The hours of visits without a unit: those of the first unit, else the country's usual ones."""
        first = next(iter(self.unidades.values()), None)
        return first.janela if first else self.politica.build_janela(ZoneInfo("America/Sao_Paulo"))

    @cached_property
    def telefone(self) -> str | None:
        return next((unidade.telefone for unidade in self.unidades.values() if unidade.telefone), None)

    def janela_of(self, unidade_id: int | None) -> Janela:
        unidade = self.unidades.get(unidade_id) if unidade_id is not None else None
        return unidade.janela if unidade else self.janela


class HospitalRepository(TenantRepository):
    """Reads a hospital's settings."""

    async def load(self) -> Hospital:
        """Return the hospital's settings; raise LookupError if there is no such hospital."""
        tenant = await self._session.get(Tenant, self._tenant_id)
        if tenant is None:
            raise LookupError(f"no hospital {self._tenant_id}")
        politica = Politica.from_mapping(tenant.politica)
        rows = (await self._session.scalars(select(Unidade).order_by(Unidade.id))).all()
        unidades = {row.id: _unidade(row, politica) for row in rows}
        modelos, aprovados = await self._modelos(), await self._aprovados()
        return Hospital(self._tenant_id, tenant.nome, politica, unidades, modelos, aprovados)

    async def _modelos(self) -> dict[str, Modelo]:
        newest = select(ModeloRow).ext(distinct_on(ModeloRow.nome)).order_by(ModeloRow.nome, ModeloRow.versao.desc())
        own = {row.nome: Modelo(row.nome, row.versao, row.corpo) for row in (await self._session.scalars(newest)).all()}
        return {**shipped_modelos(), **own}

    async def _aprovados(self) -> dict[tuple[int, str], ModeloAprovado]:
        return {
            (row.canal_id, row.modelo): ModeloAprovado(
                nome=row.nome,
                idioma=row.idioma,
                valores=read_valores(row.valores),
                botoes=row.botoes,
                estado=EstadoAprovacao(row.estado),
                categoria=row.categoria,
            )
            for row in await self._fetch(_APROVADOS)
        }

    async def canais(self, *, desligados: bool = False) -> list[Canal]:
        """Return the channels that send, in order of preference; with `desligados` also those that only listen."""
        query = select(Canal).order_by(Canal.prioridade, Canal.id)
        return list((await self._session.scalars(query if desligados else query.where(Canal.ativo))).all())

    async def lock_canais(self, ids: Iterable[int]) -> list[Canal]:
        """Return these channels as they are now, locked; one that another process is releasing is left out."""
        query = (
            select(Canal)
            .where(Canal.id.in_(list(ids)))
            .order_by(Canal.prioridade, Canal.id)
            .with_for_update(skip_locked=True, key_share=True)
            .execution_options(populate_existing=True)
        )
        return list((await self._session.scalars(query)).all())

    async def ensure_partitions(self, de: Any, ate: Any) -> None:
        """Make the months between two dates exist, so that rows find their partition."""
        await self._session.execute(
            text("SELECT garantir_particoes(CAST(:de AS date), CAST(:ate AS date))"), {"de": de, "ate": ate}
        )


def _unidade(row: Unidade, politica: Politica) -> UnidadeInfo:
    return UnidadeInfo(
        id=row.id,
        nome=row.nome_publico or row.nome,
        endereco=row.endereco,
        telefone=row.telefone,
        janela=politica.build_janela(ZoneInfo(row.zona), uf=row.uf, dias_locais=row.feriados),
    )
