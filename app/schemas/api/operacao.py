"""Shapes of health, scheduler and the operator's trials."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Saude = Literal["ok", "degraded", "down"]


class Verificacao(BaseModel):
    status: Saude
    detail: str
    ms: float


class HealthOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "ok",
                "checks": {
                    "database": {"status": "ok", "detail": "responde", "ms": 1.2},
                    "queue": {"status": "ok", "detail": "nada atrasado", "ms": 0.8},
                    "gateway": {"status": "ok", "detail": "Botconversa responde", "ms": 85.0},
                    "disk": {"status": "ok", "detail": "52 GiB livres", "ms": 0.1},
                },
            }
        }
    )

    status: Saude
    checks: dict[str, Verificacao]


class JobOut(BaseModel):
    name: str
    cron: str
    last_run: datetime | None
    last_result: str | None
    next_run: datetime | None
    lag_s: float


class SchedulerOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "running": True,
                "jobs": [
                    {
                        "name": "planejar",
                        "cron": "* * * * *",
                        "last_run": "2026-03-02T13:00:00Z",
                        "last_result": "ok",
                        "next_run": "2026-03-02T13:01:00Z",
                        "lag_s": 0.0,
                    }
                ],
            }
        }
    )

    running: bool
    jobs: list[JobOut]


class PassoOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    step: str
    ok: bool
    ms: float
    detail: str = ""
    id: str | None = None


class WorkflowOut(BaseModel):
    """A whole send, step by step."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "success": True,
                "atendimento_id": 15,
                "subscriber_id": "701234567",
                "message_id": None,
                "steps": [
                    {"step": "subscriber", "ok": True, "ms": 120.5, "detail": "criado", "id": "701234567"},
                    {"step": "send_message", "ok": True, "ms": 98.1, "detail": "", "id": None},
                ],
            }
        }
    )

    success: bool
    atendimento_id: int
    subscriber_id: str | None
    message_id: str | None
    steps: list[PassoOut]


class FluxoIn(BaseModel):
    """A flow by its id or by its name; exactly one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"flow_name": "Confirmação de consulta"}})

    flow_id: str | int | None = Field(None, description="Id do fluxo no gateway.")
    flow_name: str | None = Field(None, min_length=1, max_length=200)

    @model_validator(mode="after")
    def _exactly_one(self) -> "FluxoIn":
        if (self.flow_id is None) == (self.flow_name is None):
            raise ValueError("informe flow_id ou flow_name, e só um deles.")
        return self

    @property
    def flow(self) -> str:
        return str(self.flow_id if self.flow_id is not None else self.flow_name)


class FluxoOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {"success": True, "subscriber_id": "701234567", "flow": "Confirmação de consulta"}
        }
    )

    success: bool
    subscriber_id: str
    flow: str


class CampanhaOut(BaseModel):
    id: str
    name: str


class CampanhasOut(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {"items": [{"id": "42", "name": "Confirmações"}]}})

    items: list[CampanhaOut]

    @classmethod
    def of(cls, campanhas: Any) -> "CampanhasOut":
        return cls(items=[CampanhaOut(id=str(campanha.id), name=campanha.name) for campanha in campanhas])
