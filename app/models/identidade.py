"""Who may come in: people, their sessions, tokens that renew themselves, keys of programs, one-use links."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.permissao import Papel
from app.models.base import Base, CreatedAt, EncryptedText, Id, TenantId
from app.models.hospital import Tenant

_PAPEIS = ", ".join(f"'{papel.value}'" for papel in Papel)


class Usuario(Base):
    """Somebody who works here; `login` is unique in the whole installation (a `Rota` leads from it to the hospital).

    `acesso` goes up whenever what was given before must end: another password, another role, disabled.
    `totp_passo` is the last time step whose code was taken: each works once.
    """

    __tablename__ = "usuarios"
    __table_args__ = (
        UniqueConstraint("tenant_id", "login"),
        UniqueConstraint("tenant_id", "id"),
        ForeignKeyConstraint(["tenant_id"], [Tenant.id]),
        CheckConstraint(f"papel IN ({_PAPEIS})", name="usuarios_papel"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    login: Mapped[str]
    nome: Mapped[str]
    papel: Mapped[str]
    senha_hash: Mapped[str | None]
    totp_segredo: Mapped[str | None] = mapped_column(EncryptedText("usuarios.totp_segredo"))
    totp_passo: Mapped[int] = mapped_column(server_default=text("0"))
    totp_dispensado: Mapped[bool] = mapped_column(server_default=text("false"))
    ativo: Mapped[bool] = mapped_column(server_default=text("true"))
    acesso: Mapped[int] = mapped_column(server_default=text("1"))
    criado_em: Mapped[CreatedAt]


class Sessao(Base):
    """A browser that came in; its cookie is kept as a hash."""

    __tablename__ = "sessoes"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "usuario_id"], [Usuario.tenant_id, Usuario.id], ondelete="CASCADE"),
        Index("sessoes_usuario", "tenant_id", "usuario_id"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    chave_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    usuario_id: Mapped[int]
    criada_em: Mapped[datetime]
    usada_em: Mapped[datetime]


class Renovacao(Base):
    """A refresh token, as a hash; `sucessora` is the one it was exchanged for, for a client that asks twice."""

    __tablename__ = "renovacoes"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "usuario_id"], [Usuario.tenant_id, Usuario.id], ondelete="CASCADE"),
        Index("renovacoes_familia", "tenant_id", "familia"),
        Index("renovacoes_usuario", "tenant_id", "usuario_id"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    chave_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    familia: Mapped[UUID]
    usuario_id: Mapped[int]
    criada_em: Mapped[datetime]
    expira_em: Mapped[datetime]
    usada_em: Mapped[datetime | None]
    sucessora: Mapped[str | None] = mapped_column(EncryptedText("renovacoes.sucessora"))


class Convite(Base):
    """A link by which one user sets a password, once."""

    __tablename__ = "convites"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "usuario_id"], [Usuario.tenant_id, Usuario.id], ondelete="CASCADE"),
        Index("convites_usuario", "tenant_id", "usuario_id"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    chave_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    usuario_id: Mapped[int]
    expira_em: Mapped[datetime]


class Chave(Base):
    """An API key: a program's way in, with scopes; `inicio` is what a person may see of it."""

    __tablename__ = "chaves"
    __table_args__ = (
        UniqueConstraint("tenant_id", "chave_hash"),
        ForeignKeyConstraint(["tenant_id"], [Tenant.id]),
    )

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    nome: Mapped[str]
    inicio: Mapped[str]
    chave_hash: Mapped[bytes] = mapped_column(LargeBinary)
    escopos: Mapped[list[Any]]
    expira_em: Mapped[datetime | None]
    usada_em: Mapped[datetime | None]
    revogada_em: Mapped[datetime | None]
    criada_em: Mapped[CreatedAt]


class Tentativa(Base):
    """Failed logins of one account from one address, whether the account exists or not."""

    __tablename__ = "tentativas"

    chave_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    falhas: Mapped[int]
    desde: Mapped[datetime]
    ate: Mapped[datetime | None]
