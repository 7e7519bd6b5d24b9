"""A route without a declared access rule fails the build."""

from collections.abc import Iterator

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.api.deps import Anota, Exige, answer_anybody
from app.dashboard.router import ROUTERS as PAGES
from app.domain.permissao import PERMISSOES, Papel, Permissao
from app.main import _ROUTERS as ROUTERS

# Strangers may call these, and nothing else. Webhooks prove themselves by their channel's secret.
PUBLIC = {"/health", "/webhook/{canal}", "/painel/static/{nome}", "/", "/painel/{resto:path}"} | {
    *("/entrar", "/sair", "/entrar/segundo-fator", "/entrar/senha"),
    *("/api/v1/auth/token", "/api/v1/auth/refresh", "/api/v1/auth/logout"),
}


def _routes() -> list[APIRoute]:
    return [route for router in (*ROUTERS, *PAGES) for route in router.routes if isinstance(route, APIRoute)]


def _calls(dependant: Dependant) -> Iterator[object]:
    for each in dependant.dependencies:
        yield each.call
        yield from _calls(each)


def test_every_route_declares_who_may_call_it() -> None:
    routes = _routes()
    assert len(routes) > 20
    undeclared = [
        route.path
        for route in routes
        if not any(isinstance(call, Exige) or call is answer_anybody for call in _calls(route.dependant))
    ]
    assert undeclared == []


def test_strangers_may_call_a_short_list_only() -> None:
    assert {route.path for route in _routes() if answer_anybody in set(_calls(route.dependant))} == PUBLIC


# What shows or changes a patient's data is noted in the audit trail.
PERSONAL = {
    Permissao.AGENDA_LER,
    Permissao.AGENDA_GRAVAR,
    Permissao.CONFIRMACAO_GRAVAR,
    Permissao.PACIENTE_LER,
    Permissao.PRIVACIDADE_GERIR,
    Permissao.MENSAGEM_ENVIAR,
    Permissao.CONVERSA_LER,
    Permissao.CONVERSA_ATENDER,
}


def test_sec_44_every_route_about_patients_leaves_a_line_and_only_after_its_permission() -> None:
    silent = []
    for route in _routes():
        calls = list(_calls(route.dependant))
        asked = [position for position, call in enumerate(calls) if isinstance(call, Exige)]
        noted = [position for position, call in enumerate(calls) if isinstance(call, Anota)]
        about = any(isinstance(call, Exige) and call.permissao in PERSONAL for call in calls)
        if about and (not noted or min(noted) < max(asked)):
            silent.append(route.path)
    assert silent == []


def test_every_role_has_its_permissions_and_every_permission_somebody() -> None:
    assert set(PERMISSOES) == set(Papel)
    assert frozenset().union(*PERMISSOES.values()) == frozenset(Permissao)
