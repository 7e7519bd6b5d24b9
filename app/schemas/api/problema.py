"""The one shape of every error (RFC 9457)."""

from pydantic import BaseModel, ConfigDict, Field


class CampoRecusado(BaseModel):
    """One field that was refused; its value is never repeated."""

    campo: str
    code: str
    mensagem: str


class Problema(BaseModel):
    """An error: `code` is stable and meant for programs, `detail` is a sentence for people."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:confirma:erro:atendimento_inexistente",
                "title": "Atendimento inexistente",
                "status": 404,
                "code": "atendimento_inexistente",
                "detail": "Não há atendimento com este número.",
                "request_id": "0f9c2f7d4be94a0e9b7f5a1f1d3f5c11",
            }
        }
    )

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str | None = None
    errors: list[CampoRecusado] = Field(default_factory=list)
