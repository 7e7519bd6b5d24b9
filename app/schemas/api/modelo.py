"""Message templates as the API takes and gives them."""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from app.domain.aprovacao import EstadoAprovacao
from app.domain.modelo import CORPO_MAXIMO
from app.domain.modelo_aprovado import ModeloAprovado, read_valores
from app.domain.modelo_textos import IMPEDIMENTOS, NAO_SAIRIA, USOS

_CORPO: Final = "Olá, {{ nome }}! Você tem {{ visita.tipo }} {{ visita.quando }}. Responda 1 (vou) ou 0 (não vou)."
_BIGINT_MAX: Final = 2**63 - 1
_INT_MAX: Final = 2**31 - 1
Corpo = Annotated[str, Field(max_length=CORPO_MAXIMO)]


class CorpoIn(BaseModel):
    """A text in the template language: `{{ }}` shows, `{% %}` decides."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"corpo": _CORPO}})

    corpo: Corpo


class VoltaIn(BaseModel):
    """The version to put in force again; 0 is the text that came with the program."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"versao": 0}})

    versao: int = Field(..., ge=0, le=_INT_MAX)


class PreviaIn(BaseModel):
    """A real appointment to try a template on; without `corpo` the text in force."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"atendimento_id": 15}})

    atendimento_id: int = Field(..., ge=1, le=_BIGINT_MAX)
    corpo: Corpo | None = None


class AprovadoIn(BaseModel):
    """What a gateway approved. `valores`: its variables and our values, or our values alone where order counts."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "nome": "confirmacao_consulta",
                "idioma": "pt_BR",
                "valores": [["paciente", "nome"], ["data", "quando"]],
                "botoes": 2,
            }
        },
    )

    nome: str = Field(..., max_length=512)
    idioma: str = Field("pt_BR", max_length=10)
    valores: list[str | tuple[str, str]] = Field(default_factory=list, max_length=50)
    botoes: int = Field(0, ge=0, le=10, description="Respostas rápidas do texto.")
    aprovado: bool = Field(
        default=False, description="Alguém viu que está aprovado, onde o gateway não conta isso por API."
    )

    def to_domain(self) -> ModeloAprovado:
        valores = read_valores([item if isinstance(item, str) else list(item) for item in self.valores])
        estado = EstadoAprovacao.APROVADO if self.aprovado else EstadoAprovacao.DESCONHECIDO
        return ModeloAprovado(self.nome, self.idioma, valores, self.botoes, estado)


class AprovadoOut(BaseModel):
    """An approved text that stands for one of our templates on one channel."""

    model_config = ConfigDict(from_attributes=True)

    canal_id: int
    modelo: str
    nome: str
    idioma: str
    valores: list[tuple[str, str]]
    botoes: int
    categoria: str | None
    estado: EstadoAprovacao
    motivo: str | None = Field(description="Do gateway, ou nao_encontrado, ou variaveis_diferentes.")
    sincronizado_em: datetime | None

    @classmethod
    def of(cls, row: Any) -> "AprovadoOut":
        return cls.model_validate({**row.__dict__, "valores": list(read_valores(row.valores))})


class LigadoOut(AprovadoOut):
    avisos: list[str] = Field(description="O que merece um segundo olhar.")


class ModeloOut(BaseModel):
    """A template as it would be sent now."""

    nome: str
    uso: str
    versao: int = Field(description="0 é o texto de fábrica.")
    criado_em: datetime | None
    corpo: str
    aprovados: list[AprovadoOut]

    @classmethod
    def of(cls, em_vigor: Any) -> "ModeloOut":
        modelo = em_vigor.modelo
        return cls(
            nome=modelo.nome,
            uso=USOS[modelo.nome],
            versao=modelo.versao,
            criado_em=em_vigor.criado_em,
            corpo=modelo.corpo,
            aprovados=[AprovadoOut.of(row) for row in em_vigor.aprovados],
        )


class ModelosOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [
                    {
                        "nome": "pedido",
                        "uso": USOS["pedido"],
                        "versao": 2,
                        "criado_em": "2026-03-02T13:00:00Z",
                        "corpo": _CORPO,
                        "aprovados": [],
                    }
                ]
            }
        }
    )

    items: list[ModeloOut]


class VersaoOut(BaseModel):
    versao: int
    criado_em: datetime | None
    corpo: str

    @classmethod
    def of(cls, guardada: Any) -> "VersaoOut":
        return cls(versao=guardada.modelo.versao, criado_em=guardada.criado_em, corpo=guardada.modelo.corpo)


