"""The demonstration's clock: stop, go on, jump."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.responses import RedirectResponse

from app.api.deps import Ctx, DemoControl, requires
from app.api.errors import problems
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


@router.post("/relogio")
async def turn_clock(request: Request, contexto: Ctx) -> Response:
    if contexto.demo is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    form = parse_qs((await request.body()).decode("ascii", "replace"), max_num_fields=10)
    act = _ACTIONS.get(form.get("acao", [""])[0])
    if act is None:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY)
    await act(contexto.demo)
    return RedirectResponse("/painel", HTTPStatus.SEE_OTHER)
