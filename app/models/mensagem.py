"""Messages out, and what came in."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.confirmacao import EstadoMensagem
from app.models.base import Base, CreatedAt, EncryptedText, Id, TenantId
from app.models.pessoas import Contato

_ESTADOS = ", ".join(f"'{estado.value}'" for estado in EstadoMensagem)


class Mensagem(Base):
    """One message to one contact; `dia` is the first visit's local day. Partitioned by month of `dia`.

    `quando` is when it may leave, `ate` when it is no longer worth sending. Written first, sent later: the row is the
    truth, the queue's job only says that somebody should look at it. `exige_modelo`: the gateway said that a free text
    does not get through to this person now. `escrito` is what a person wrote, for its template to say.
    """

    __tablename__ = "mensagens"
    __table_args__ = (
        PrimaryKeyConstraint("dia", "id"),
        UniqueConstraint("tenant_id", "contato_id", "dia", "passo", "versao"),
        ForeignKeyConstraint(["tenant_id", "contato_id"], [Contato.tenant_id, Contato.id]),
        CheckConstraint(f"estado IN ({_ESTADOS})", name="mensagens_estado"),
        Index(
            "mensagens_liberar",
            "tenant_id",
            "prioridade",
            "dia",
            "quando",
            "id",
            postgresql_where=text("estado = 'agendada'"),
        ),
        Index("mensagens_provider", "tenant_id", "provider_id", postgresql_where=text("provider_id IS NOT NULL")),
        Index(
            "mensagens_voando",
            "tenant_id",
            "atualizado_em",
            postgresql_where=text("estado IN ('na_fila', 'em_envio', 'incerta')"),
        ),
        Index("mensagens_contato", "tenant_id", "contato_id", "quando"),
        {"postgresql_partition_by": "RANGE (dia)"},
    )

    id: Mapped[int] = mapped_column(server_default=text("nextval('\"SantaCasa\".mensagens_id_seq')"))
    dia: Mapped[date] = mapped_column(Date)
    tenant_id: Mapped[TenantId]
    contato_id: Mapped[int]
    canal_id: Mapped[int | None]
    tipo: Mapped[str]
    passo: Mapped[str]
    versao: Mapped[int] = mapped_column(server_default=text("1"))
    estado: Mapped[str] = mapped_column(server_default=text("'agendada'"))
    prioridade: Mapped[int] = mapped_column(SmallInteger, server_default=text("5"))
    quando: Mapped[datetime]
    ate: Mapped[datetime]
    texto: Mapped[str | None] = mapped_column(EncryptedText("mensagens.texto"))
    escrito: Mapped[str | None] = mapped_column(EncryptedText("mensagens.escrito"))
    modelo: Mapped[str]
    modelo_versao: Mapped[int | None]
    custo: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    tentativas: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    chunk: Mapped[str | None] = mapped_column(UUID(as_uuid=False))
    provider_id: Mapped[str | None]
    motivo: Mapped[str | None]
    recebida_id: Mapped[int | None]
    exige_modelo: Mapped[bool] = mapped_column(server_default=text("false"))
    iniciada_em: Mapped[datetime | None]
    enviada_em: Mapped[datetime | None]
    entregue_em: Mapped[datetime | None]
    lida_em: Mapped[datetime | None]
    criado_em: Mapped[CreatedAt]
    atualizado_em: Mapped[CreatedAt]


class MensagemAtendimento(Base):
    """That a message is about a visit, under which letter, and about which of its times."""

    __tablename__ = "mensagens_atendimentos"
    __table_args__ = (Index("mensagens_atendimentos_mensagem", "tenant_id", "mensagem_id"),)

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    atendimento_id: Mapped[int] = mapped_column(primary_key=True)
    mensagem_id: Mapped[int] = mapped_column(primary_key=True)
    dia: Mapped[date] = mapped_column(Date)
    letra: Mapped[str]
    passo: Mapped[str]
    horario_versao: Mapped[int]


class Recebida(Base):
    """The inbox: stored before it is acknowledged, applied once. `resultado` holds ids and a status, nobody's data.

    `posicao` is the event's place in its body: a gateway may bring several at once.
    """

    __tablename__ = "recebidas"
    __table_args__ = (
        UniqueConstraint("tenant_id", "event_key"),
        Index("recebidas_contato", "tenant_id", "contato_id", "recebida_em"),
        Index("recebidas_pendentes", "tenant_id", "id", postgresql_where=text("aplicada_em IS NULL")),
    )

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    canal_id: Mapped[int | None]
    event_key: Mapped[str]
    tipo: Mapped[str]
    corpo: Mapped[str | None] = mapped_column(EncryptedText("recebidas.corpo"))
    posicao: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    texto: Mapped[str | None] = mapped_column(EncryptedText("recebidas.texto"))
    contato_id: Mapped[int | None]
    mensagem_id: Mapped[int | None]
    leitura: Mapped[str | None]
    desfecho: Mapped[str | None]
    resultado: Mapped[dict[str, Any] | None]
    enviada_em: Mapped[datetime | None]
    recebida_em: Mapped[datetime]
    aplicada_em: Mapped[datetime | None]


class Recibo(Base):
    """News of a message that waits to be applied: a queue, not an archive, and nothing of it is personal."""

    __tablename__ = "recibos"
    __table_args__ = (Index("recibos_tentar", "tenant_id", "tentar_em", "id"),)

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    canal_id: Mapped[int]
    sobre_id: Mapped[str | None]
    nossa_chave: Mapped[str | None]
    estado: Mapped[str]
    falha: Mapped[str | None]
    codigo: Mapped[str | None]
    em: Mapped[datetime | None]
    recebido_em: Mapped[datetime]
    tentar_em: Mapped[datetime]


class Importacao(Base):
    """One import of a schedule: what file, from where, with what result. No name, no phone."""

    __tablename__ = "importacoes"

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    origem: Mapped[str]
    arquivo_sha256: Mapped[str | None]
    em: Mapped[datetime]
    contagens: Mapped[dict[str, Any]]


class Execucao(Base):
    """The last run of one cron entry; the installation's, not a hospital's."""

    __tablename__ = "execucoes"

    nome: Mapped[str] = mapped_column(primary_key=True)
    ultima_em: Mapped[datetime | None]
    resultado: Mapped[str | None]
    duracao_s: Mapped[float | None]


class Relogio(Base):
    """The demonstration's clock: virtual time `virtual_em` was true at real time `real_em`, running at `velocidade`."""

    __tablename__ = "relogio"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    virtual_em: Mapped[datetime]
    real_em: Mapped[datetime]
    velocidade: Mapped[float]
