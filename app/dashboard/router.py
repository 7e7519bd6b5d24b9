"""All pages."""

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, HTTPException, Response
from starlette.responses import RedirectResponse

from app.api.deps import PUBLICA
from app.api.errors import problems
from app.dashboard import assets
from app.dashboard.page import PageRoute
from app.dashboard.pages.atendimento import routes as atendimento
from app.dashboard.pages.demo import routes as demo
from app.dashboard.pages.dia import routes as dia
from app.dashboard.pages.documentacao import routes as documentacao
from app.dashboard.pages.entrar import routes as entrar

_lost = APIRouter(
    include_in_schema=False, route_class=PageRoute, responses=problems(404), tags=["Painel"], dependencies=[PUBLICA]
)


@_lost.get("/")
async def show_way() -> Response:
    return RedirectResponse("/painel")


@_lost.get("/painel/{resto:path}")
async def refuse(resto: str) -> Response:  # noqa: ARG001  a wrong address gets a page, too
    raise HTTPException(HTTPStatus.NOT_FOUND)


ROUTERS: Final = (entrar.router, dia.router, atendimento.router, demo.router, assets.router, documentacao.router, _lost)
