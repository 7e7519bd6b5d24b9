"""SEC-25: the whole table of role × route × method, and what a route answers to a method it has not."""

import re
from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.api.deps import Exige
from app.dashboard.router import ROUTERS as PAGES
from app.domain.permissao import PERMISSOES, Papel, Permissao
from app.main import _ROUTERS as ROUTERS
from tests.seguranca.conftest import Porta

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# What stands for an id, a name and a channel that do not exist.
_VALUES = {"nome": "nenhum", "canal": "nenhum"}


def _asked(dependant: Dependant) -> Iterator[Permissao]:
    for each in dependant.dependencies:
        if isinstance(each.call, Exige):
            yield each.call.permissao
        yield from _asked(each)


def _table() -> list[tuple[str, str, frozenset[Permissao]]]:
    """Return every guarded (method, path, permissions)."""
    routes = [route for router in (*ROUTERS, *PAGES) for route in router.routes if isinstance(route, APIRoute)]
    return [
        (method, route.path, frozenset(asked))
        for route in routes
        if (asked := set(_asked(route.dependant)))
        for method in sorted(route.methods)
    ]


def _url(path: str) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda name: _VALUES.get(name[1], "999999999"), path)


@pytest.mark.parametrize("papel", list(Papel))
async def test_sec_25_each_role_may_do_what_its_permissions_say(porta: Porta, papel: Papel) -> None:
    if papel is Papel.ADMINISTRADOR:
        usuario, totp = await porta.administrator()
        _, given = await porta.token(usuario, codigo=totp.at(porta.now))
        headers = {"Authorization": f"Bearer {given['access_token']}"}
    else:
        headers = await porta.bearer(await porta.user(papel))
    table = _table()
    assert len(table) > 20
    wrong = []
    for method, path, asked in table:
        allowed = asked <= PERMISSOES[papel]
        body = {"json": {}} if path.startswith("/api/") and method != "GET" else {}
        status = await porta.status(_url(path), method=method, headers=headers, **body)
        if (status not in {401, 403}) is not allowed:
            wrong.append((method, path, status))
        assert status < 500, (method, path, status)
    assert wrong == []


async def test_sec_25_strangers_may_do_none_of_it(porta: Porta) -> None:
    opened = []
    for method, path, _ in _table():
        body = {"json": {}} if path.startswith("/api/") and method != "GET" else {}
        status = await porta.status(_url(path), method=method, **body)
        if status not in {401, 303} or (status == 303 and not path.startswith("/painel")):
            opened.append((method, path, status))
    assert opened == []


async def test_sec_25_a_method_no_route_has_is_refused(porta: Porta) -> None:
    known: dict[str, set[str]] = {}
    for method, path, _ in _table():
        known.setdefault(path, set()).add(method)
    headers = await porta.bearer(await porta.user(Papel.RECEPCAO))
    for path, methods in known.items():
        for method in {*_METHODS, "TRACE", "PROPFIND"} - methods:
            status = await porta.status(_url(path), method=method, headers=headers)
            assert status in {404, 405, 422}, (method, path, status)
