"""The HTTP application: routes, pages, and what surrounds them."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from starlette.types import Receive, Scope, Send

from app import __doc__ as _program
from app.api import errors
from app.api.deps import Contexto
from app.api.lane import WebhookLane
from app.api.limits import BodyLimit, Envelope, common_headers
from app.api.origem import OwnPages
from app.api.routes import (
    atendimentos,
    auth,
    botconversa_test,
    conhecimento,
    conversas,
    estatisticas,
    health,
    modelos,
    privacidade,
    scheduler_status,
    webhook_intelligent,
)
from app.dashboard.router import ROUTERS as PAGES
from app.schemas import ClassicWebhookData, N8NWebhookData
from app.schemas.api.problema import Problema
from app.schemas.api.webhook import WebhookOut

_ROUTERS: Final = (
    auth.router,
    atendimentos.router,
    privacidade.router,
    conhecimento.router,
    conversas.router,
    estatisticas.router,
    modelos.router,
    webhook_intelligent.router,
    botconversa_test.router,
    scheduler_status.router,
    health.router,
    *PAGES,
)


class _App(FastAPI):
    """The pages and the API, and before them the short way for what gateways post."""

    lane: WebhookLane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await self.lane.took(scope, receive, send):
            await super().__call__(scope, receive, send)


def create_app(contexto: Contexto) -> FastAPI:
    """Return the application over what the shell built."""
    app = _App(
        title="Confirma", version="0.1.0", description=_program or "", docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.contexto = contexto
    errors.install(app)
    calls = webhook_intelligent.WebhookEndpoint(contexto)
    app.router.routes.extend(webhook_intelligent.webhook_routes(calls))
    for router in _ROUTERS:
        app.include_router(router)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    app.add_middleware(BodyLimit)
    app.add_middleware(OwnPages, server=contexto.settings.server)
    headers = common_headers(https=contexto.settings.server.base_url.startswith("https://"))
    app.add_middleware(Envelope, headers=headers)  # the outermost
    app.lane = WebhookLane(calls, headers)
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schema["components"]["schemas"] |= _models_by_hand()
        for path, described in webhook_intelligent.describe_webhooks().items():
            schema["paths"].setdefault(path, {}).update(described)
        app.openapi_schema = schema
    return app.openapi_schema


def _models_by_hand() -> dict[str, Any]:
    """Return the models that routes name without taking them as arguments: errors, and bodies read as raw bytes."""
    _, described = models_json_schema(
        [(model, "validation") for model in (Problema, N8NWebhookData, ClassicWebhookData, WebhookOut)],
        ref_template="#/components/schemas/{model}",
    )
    models: dict[str, Any] = described["$defs"]
    return models
