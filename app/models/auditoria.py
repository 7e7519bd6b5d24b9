"""The audit trail: lines that are only added, each bound to the one before it."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base
from app.models.hospital import Tenant


class Auditoria(Base):
    """One thing somebody did with patients' data; `elo` binds it to all lines before it."""

    __tablename__ = "auditoria"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], [Tenant.id]),
        Index("auditoria_alvo", "tenant_id", "alvo", "alvo_id"),
        Index("auditoria_em", "tenant_id", "em"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    numero: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    em: Mapped[datetime]
    quem_tipo: Mapped[str]
    quem_id: Mapped[int | None]
    quem: Mapped[str]
    acao: Mapped[str]
    alvo: Mapped[str]
    alvo_id: Mapped[int | None]
    de_onde: Mapped[str]
    pedido: Mapped[str | None]
    elo: Mapped[bytes] = mapped_column(LargeBinary)


class AuditoriaPonta(Base):
    """Where a hospital's chain ends."""

    __tablename__ = "auditoria_pontas"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], [Tenant.id]),)

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    numero: Mapped[int]
    elo: Mapped[bytes] = mapped_column(LargeBinary)
