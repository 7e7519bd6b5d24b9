"""Conversations as the API takes and gives them."""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.domain.posse import EstadoConversa, Fila
from app.schemas.api.atendimento import Longo

_BIGINT_MAX: Final = 2**63 - 1
NOME_DA_FRASE: Final = r"^[a-z0-9_]{1,40}$"


def _filled(text: str) -> str:
    if not text:
        raise ValueError("O texto está vazio.")
    return text


Escrito = Annotated[Longo, AfterValidator(_filled)]
Versao = Annotated[
    int, Field(ge=0, le=_BIGINT_MAX, description="A versão lida; se outra pessoa agiu antes, 409 e nada muda.")
]


class VersaoIn(BaseModel):
    """Which version of the conversation the act is about."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"versao": 2}})

    versao: Versao


class AssumirIn(VersaoIn):
    tomar: bool = Field(default=False, description="Assumir mesmo que outra pessoa esteja com a conversa.")


class RespostaIn(VersaoIn):
    """What to say: own words, or the name of a canned answer."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"versao": 2, "texto": "Pode vir com acompanhante, sim."}}
    )

    texto: Escrito | None = None
    frase: Annotated[str, Field(pattern=NOME_DA_FRASE)] | None = None


class NotaIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"nota": "Ligar para a filha à tarde."}})

    nota: Escrito


class FraseIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"texto": "Traga um documento com foto."}})

    texto: Escrito


class FraseOut(BaseModel):
    nome: str
    texto: str


class FrasesOut(BaseModel):
    items: list[FraseOut]


class ConversaOut(BaseModel):
    """Whose a conversation is; `id` is the contact's."""

    id: int
    estado: EstadoConversa
    motivo: str | None
    fila: Fila | None = Field(description="De quem é o trabalho, enquanto alguém precisa olhar.")
    telefone: str
    responsavel: str | None
    aguardando_desde: datetime | None
    espera_s: int | None = Field(description="Há quantos segundos o paciente espera por uma pessoa.")
    calado_ate: datetime | None = Field(description="Até quando o robô não fala nem manda lembretes.")
    recebida_em: datetime | None
    versao: int


class ConversasOut(BaseModel):
    items: list[ConversaOut]
    next_cursor: str | None


class DitaOut(BaseModel):
    """One message of the conversation, in or out."""

    tipo: str = Field(description="`recebida` ou `enviada`.")
    em: datetime
    texto: str | None
    modelo: str | None = Field(description="Da enviada, o modelo; da recebida, como foi lida.")
    estado: str | None


class FatoDaConversaOut(BaseModel):
    em: datetime
    fato: str
    quem: str
    motivo: str | None
    espera_s: int | None
    nota: str | None


class AtendimentoDaConversaOut(BaseModel):
    id: int
    nr_seq_agenda: str
    status_confirmacao: str
    data_consulta: datetime
    atencao: str | None
    preferencia: str | None


class ConversaDetalhe(ConversaOut):
    mensagens: list[DitaOut]
    fatos: list[FatoDaConversaOut]
    atendimentos: list[AtendimentoDaConversaOut]


class TempoOut(BaseModel):
    """How long patients waited until something was done, in seconds."""

    vezes: int
    media_s: float
    mediana_s: float
    p90_s: float


class TemposOut(BaseModel):
    tempos: dict[str, TempoOut] = Field(description="Por fato: `assumida`, `respondida`, `encerrada`.")


def as_mapping(row: Any) -> dict[str, Any]:
    """Return a row of the database as what a model is built from."""
    return dict(row.items())
