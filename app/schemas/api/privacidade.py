"""All that is kept of one patient, as they may ask for it (LGPD, art. 18)."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class VisitaGuardada(BaseModel):
    """A booking and what was answered about it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    origem: str
    nr_seq_agenda: str
    data_consulta: datetime
    especialidade: str
    nome_medico: str
    telefone: str | None
    telefone_2: str | None
    email: str | None
    convenio: str | None
    observacoes: str | None
    status_confirmacao: str
    resposta_paciente: str | None
    respondido_em: datetime | None


class MensagemGuardada(BaseModel):
    """What was written to the patient, or would be."""

    model_config = ConfigDict(from_attributes=True)

    quando: datetime
    enviada_em: datetime | None
    estado: str
    modelo: str
    texto: str | None


class RespostaGuardada(BaseModel):
    """What came back."""

    model_config = ConfigDict(from_attributes=True)

    recebida_em: datetime
    texto: str | None
    leitura: str | None
    desfecho: str | None


class PacienteOut(BaseModel):
    """Everything kept of one patient."""

    nome: str
    id_paciente: str | None
    data_nascimento: str | None
    responsavel: str | None
    telefones: list[str]
    atendimentos: list[VisitaGuardada]
    mensagens: list[MensagemGuardada]
    respostas: list[RespostaGuardada]


class AnonimizadoOut(BaseModel):
    """What an erasure touched."""

    atendimentos: int
