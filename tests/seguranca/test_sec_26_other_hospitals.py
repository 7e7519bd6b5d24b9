"""SEC-26: another hospital's number is answered like one that does not exist, everywhere."""

import re
from typing import Any

import pytest
from fastapi.routing import APIRoute

from app.api.deps import Exige, answer_anybody
from app.auth.chaves import Chaves
from app.dashboard.router import ROUTERS as PAGES
from app.domain.permissao import Papel, Permissao
from app.main import _ROUTERS as ROUTERS
from app.services.atendimento_service import AtendimentoInexistente
from tests.architecture.test_permissoes import _calls
from tests.cenario import Cenario
from tests.seguranca.conftest import Porta
from tests.web.apoio import corpo_atendimento

MISSING = 999_999_999
_BY_GATEWAY = "/test/workflow/{atendimento_id}"  # answered by a stand-in here; below by the real one
BODIES: dict[str, Any] = {
    "/api/v1/atendimentos/{atendimento_id}": {"versao": 1, "observacoes": "x"},
    "/api/v1/modelos/{nome}/previa": {"atendimento_id": None},
}


def _with_ids() -> list[tuple[str, str]]:
    """Return (method, path) of every guarded route that takes a number of ours."""
    routes = [route for router in (*ROUTERS, *PAGES) for route in router.routes if isinstance(route, APIRoute)]
    return [
        (method, route.path)
        for route in routes
        if "{atendimento_id}" in route.path
        and route.path != _BY_GATEWAY
        and any(isinstance(call, Exige) for call in _calls(route.dependant))
        and answer_anybody not in set(_calls(route.dependant))
        for method in sorted(route.methods)
    ]


async def _told(porta: Porta, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    body = BODIES.get(re.sub(r"/\d+", "/{atendimento_id}", path)) if method in {"PATCH", "PUT"} else None
    given: dict[str, Any] = {"json": body or {}} if method != "GET" else {}
    async with porta.client.request(method, path, headers=headers, allow_redirects=False, **given) as answer:
        text = await answer.text()
        return answer.status, re.sub(r"[0-9a-f]{32}", "…", text)


async def _visit_of(porta: Porta, tenant_id: int) -> int:
    """Book a visit at a hospital; return its number."""
    before, porta.tenant_id = porta.tenant_id, tenant_id
    try:
        headers = await porta.bearer(await porta.user(Papel.RECEPCAO))
    finally:
        porta.tenant_id = before
    made = corpo_atendimento(nr_seq_agenda="do-vizinho", nome_paciente="Vizinha Oculta", telefone="27998000111")
    async with porta.client.post("/api/v1/atendimentos", json=made, headers=headers) as answer:
        assert answer.status == 201, await answer.text()
        number: int = (await answer.json())["id"]
        return number


@pytest.fixture
async def theirs(porta: Porta, outro_hospital: int) -> int:
    return await _visit_of(porta, outro_hospital)


async def test_sec_26_every_route_with_a_number_answers_as_if_it_were_missing(porta: Porta, theirs: int) -> None:
    usuario, totp = await porta.administrator()
    _, given = await porta.token(usuario, codigo=totp.at(porta.now))
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    routes = _with_ids()
    assert len(routes) >= 6
    for method, path in routes:
        told = await _told(porta, method, path.replace("{atendimento_id}", str(theirs)), headers)
        missing = await _told(porta, method, path.replace("{atendimento_id}", str(MISSING)), headers)
        assert told == missing, (method, path)
        assert told[0] in {404, 422}, (method, path)


async def test_sec_26_lists_filters_and_pages_hold_none_of_it(porta: Porta, theirs: int) -> None:
    headers = await porta.bearer(await porta.user(Papel.RECEPCAO))
    for query in ("", "?nome=Oculta", "?telefone=0111", "?nr_seq_agenda=do-vizinho", "?limit=200&dia=2026-03-06"):
        async with porta.client.get(f"/api/v1/atendimentos{query}", headers=headers) as answer:
            assert (await answer.json())["items"] == [], query
    for path in ("/painel?dia=2026-03-06", "/api/v1/estatisticas?de=2026-03-01&ate=2026-03-31"):
        async with porta.client.get(path, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == 200
            assert "Oculta" not in text
            assert f"/{theirs}" not in text


async def test_sec_26_a_preview_of_theirs_is_a_missing_one(porta: Porta, theirs: int) -> None:
    headers = await porta.bearer(await porta.user(Papel.RECEPCAO))
    told = []
    for number in (theirs, MISSING):
        body = {"atendimento_id": number}
        async with porta.client.post("/api/v1/modelos/pedido/previa", json=body, headers=headers) as answer:
            told.append((answer.status, (await answer.json())["code"]))
    assert told[0] == told[1]
    assert told[0][0] == 404


async def test_sec_26_the_gateway_sends_for_its_own_hospital_only(
    cenario: Cenario, porta: Porta, outro_hospital: int
) -> None:
    theirs = await _visit_of(porta, outro_hospital)
    for number in (theirs, MISSING):
        with pytest.raises(AtendimentoInexistente):
            await cenario.programa.gateway.workflow(number, cenario.relogio())
    assert cenario.texts("27998000111") == []


async def test_sec_26_a_key_of_theirs_opens_theirs(porta: Porta, theirs: int, outro_hospital: int) -> None:
    nova = await Chaves(porta.contexto.database, outro_hospital, lambda: porta.now).create("v", [Permissao.AGENDA_LER])
    assert await porta.status(f"/api/v1/atendimentos/{theirs}", headers={"X-API-Key": nova.texto}) == 200
    forged = nova.texto.replace(f"cfm_{outro_hospital:x}_", f"cfm_{porta.tenant_id:x}_")
    assert await porta.status("/api/v1/atendimentos", headers={"X-API-Key": forged}) == 401
