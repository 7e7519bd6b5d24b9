"""The hospital and how it speaks: tenants, units, channels, message templates."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Double,
    ForeignKeyConstraint,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.aprovacao import EstadoAprovacao
from app.models.base import Base, CreatedAt, EncryptedText, Id, TenantId

_APROVACAO = ", ".join(f"'{estado.value}'" for estado in EstadoAprovacao)


class Tenant(Base):
    """One hospital of the installation; `politica` is read by `app.domain.politica.Politica`."""

    __tablename__ = "tenants"

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(unique=True)
    nome: Mapped[str]
    politica: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    ativo: Mapped[bool] = mapped_column(server_default=text("true"))
    criado_em: Mapped[CreatedAt]


class Rota(Base):
    """Public id or hash of a secret → hospital and channel: all that is known before anybody is."""

    __tablename__ = "rotas"

    chave_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    tenant_id: Mapped[TenantId]
    canal_id: Mapped[int | None]
    tipo: Mapped[str]


class Unidade(Base):
    __tablename__ = "unidades"
    __table_args__ = (
        UniqueConstraint("tenant_id", "nome"),
        UniqueConstraint("tenant_id", "id"),
        ForeignKeyConstraint(["tenant_id"], [Tenant.id]),
    )

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    nome: Mapped[str]
    nome_publico: Mapped[str | None]
    endereco: Mapped[str | None]
    telefone: Mapped[str | None]
    cidade: Mapped[str | None]
    uf: Mapped[str | None]
    zona: Mapped[str] = mapped_column(server_default=text("'America/Sao_Paulo'"))
    feriados: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    criado_em: Mapped[CreatedAt]


class Canal(Base):
    """A gateway account. `fichas` is what is left of its rate, in the gateway's own unit, as of `fichas_em`.

    `vaga_em` is when its next message may leave; `acertos`, `erros`, `quedas` and `doente_ate` are its health
    (`app.domain.saude`); `contatos_por_dia` is how many people it may write to first within 24 hours.
    """

    __tablename__ = "canais"
    __table_args__ = (
        UniqueConstraint("tenant_id", "nome"),
        UniqueConstraint("tenant_id", "id"),
        ForeignKeyConstraint(["tenant_id"], [Tenant.id]),
    )

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    nome: Mapped[str]
    tipo: Mapped[str]
    public_id: Mapped[str]
    credenciais: Mapped[str | None] = mapped_column(EncryptedText("canais.credenciais"))
    config: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    prioridade: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    ativo: Mapped[bool] = mapped_column(server_default=text("true"))
    taxa_por_minuto: Mapped[int | None]
    fichas: Mapped[float] = mapped_column(Double, server_default=text("0"))
    fichas_em: Mapped[datetime | None]
    pausado_ate: Mapped[datetime | None]
    pausa_motivo: Mapped[str | None]
    acertos: Mapped[float] = mapped_column(Double, server_default=text("0"))
    erros: Mapped[float] = mapped_column(Double, server_default=text("0"))
    quedas: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    doente_ate: Mapped[datetime | None]
    vaga_em: Mapped[datetime | None]
    contatos_por_dia: Mapped[int | None]
    criado_em: Mapped[CreatedAt]


class Modelo(Base):
    """A message template of the hospital; the newest version is in force, without a row the shipped file is."""

    __tablename__ = "modelos"
    __table_args__ = (
        UniqueConstraint("tenant_id", "nome", "versao"),
        ForeignKeyConstraint(["tenant_id"], [Tenant.id]),
    )

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    nome: Mapped[str]
    versao: Mapped[int]
    corpo: Mapped[str]
    criado_em: Mapped[CreatedAt]


class ModeloCanal(Base):
    """What a channel's gateway approved for one of our templates; `valores` are our variables in its order."""

    __tablename__ = "modelos_canais"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "canal_id"], [Canal.tenant_id, Canal.id], ondelete="CASCADE"),
        CheckConstraint(f"estado IN ({_APROVACAO})", name="modelos_canais_estado"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    canal_id: Mapped[int] = mapped_column(primary_key=True)
    modelo: Mapped[str] = mapped_column(primary_key=True)
    nome: Mapped[str]
    idioma: Mapped[str] = mapped_column(server_default=text("'pt_BR'"))
    valores: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    botoes: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    categoria: Mapped[str | None]
    estado: Mapped[str] = mapped_column(server_default=text("'desconhecido'"))
    motivo: Mapped[str | None]
    sincronizado_em: Mapped[datetime | None]
