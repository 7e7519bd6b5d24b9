"""SEC-21: every page that changes something asks for the session's token, and none changes anything by GET."""

from fastapi.routing import APIRoute

from app.dashboard.formulario import own_form
from app.dashboard.router import ROUTERS as PAGES
from app.domain.permissao import Papel
from tests.seguranca.conftest import Porta

_CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def _changing() -> list[APIRoute]:
    routes = [route for router in PAGES for route in router.routes if isinstance(route, APIRoute)]
    return [route for route in routes if route.methods & _CHANGING]


def test_sec_21_every_changing_page_declares_the_check() -> None:
    assert len(_changing()) >= 5
    lacking = [
        route.path
        for route in _changing()
        if own_form not in {each.call for each in route.dependant.dependencies} or "GET" in route.methods
    ]
    assert lacking == []


async def test_sec_21_none_of_them_does_anything_without_the_token(porta: Porta) -> None:
    usuario = await porta.user(Papel.RECEPCAO)
    await porta.come_in(usuario)
    for route in _changing():
        for method in sorted(route.methods & _CHANGING):
            for form in ({}, {"csrf": ""}, {"csrf": "0" * 64}):
                assert await porta.status(route.path, method=method, data=form) == 403, (method, route.path)
    assert await porta.status("/painel") == 200, "the session is as it was"


async def test_sec_21_one_sessions_token_is_not_anothers(porta: Porta) -> None:
    await porta.come_in(await porta.user())
    async with porta.client.get("/painel") as page:
        token = (await page.text()).split('name="csrf" value="')[1].split('"')[0]
    await porta.come_in(await porta.user())
    assert await porta.status("/sair", method="POST", data={"csrf": token}) == 403
    assert await porta.status("/painel") == 200
