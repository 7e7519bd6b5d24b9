"""People: patients, their phones, and what each gateway calls a phone."""

from datetime import datetime

from sqlalchemy import ARRAY, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, EncryptedText, Id, TenantId
from app.models.hospital import Canal, Tenant


class Contato(Base):
    """A phone. `chave_hash` is the same with and without the ninth digit, so that an answer finds it.

    `canal_id` is the channel it last wrote to; `sem_whatsapp_em` is when a gateway said that WhatsApp has no such
    number. `calado_ate`: a person talks there until then, and nothing of our own accord leaves.
    """

    __tablename__ = "contatos"
    __table_args__ = (
        UniqueConstraint("tenant_id", "telefone_hash"),
        UniqueConstraint("tenant_id", "id"),  # what the foreign keys of one hospital point at
        ForeignKeyConstraint(["tenant_id"], [Tenant.id]),
        ForeignKeyConstraint(["tenant_id", "canal_id"], [Canal.tenant_id, Canal.id], ondelete="SET NULL (canal_id)"),
        Index("contatos_chave", "tenant_id", "chave_hash"),
        Index("contatos_final4", "tenant_id", "final4_hash"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    telefone: Mapped[str] = mapped_column(EncryptedText("contatos.telefone"))
    telefone_hash: Mapped[bytes] = mapped_column(LargeBinary)
    chave_hash: Mapped[bytes] = mapped_column(LargeBinary)
    final4_hash: Mapped[bytes] = mapped_column(LargeBinary)
    tipo: Mapped[str]
    optout_em: Mapped[datetime | None]
    ultima_entrada_em: Mapped[datetime | None]
    canal_id: Mapped[int | None]
    sem_whatsapp_em: Mapped[datetime | None]
    calado_ate: Mapped[datetime | None]
    criado_em: Mapped[CreatedAt]


class ConversaIniciada(Base):
    """When we last wrote first to a phone on a channel: official ones count these people in 24 hours."""

    __tablename__ = "conversas_iniciadas"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "contato_id"], [Contato.tenant_id, Contato.id], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "canal_id"], [Canal.tenant_id, Canal.id], ondelete="CASCADE"),
        Index("conversas_iniciadas_em", "tenant_id", "canal_id", "em"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    canal_id: Mapped[int] = mapped_column(primary_key=True)
    contato_id: Mapped[int] = mapped_column(primary_key=True)
    em: Mapped[datetime]


class ContatoCanal(Base):
    """The gateway's own id of a phone on one channel."""

    __tablename__ = "contatos_canais"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "contato_id"], [Contato.tenant_id, Contato.id], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "canal_id"], [Canal.tenant_id, Canal.id], ondelete="CASCADE"),
        Index("contatos_canais_externo", "tenant_id", "canal_id", "externo_id"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    canal_id: Mapped[int] = mapped_column(primary_key=True)
    contato_id: Mapped[int] = mapped_column(primary_key=True)
    externo_id: Mapped[str]


class Paciente(Base):
    """A patient: `chave` is a hash of the hospital's id, else of name and birth."""

    __tablename__ = "pacientes"
    __table_args__ = (
        UniqueConstraint("tenant_id", "chave"),
        UniqueConstraint("tenant_id", "id"),
        ForeignKeyConstraint(["tenant_id"], [Tenant.id]),
        Index("pacientes_palavras", "palavras", postgresql_using="gin"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    chave: Mapped[bytes] = mapped_column(LargeBinary)
    id_paciente: Mapped[str | None]
    nome: Mapped[str] = mapped_column(EncryptedText("pacientes.nome"))
    palavras: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary))
    data_nascimento: Mapped[str | None] = mapped_column(EncryptedText("pacientes.data_nascimento"))
    responsavel: Mapped[str | None] = mapped_column(EncryptedText("pacientes.responsavel"))
    falecido_em: Mapped[datetime | None]
    criado_em: Mapped[CreatedAt]


class PacienteContato(Base):
    """That this phone serves this patient, or that somebody there said it does not."""

    __tablename__ = "pacientes_contatos"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "paciente_id"], [Paciente.tenant_id, Paciente.id], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "contato_id"], [Contato.tenant_id, Contato.id], ondelete="CASCADE"),
        Index("pacientes_contatos_contato", "tenant_id", "contato_id"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    paciente_id: Mapped[int] = mapped_column(primary_key=True)
    contato_id: Mapped[int] = mapped_column(primary_key=True)
    numero_errado_em: Mapped[datetime | None]
