"""What a webhook's caller reads back."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class AtendimentoAfetado(BaseModel):
    atendimento_id: int
    nr_seq_agenda: str
    status_confirmacao: str


class DadosWebhook(BaseModel):
    atendimentos: list[AtendimentoAfetado] = Field(default_factory=list)
    interpretacao: str | None = None
    telefone: str | None = None


class WebhookOut(BaseModel):
    """Flat and nested: a Botconversa block reads only the top level."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "success": True,
                "message": "Consulta confirmada.",
                "status": "CONFIRMADO",
                "atendimento_id": 15,
                "nr_seq_agenda": "51177197",
                "data": {
                    "atendimentos": [
                        {"atendimento_id": 15, "nr_seq_agenda": "51177197", "status_confirmacao": "confirmado"}
                    ],
                    "interpretacao": "confirm",
                    "telefone": "***4321",
                },
            }
        }
    )

    success: bool
    message: str
    status: str
    atendimento_id: int | None = None
    nr_seq_agenda: str | None = None
    data: DadosWebhook = Field(default_factory=DadosWebhook)


class SaudeWebhook(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "ok",
                "last_event_at": "2026-03-02T13:00:00Z",
                "backlog": 0,
                "signing": {
                    "hmac_sha256": True,
                    "segredo_fixo": True,
                    "chave_api": False,
                    "standard_webhooks": False,
                },
                "signature_header": "X-Webhook-Signature",
            }
        }
    )

    status: Literal["ok", "degraded"]
    last_event_at: datetime | None
    backlog: int
    signing: dict[str, bool]
    signature_header: str