class ModeloDetalhe(BaseModel):
    """A template with all its versions, the one in force first, and the approved texts that stand for it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "nome": "pedido",
                "uso": USOS["pedido"],
                "versoes": [
                    {"versao": 1, "criado_em": "2026-03-02T13:00:00Z", "corpo": _CORPO},
                    {"versao": 0, "criado_em": None, "corpo": "…"},
                ],
                "aprovados": [],
            }
        }
    )

    nome: str
    uso: str
    versoes: list[VersaoOut]
    aprovados: list[AprovadoOut]


class SalvoOut(BaseModel):
    """What is in force now; `nova` is false where this text already was."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"nome": "pedido", "versao": 2, "nova": True, "corpo": _CORPO, "avisos": []}}
    )

    nome: str
    versao: int
    nova: bool
    corpo: str
    avisos: list[str] = Field(description="O que merece um segundo olhar.")

    @classmethod
    def of(cls, salvo: Any) -> "SalvoOut":
        modelo = salvo.modelo
        return cls(
            nome=modelo.nome, versao=modelo.versao, nova=salvo.novo, corpo=modelo.corpo, avisos=list(salvo.avisos)
        )


class PreviaAprovadaOut(BaseModel):
    """What would leave on a channel that needs an approved text; or why nothing would."""

    canal_id: int
    canal: str
    nome: str
    idioma: str
    valores: list[tuple[str, str]]
    impedimento: str | None
    explicacao: str | None

    @classmethod
    def of(cls, previa: Any) -> "PreviaAprovadaOut":
        return cls(
            canal_id=previa.canal.id,
            canal=previa.canal.nome,
            nome=previa.nome,
            idioma=previa.idioma,
            valores=list(previa.valores),
            impedimento=previa.impedimento,
            explicacao=IMPEDIMENTOS[previa.impedimento] if previa.impedimento else None,
        )


class PreviaOut(BaseModel):
    """A message as it would leave now; `motivo` says why it would not. Nothing is sent or written."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "nome": "pedido",
                "versao": 2,
                "texto": "Olá, Maria! Você tem uma consulta amanhã, 03/03, às 10:00. Responda 1 (vou) ou 0 (não vou).",
                "caracteres": 92,
                "atendimentos": [15],
                "motivo": None,
                "explicacao": None,
                "aprovados": [],
            }
        }
    )

    nome: str
    versao: int | None = Field(description="null para um texto ainda não salvo.")
    texto: str
    caracteres: int
    atendimentos: list[int]
    motivo: str | None
    explicacao: str | None
    aprovados: list[PreviaAprovadaOut]

    @classmethod
    def of(cls, previa: Any) -> "PreviaOut":
        return cls(
            nome=previa.nome,
            versao=previa.versao,
            texto=previa.texto,
            caracteres=len(previa.texto),
            atendimentos=list(previa.atendimentos),
            motivo=previa.motivo,
            explicacao=NAO_SAIRIA.get(previa.motivo, "Agora esta mensagem não sairia.") if previa.motivo else None,
            aprovados=[PreviaAprovadaOut.of(aprovada) for aprovada in previa.aprovados],
        )


class TextoSincronizadoOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    canal_id: int
    modelo: str
    nome: str
    idioma: str
    de: EstadoAprovacao
    para: EstadoAprovacao
    motivo: str | None
    alerta: str | None


class FalhaSincronizacaoOut(BaseModel):
    canal_id: int
    motivo: str


class SincronizacaoOut(BaseModel):
    """What the gateways said; `falhas` are the channels whose gateway did not answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "textos": [
                    {
                        "canal_id": 3,
                        "modelo": "pedido",
                        "nome": "confirmacao_consulta",
                        "idioma": "pt_BR",
                        "de": "pendente",
                        "para": "aprovado",
                        "motivo": None,
                        "alerta": None,
                    }
                ],
                "falhas": [],
            }
        }
    )

    textos: list[TextoSincronizadoOut]
    falhas: list[FalhaSincronizacaoOut]

    @classmethod
    def of(cls, sincronizacao: Any) -> "SincronizacaoOut":
        falhas = sincronizacao.falhas.items()
        return cls(
            textos=[TextoSincronizadoOut.model_validate(texto) for texto in sincronizacao.textos],
            falhas=[FalhaSincronizacaoOut(canal_id=canal_id, motivo=motivo) for canal_id, motivo in falhas],
        )
