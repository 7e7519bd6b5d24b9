"""Where answers arrive: the raw body goes to the receiver untouched, for its signature is over those bytes."""

import json
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from app.api.deps import Ctx, Now, Sessao, WebhookAnswer
from app.api.errors import problem_response, problems
from app.api.strict_json import StrictRoute
from app.providers.base import WebhookCall
from app.repositories.saude import SaudeRepository
from app.schemas.api.webhook import SaudeWebhook, WebhookOut

router = APIRouter(prefix="/webhook", tags=["Webhooks"], route_class=StrictRoute)

_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_USE_JSON: Final = (
    "O corpo veio como formulário. No nó HTTP Request do n8n, ligue “Send Body” e escolha “Body Content Type: JSON”; "
    "num bloco do Botconversa, envie o corpo como JSON."
)
_FAILURES: Final = problems(400, 401, 404, 408, 413, 415, 422, 503)
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "anyOf": [
                        {"$ref": "#/components/schemas/N8NWebhookData"},
                        {"$ref": "#/components/schemas/ClassicWebhookData"},
                    ]
                },
                "examples": {
                    "n8n": {"value": {"telefone": "5531987654321", "subscriber_id": "701234567", "resposta": "1"}},
                    "classico": {
                        "value": {
                            "type": "message",
                            "contact": {"phone": "+5531987654321", "full_name": "Maria Souza"},
                            "message": {"id": "m-1", "content": "1", "timestamp": "2026-03-02T13:00:00Z"},
                        }
                    },
                },
            }
        },
    }
}


@router.post("/botconversa", response_model=WebhookOut, responses=_FAILURES, openapi_extra=_BODY)
async def receive_botconversa(request: Request, contexto: Ctx, now: Now) -> Response:
    """Recebe a resposta de um paciente, do n8n ou do próprio Botconversa, e diz o que mudou."""
    return await _receive(request, contexto, now, canal=None)


@router.get("/botconversa/health", responses=problems(503))
async def read_health(contexto: Ctx, sessao: Sessao) -> SaudeWebhook:
    """Diz quando chegou o último evento, quantos esperam e quais formas de assinatura estão prontas."""
    inbox = await SaudeRepository(sessao, contexto.tenant_id).inbox()
    secret = await contexto.webhook.has_secret(contexto.tenant_id)  # one secret serves every way but the API key
    signing = {"hmac_sha256": secret, "segredo_fixo": secret, "standard_webhooks": secret, "chave_api": False}
    return SaudeWebhook(
        status="degraded" if inbox.backlog else "ok",
        last_event_at=inbox.last_event_at,
        backlog=inbox.backlog,
        signing=signing,
        signature_header=contexto.settings.botconversa.signature_header,
    )


@router.post("/{canal}", response_model=WebhookOut, responses=_FAILURES, openapi_extra=_BODY)
async def receive_canal(canal: str, request: Request, contexto: Ctx, now: Now) -> Response:
    """Recebe os eventos de um canal, pelo seu identificador público."""
    return await _receive(request, contexto, now, canal=canal)


async def _receive(request: Request, contexto: Ctx, now: Now, *, canal: str | None) -> Response:
    if request.headers.get("content-type", "").lower().startswith(_FORMS):
        return problem_response(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, code="formulario", detail=_USE_JSON)
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = f"?{request.url.query}" if request.url.query else ""
    url = f"{contexto.settings.server.base_url}{request.url.path}{query}"
    answer = await contexto.webhook.receive(WebhookCall(await request.body(), headers, url), canal=canal, now=now)
    return _as_response(answer)


def _as_response(answer: WebhookAnswer) -> Response:
    if answer.status_code >= HTTPStatus.BAD_REQUEST:
        body = dict(answer.body)
        return problem_response(
            answer.status_code,
            code=body.pop("code", None),
            detail=body.get("message"),
            extra={"success": False, **body},
        )
    content = json.dumps(answer.body, ensure_ascii=False, default=str)
    return Response(content, answer.status_code, media_type="application/json; charset=utf-8")
