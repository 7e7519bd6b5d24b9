"""The nested call ("tradicional"): a message of a contact, or news of one."""

from typing import Annotated

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from app.schemas.campos import Escrito, Instante, Texto


class _Tolerant(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ClassicContact(_Tolerant):
    id: Texto = None
    phone: Texto = Field(None, validation_alias=AliasChoices("phone", "whatsapp", "telefone"))
    full_name: Texto = Field(None, validation_alias=AliasChoices("full_name", "name"))
    first_name: Texto = None
    last_name: Texto = None

    @property
    def nome(self) -> str | None:
        return self.full_name or " ".join(filter(None, (self.first_name, self.last_name))) or None


class ClassicMessage(_Tolerant):
    id: Texto = None
    type: Texto = None
    content: Escrito = Field(None, validation_alias=AliasChoices("content", "text"))
    timestamp: Instante = None


def _spelled_out(valor: object) -> object:
    """Accept a bare text where the message object belongs: some accounts write so."""
    return {"content": valor} if isinstance(valor, str) else valor


class ClassicWebhookData(_Tolerant):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "message",
                "contact": {"id": 701234567, "full_name": "Maria Souza", "phone": "+553187654321"},
                "message": {
                    "id": "m-1",
                    "type": "text",
                    "content": "Sim, confirmo",
                    "timestamp": "2026-03-02T13:07:40Z",
                },
            }
        }
    )

    type: Texto = None
    contact: ClassicContact = Field(default_factory=ClassicContact)
    message: Annotated[ClassicMessage | None, BeforeValidator(_spelled_out)] = None
    status: Texto = None
