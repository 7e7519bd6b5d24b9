"""Where gateways call: the raw body goes to the receiver untouched, for its signature is over those bytes.

Calls come by the thousand a second, so they are taken by a bare ASGI endpoint; its description is written by hand. Most
reach it by the short way (`app.api.lane`), past the layers between.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.api.deps import PUBLICA, Contexto, Ctx, Quem, Sessao, WebhookAnswer, requires
from app.api.errors import problem_response, problems
from app.api.strict_json import StrictRoute
from app.domain.permissao import Permissao
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


class WebhookEndpoint:
    """Takes one call: of the specification's path, or of one channel's own."""

    def __init__(self, contexto: Contexto) -> None:
        self._contexto = contexto
        self._base_url = contexto.settings.server.base_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, body = headers_of(scope), await read_body(receive)
        answer = await self.answer(scope, headers, body, canal=scope["path_params"].get("canal"))
        await answer(scope, receive, send)

    async def answer(self, scope: Scope, headers: Mapping[str, str], body: bytes, *, canal: str | None) -> Response:
        """Return what a call is answered with; without a channel it came by the specification's path."""
        if canal is None and headers.get("content-type", "").lower().startswith(_FORMS):
            return problem_response(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, code="formulario", detail=_USE_JSON)
        call = WebhookCall(body, headers, self._url_of(scope))
        return _as_response(await self._contexto.webhook.receive(call, canal=canal, now=self._contexto.clock()))

    def _url_of(self, scope: Scope) -> str:
        query = scope["query_string"].decode("latin-1")
        return f"{self._base_url}{scope['path']}?{query}" if query else f"{self._base_url}{scope['path']}"


def headers_of(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def webhook_routes(endpoint: WebhookEndpoint) -> list[Route]:
    """Return the routes that calls take, before every other."""
    return [Route(path, endpoint, methods=["POST"]) for path in ("/webhook/botconversa", "/webhook/{canal}")]


def describe_webhooks() -> dict[str, Any]:
    """Return the OpenAPI paths of these routes."""
    return {
        "/webhook/botconversa": {
            "post": _operation(
                "receive_botconversa",
                "Recebe a resposta de um paciente, do n8n ou do próprio Botconversa, e diz o que mudou.",
            )
        },
        "/webhook/{canal}": {
            "post": _operation(
                "receive_canal",
                "Recebe os eventos de um canal, pelo seu identificador público, na forma do gateway dele.",
                canal=True,
            )
        },
    }


@router.get("/botconversa/health", dependencies=[requires(Permissao.OPERACAO_LER)], responses=problems(401, 403, 503))
async def read_health(contexto: Ctx, quem: Quem, sessao: Sessao) -> SaudeWebhook:
    """Diz quando chegou o último evento, quantos esperam e quais formas de assinatura estão prontas."""
    inbox = await SaudeRepository(sessao, quem.tenant_id).inbox()
    secret = await contexto.webhook.has_secret(quem.tenant_id)  # one secret serves every way but the API key
    signing = {"hmac_sha256": secret, "segredo_fixo": secret, "standard_webhooks": secret, "chave_api": False}
    return SaudeWebhook(
        status="degraded" if inbox.backlog else "ok",
        last_event_at=inbox.last_event_at,
        backlog=inbox.backlog,
        signing=signing,
        signature_header=contexto.settings.botconversa.signature_header,
    )


@router.get("/{canal}", dependencies=[PUBLICA], responses=problems(403, 422), response_class=PlainTextResponse)
async def greet_canal(canal: str, request: Request, contexto: Ctx) -> Response:
    """Responde à pergunta com que o gateway confere se este endereço é nosso (`hub.challenge`)."""
    answer = await contexto.webhook.greet(dict(request.query_params), canal=canal)
    if answer is None:
        return problem_response(HTTPStatus.FORBIDDEN)
    return PlainTextResponse(answer)


async def read_body(receive: Receive) -> bytes:
    """Return a request's body; whoever limits it does so in `receive`."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HTTPException(HTTPStatus.BAD_REQUEST)
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _as_response(answer: WebhookAnswer) -> Response:
    if answer.status_code >= HTTPStatus.BAD_REQUEST:
        body = dict(answer.body)
        return problem_response(
            answer.status_code,
            code=body.pop("code", None),
            detail=body.get("message"),
            extra={"success": False, **body},
        )
    content = answer.raw if answer.raw is not None else json.dumps(answer.body, ensure_ascii=False, default=str)
    return Response(content, answer.status_code, media_type=answer.media_type)


def _operation(ident: str, description: str, *, canal: bool = False) -> dict[str, Any]:
    answer = {"schema": {"$ref": f"#/components/schemas/{WebhookOut.__name__}"}}
    parameter = {"name": "canal", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "tags": ["Webhooks"],
        "summary": ident.replace("_", " ").capitalize(),
        "description": description,
        "operationId": ident,
        **({"parameters": [parameter]} if canal else {}),
        "requestBody": _BODY,
        "responses": {
            "200": {"description": "Recebido.", "content": {"application/json": answer}},
            **{str(status): entry for status, entry in _FAILURES.items()},
        },
    }
