"""An appointment as the API takes and gives it: the unified record."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict

from app.domain.confirmacao import EstadoMensagem, SituacaoAgenda, StatusConfirmacao, TipoAtendimento

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_MINUTOS_MAX: Final = 7 * 24 * 60


def _clean(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("O texto tem caracteres de controle.")
    return text.strip()


def _filled(text: str) -> str:
    if not text:
        raise ValueError("O campo está vazio.")
    return text


def _as_text(value: object) -> object:
    """Take a number where hospitals send ids and phones as numbers."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _email(text: str) -> str:
    if text and not _EMAIL.fullmatch(text):
        raise ValueError("O e-mail não foi entendido.")
    return text


Curto = Annotated[str, Field(max_length=200), AfterValidator(_clean)]
Longo = Annotated[str, Field(max_length=4000), AfterValidator(_clean)]
Obrigatorio = Annotated[Curto, AfterValidator(_filled)]
Numero = Annotated[Curto, BeforeValidator(_as_text)]
Email = Annotated[Curto, AfterValidator(_email)]
Minutos = Annotated[int, Field(ge=0, le=_MINUTOS_MAX)]
Origem = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$", description="De onde vem o agendamento.")]

_EXEMPLO: Final[JsonDict] = {
    "nr_seq_agenda": "51177197",
    "nome_paciente": "Maria Souza",
    "telefone": "(31) 98765-4321",
    "nome_medico": "Dra. Helena Prado",
    "especialidade": "Cardiologia",
    "data_consulta": "2026-03-06T14:30",
    "unidade": "Ambulatório Central",
    "preparo": "Trazer exames anteriores.",
    "chegar_antes_min": 20,
}


class AtendimentoIn(BaseModel):
    """A booking of the hospital. What is ours (status, id, times) cannot be set."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXEMPLO})

    nr_seq_agenda: Annotated[Numero, AfterValidator(_filled)]
    nome_paciente: Obrigatorio
    telefone: Numero | None = Field(
        ..., description="Como o hospital o escreveu; sem telefone, vai para a lista de ligações."
    )
    nome_medico: Obrigatorio
    especialidade: Obrigatorio
    data_consulta: Annotated[
        str, Field(max_length=40, description="ISO 8601 ou dd/mm/aaaa hh:mm; sem fuso, vale o da unidade.")
    ]
    origem: Origem = "hospital"
    id_paciente: Numero | None = None
    data_nascimento: date | None = Field(None, ge=date(1880, 1, 1), le=date(2100, 1, 1))
    telefone_2: Numero | None = None
    responsavel: Curto | None = None
    email: Email | None = None
    tipo: TipoAtendimento = TipoAtendimento.CONSULTA
    convenio: Curto | None = None
    unidade: Curto | None = None
    sala: Curto | None = None
    duracao_min: Annotated[int, Field(ge=1, le=_MINUTOS_MAX)] | None = None
    chegar_antes_min: Minutos | None = None
    preparo: Longo | None = None
    observacoes: Longo | None = None
    situacao_agenda: SituacaoAgenda = SituacaoAgenda.AGENDADO


class LoteIn(BaseModel):
    """Many bookings; each is judged by itself, the good ones go in."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"atendimentos": [_EXEMPLO]}})

    origem: Origem = "hospital"
    atendimentos: list[Mapping[str, Any]] = Field(..., min_length=1, max_length=10_000)


class AlteracaoIn(BaseModel):
    """Reception's notes; `null` clears a field, an absent one stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"versao": 3, "observacoes": "Vem com acompanhante."}}
    )

    versao: int = Field(..., ge=1, le=2**63 - 1, description="A versão lida; se outra pessoa mudou antes, 409.")
    observacoes: Longo | None = None
    preparo: Longo | None = None
    chegar_antes_min: Minutos | None = None
    sala: Curto | None = None
    convenio: Curto | None = None
    email: Email | None = None
    atencao_resolvida: bool = Field(default=False, description="Alguém já tratou do que pedia atenção.")


class DecisaoIn(BaseModel):
    """What reception heard by phone."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"motivo": "Ligou para avisar."}})

    motivo: Annotated[Longo, Field(description="Vai para as observações do atendimento.")] | None = None
    versao: int | None = Field(None, ge=1, le=2**63 - 1)


