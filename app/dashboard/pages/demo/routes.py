"""The demonstration's clock: stop, go on, jump."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, HTTPException, Response
from starlette.responses import RedirectResponse

from app.api.deps import Ctx, DemoControl, requires
from app.api.errors import problems
from app.dashboard.formulario import PROPRIO, Formulario
from app.dashboard.page import PageRoute
from app.domain.permissao import Permissao

router = APIRouter(
    prefix="/painel/demo",
    include_in_schema=False,
    route_class=PageRoute,
    responses=problems(401, 403, 404, 413, 422),
    tags=["Painel"],
    dependencies=[requires(Permissao.DEMONSTRACAO_CONDUZIR)],
)

_ACTIONS: Final[Mapping[str, Callable[[DemoControl], Awaitable[None]]]] = {
    "parar": lambda demo: demo.stop(),
    "seguir": lambda demo: demo.go_on(),
    "hora": lambda demo: demo.jump(timedelta(hours=1)),
    "dia": lambda demo: demo.next_day(),
}


@router.post("/relogio", dependencies=[PROPRIO])
async def turn_clock(form: Formulario, contexto: Ctx) -> Response:
    if contexto.demo is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    act = _ACTIONS.get(form.get("acao", ""))
    if act is None:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY)
    await act(contexto.demo)
    return RedirectResponse("/painel", HTTPStatus.SEE_OTHER)
