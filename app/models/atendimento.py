"""The appointment and everything that ever happened to it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.confirmacao import SituacaoAgenda, StatusConfirmacao, TipoAtendimento
from app.models.base import Base, CreatedAt, EncryptedText, Id, TenantId
from app.models.hospital import Tenant, Unidade
from app.models.pessoas import Contato, Paciente


def _one_of(column: str, values: type[StatusConfirmacao | SituacaoAgenda | TipoAtendimento]) -> CheckConstraint:
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"atendimentos_{column}")


class Atendimento(Base):
    """A booking of the hospital and what its patient answered.

    `horario_versao` grows each time the visit moves or comes back, and `horario_em` is when we heard of it: a message
    knows which time it asked about, and older questions find nothing. `planejar_em` is when
    the planner must look at the visit again, null when nothing more is to be sent; `corte_em` is when silence puts it
    on the call list. `atencao` names why a person must look at it.
    """

    __tablename__ = "atendimentos"
    __table_args__ = (
        UniqueConstraint("tenant_id", "origem", "nr_seq_agenda"),
        ForeignKeyConstraint(["tenant_id"], [Tenant.id]),
        ForeignKeyConstraint(["tenant_id", "paciente_id"], [Paciente.tenant_id, Paciente.id]),
        ForeignKeyConstraint(["tenant_id", "contato_id"], [Contato.tenant_id, Contato.id]),
        ForeignKeyConstraint(["tenant_id", "unidade_id"], [Unidade.tenant_id, Unidade.id]),
        _one_of("status_confirmacao", StatusConfirmacao),
        _one_of("situacao_agenda", SituacaoAgenda),
        _one_of("tipo", TipoAtendimento),
        CheckConstraint("duracao_min IS NULL OR duracao_min > 0", name="atendimentos_duracao_min"),
        Index("atendimentos_planejar", "tenant_id", "planejar_em", postgresql_where=text("planejar_em IS NOT NULL")),
        Index("atendimentos_corte", "tenant_id", "corte_em", postgresql_where=text("corte_em IS NOT NULL")),
        Index("atendimentos_quando", "tenant_id", "data_consulta", "id"),
        Index("atendimentos_contato", "tenant_id", "contato_id", "data_consulta"),
        Index("atendimentos_paciente", "tenant_id", "paciente_id"),
        Index("atendimentos_atencao", "tenant_id", "atencao_em", postgresql_where=text("atencao IS NOT NULL")),
    )

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    nr_seq_agenda: Mapped[str]
    origem: Mapped[str]
    paciente_id: Mapped[int]
    contato_id: Mapped[int | None]
    unidade_id: Mapped[int | None]
    telefone: Mapped[str | None] = mapped_column(EncryptedText("atendimentos.telefone"))
    telefone_2: Mapped[str | None] = mapped_column(EncryptedText("atendimentos.telefone_2"))
    telefone_motivo: Mapped[str | None]
    email: Mapped[str | None] = mapped_column(EncryptedText("atendimentos.email"))
    nome_medico: Mapped[str]
    especialidade: Mapped[str]
    tipo: Mapped[str] = mapped_column(server_default=text("'consulta'"))
    convenio: Mapped[str | None]
    sala: Mapped[str | None]
    data_consulta: Mapped[datetime]
    dia: Mapped[date] = mapped_column(Date)
    duracao_min: Mapped[int | None]
    chegar_antes_min: Mapped[int | None]
    preparo: Mapped[str | None]
    observacoes: Mapped[str | None] = mapped_column(EncryptedText("atendimentos.observacoes"))
    status_confirmacao: Mapped[str] = mapped_column(server_default=text("'pendente'"))
    situacao_agenda: Mapped[str] = mapped_column(server_default=text("'agendado'"))
    resposta_paciente: Mapped[str | None] = mapped_column(EncryptedText("atendimentos.resposta_paciente"))
    interpretacao_resposta: Mapped[str | None]
    preferencia: Mapped[str | None]
    enviado_em: Mapped[datetime | None]
    respondido_em: Mapped[datetime | None]
    agendado_em: Mapped[datetime | None]
    atencao: Mapped[str | None]
    atencao_em: Mapped[datetime | None]
    horario_versao: Mapped[int] = mapped_column(server_default=text("1"))
    horario_em: Mapped[CreatedAt]
    planejar_em: Mapped[datetime | None]
    corte_em: Mapped[datetime | None]
    conteudo_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    versao_origem: Mapped[datetime | None]
    versao: Mapped[int] = mapped_column(server_default=text("1"))
    criado_em: Mapped[CreatedAt]
    atualizado_em: Mapped[CreatedAt]


class Historico(Base):
    """One fact of an appointment's life; rows are only ever added. Partitioned by month of `em`."""

    __tablename__ = "historico"
    __table_args__ = (
        PrimaryKeyConstraint("em", "id"),
        Index("historico_atendimento", "tenant_id", "atendimento_id", "em"),
        {"postgresql_partition_by": "RANGE (em)"},
    )

    id: Mapped[int] = mapped_column(server_default=text("nextval('\"SantaCasa\".historico_id_seq')"))
    em: Mapped[datetime]
    tenant_id: Mapped[TenantId]
    atendimento_id: Mapped[int]
    fato: Mapped[str]
    de: Mapped[str | None]
    para: Mapped[str | None]
    quem: Mapped[str]
    porque: Mapped[str | None]
    mensagem_id: Mapped[int | None]
    recebida_id: Mapped[int | None]
    dados: Mapped[dict[str, Any] | None]