class AtendimentoOut(BaseModel):
    """The unified record. `telefone` is E.164 when it could be read, else as the hospital wrote it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    nr_seq_agenda: str
    origem: str
    id_paciente: str | None
    nome_paciente: str
    data_nascimento: str | None
    telefone: str | None
    telefone_2: str | None
    telefone_motivo: str | None = Field(description="Por que o telefone não recebe WhatsApp, se não recebe.")
    responsavel: str | None
    email: str | None
    nome_medico: str
    especialidade: str
    tipo: TipoAtendimento
    convenio: str | None
    unidade: str | None
    sala: str | None
    data_consulta: datetime
    duracao_min: int | None
    chegar_antes_min: int | None
    preparo: str | None
    observacoes: str | None
    status_confirmacao: StatusConfirmacao
    situacao_agenda: SituacaoAgenda
    subscriber_id: str | None
    resposta_paciente: str | None
    interpretacao_resposta: str | None
    preferencia: str | None = Field(description="De quem quer outra data: os dias e horas que prefere, lidos do texto.")
    enviado_em: datetime | None
    lembrete_48h_enviado_em: datetime | None
    lembrete_12h_enviado_em: datetime | None
    tentativas: int
    respondido_em: datetime | None
    atencao: str | None
    atencao_em: datetime | None
    criado_em: datetime
    atualizado_em: datetime
    versao: int

    @classmethod
    def of(cls, registro: Mapping[Any, Any]) -> "AtendimentoOut":
        return cls.model_validate(
            {**registro, "telefone": registro["telefone_contato"] or registro["telefone_escrito"]}
        )


class FatoOut(BaseModel):
    """One line of the history; `texto` says it in plain Portuguese."""

    model_config = ConfigDict(from_attributes=True)

    em: datetime
    fato: str
    texto: str
    quem: str
    de: str | None
    para: str | None
    porque: str | None
    mensagem_id: int | None


class MensagemOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    tipo: str
    passo: str
    estado: EstadoMensagem
    quando: datetime
    ate: datetime
    enviada_em: datetime | None
    entregue_em: datetime | None
    lida_em: datetime | None
    tentativas: int
    motivo: str | None
    modelo: str
    modelo_versao: int | None = Field(description="A versão do modelo com que foi escrita; 0 é o texto de fábrica.")
    texto: str | None
    letra: str


class ProximoOut(BaseModel):
    """What comes next, or why nothing does (`em` is null)."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    texto: str
    em: datetime | None


class AtendimentoDetalhe(AtendimentoOut):
    """One appointment with its story and what comes next."""

    historico: list[FatoOut]
    mensagens: list[MensagemOut]
    proximos: list[ProximoOut]


class AtendimentosOut(BaseModel):
    items: list[AtendimentoOut]
    next_cursor: str | None = Field(description="Passe em `cursor` para a página seguinte; null na última.")


class LinhaRecusadaOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    linha: int
    coluna: str | None
    motivo: str
    mensagem: str
    valor: str = Field(description="Mascarado.")


class LoteOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "criados": 2,
                "atualizados": 0,
                "inalterados": 1,
                "rejeitados": [
                    {
                        "linha": 4,
                        "coluna": "data_consulta",
                        "motivo": "data_invalida",
                        "mensagem": "A data não foi entendida: use dd/mm/aaaa hh:mm ou aaaa-mm-dd hh:mm.",
                        "valor": "3***",
                    }
                ],
                "avisos": [],
                "ids": {"51177197": 15},
            }
        }
    )

    criados: int = 0
    atualizados: int = 0
    inalterados: int = 0
    rejeitados: list[LinhaRecusadaOut] = Field(default_factory=list)
    avisos: list[LinhaRecusadaOut] = Field(default_factory=list)
    ids: dict[str, int] = Field(default_factory=dict, description="De nr_seq_agenda para o número no Confirma.")
