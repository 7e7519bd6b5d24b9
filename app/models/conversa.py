"""Conversations: who has each, what happened in it, the words reception keeps at hand."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.posse import EstadoConversa
from app.models.base import Base, CreatedAt, EncryptedText, Id, TenantId
from app.models.hospital import Tenant
from app.models.pessoas import Contato

_ESTADOS = ", ".join(f"'{estado.value}'" for estado in EstadoConversa)


class Conversa(Base):
    """One contact's conversation; `versao` goes up with every act of a person, so that two do not undo each other."""

    __tablename__ = "conversas"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "contato_id"], [Contato.tenant_id, Contato.id], ondelete="CASCADE"),
        CheckConstraint(f"estado IN ({_ESTADOS})", name="conversas_estado"),
        Index(
            "conversas_espera",
            "tenant_id",
            "aguardando_desde",
            postgresql_where=text("estado IN ('aguardando_pessoa', 'com_pessoa')"),
        ),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    contato_id: Mapped[int] = mapped_column(primary_key=True)
    estado: Mapped[str] = mapped_column(server_default=text("'robo'"))
    motivo: Mapped[str | None]
    aguardando_desde: Mapped[datetime | None]
    responsavel_id: Mapped[int | None]
    responsavel: Mapped[str | None]
    calado_ate: Mapped[datetime | None]
    recebida_em: Mapped[datetime | None]
    versao: Mapped[int] = mapped_column(server_default=text("0"))
    atualizado_em: Mapped[CreatedAt]


class ConversaFato(Base):
    """What happened in a conversation: who waited, who took it, how long the patient had waited; and notes."""

    __tablename__ = "conversas_fatos"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "contato_id"], [Contato.tenant_id, Contato.id], ondelete="CASCADE"),
        Index("conversas_fatos_contato", "tenant_id", "contato_id", "id"),
        Index("conversas_fatos_em", "tenant_id", "em"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    contato_id: Mapped[int]
    em: Mapped[datetime]
    fato: Mapped[str]
    quem: Mapped[str]
    motivo: Mapped[str | None]
    espera_s: Mapped[int | None]
    nota: Mapped[str | None] = mapped_column(EncryptedText("conversas_fatos.nota"))


class Frase(Base):
    """A canned answer."""

    __tablename__ = "frases"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], [Tenant.id]),)

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    nome: Mapped[str] = mapped_column(primary_key=True)
    texto: Mapped[str]
    atualizado_em: Mapped[CreatedAt]


class Conhecimento(Base):
    """One thing the program may answer in the hospital's own words; `perguntas` must find it."""

    __tablename__ = "conhecimento"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], [Tenant.id]),)

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    chave: Mapped[str] = mapped_column(primary_key=True)
    texto: Mapped[str]
    perguntas: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    atualizado_em: Mapped[CreatedAt]
