"""SEC-17, SEC-18, SEC-20, SEC-21: sessions of browsers, how they end, and forms of other sites."""

import re

import pytest
from sqlalchemy import text

from app.auth.porteiro import Biscoito
from app.domain.permissao import Papel
from app.repositories.identidade import IdentidadeRepository
from tests.seguranca.conftest import SENHA, Porta


async def test_sec_18_a_session_opens_the_panel_and_is_new_each_time(porta: Porta) -> None:
    assert await porta.status("/painel") == 303
    usuario = await porta.user()
    first = (await porta.come_in(usuario)).cookies["confirma_sessao"].value
    assert await porta.status("/painel") == 200
    second = (await porta.come_in(usuario)).cookies["confirma_sessao"].value
    assert first != second


@pytest.mark.parametrize(
    ("minutos", "status"), [pytest.param(29, 200, id="a pause"), pytest.param(31, 303, id="half an hour away")]
)
async def test_sec_18_half_an_hour_idle(porta: Porta, minutos: int, status: int) -> None:
    await porta.come_in(await porta.user())
    porta.pass_time(minutes=minutos)
    assert await porta.status("/painel") == status


async def test_sec_18_twelve_hours_at_most(porta: Porta) -> None:
    await porta.come_in(await porta.user())
    for _ in range(29):
        porta.pass_time(minutes=25)
        last = await porta.status("/painel")
    assert last == 303


async def test_sec_17_leaving_ends_the_session_on_the_server(porta: Porta) -> None:
    cookie = (await porta.come_in(await porta.user())).cookies["confirma_sessao"].value
    async with porta.client.get("/painel") as page:
        token = re.search(r'name="csrf" value="([0-9a-f]{64})"', await page.text())
    assert token
    assert await porta.status("/sair", method="POST", data={"csrf": token.group(1)}) == 303
    porta.client.cookie_jar.clear()
    assert await porta.status("/painel", headers={"Cookie": f"confirma_sessao={cookie}"}) == 303


@pytest.mark.parametrize("how", ["password", "disabled", "role", "ended"])
async def test_sec_17_what_is_taken_away_ends_within_a_minute(porta: Porta, how: str) -> None:
    usuario = await porta.user(Papel.RECEPCAO)
    bearer = await porta.bearer(usuario)
    await porta.come_in(usuario)
    assert await porta.status("/api/v1/atendimentos", headers=bearer) == 200
    if how == "password":
        await porta.contas.set_password(porta.tenant_id, usuario.id, "outra frase bem minha")
    else:
        async with porta.contexto.database.session_scope(porta.tenant_id) as session:
            repository = IdentidadeRepository(session, porta.tenant_id)
            found = await repository.user(usuario.id)
            assert found
            found.ativo = how != "disabled"
            found.papel = Papel.LEITURA if how == "role" else found.papel
            await session.flush()
            await repository.end_access(usuario.id)
    porta.pass_time(seconds=60)
    assert await porta.status("/api/v1/atendimentos", headers=bearer) == 401
    assert await porta.status("/painel") == 303


async def test_sec_20_the_cookie(porta: Porta) -> None:
    cookie = (await porta.come_in(await porta.user())).cookies["confirma_sessao"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "lax", "/")
    porta.porteiro.biscoito = Biscoito(seguro=True)
    seguro = (await porta.come_in(await porta.user())).cookies["__Host-confirma"]
    assert (seguro["secure"], seguro["httponly"], seguro["path"], seguro["domain"]) == (True, True, "/", "")


async def test_sec_21_a_form_without_the_sessions_token_does_nothing(porta: Porta) -> None:
    await porta.come_in(await porta.user())
    for form in ({}, {"csrf": "0" * 64}, {"csrf": "é"}):
        assert await porta.status("/sair", method="POST", data=form) == 403
    assert await porta.status("/painel") == 200


async def test_sec_21_another_sites_page_cannot_log_in(porta: Porta) -> None:
    form = {"usuario": "x", "senha": SENHA}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://mau.exemplo"}):
        assert await porta.status("/entrar", method="POST", data=form, headers=headers) == 403


@pytest.mark.parametrize(
    "volta", ["https://mau.exemplo", "//mau.exemplo", "/painel//mau.exemplo", "\\\\mau", "/entrar", "/painelx", ""]
)
async def test_sec_21_nobody_is_led_elsewhere_after_login(porta: Porta, volta: str) -> None:
    answer = await porta.come_in(await porta.user(), volta=volta)
    assert answer.headers["Location"] == "/painel"


async def test_a_page_is_found_again_after_login(porta: Porta) -> None:
    async with porta.client.get("/painel?dia=2026-03-05", allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/entrar?volta=/painel%3Fdia%3D2026-03-05"
    answer = await porta.come_in(await porta.user(), volta="/painel?dia=2026-03-05")
    assert answer.headers["Location"] == "/painel?dia=2026-03-05"


async def test_a_link_sets_a_password_once(porta: Porta) -> None:
    usuario = await porta.user()
    segredo = await porta.contas.invite(porta.tenant_id, usuario.id)
    nova = "uma outra frase só minha"
    form = {"convite": segredo.texto, "senha": nova, "repetida": nova}
    assert await porta.status("/entrar/senha", method="POST", data=form) == 200
    assert await porta.status("/entrar/senha", method="POST", data=form) == 422
    assert (await porta.token(usuario, senha=nova))[0] == 200
    late = await porta.contas.invite(porta.tenant_id, usuario.id)
    porta.pass_time(hours=25)
    assert await porta.status("/entrar/senha", method="POST", data=form | {"convite": late.texto}) == 422


async def test_what_opens_nothing_any_more_is_not_kept(porta: Porta) -> None:
    usuario = await porta.user()
    await porta.come_in(usuario)
    await porta.token(usuario)
    await porta.contas.invite(porta.tenant_id, usuario.id)
    await porta.token(usuario, senha="errada errada")
    porta.pass_time(days=31)
    await porta.come_in(usuario)
    async with porta.contexto.database.session_scope(porta.tenant_id) as session:
        left = [
            await session.scalar(text(f"SELECT count(*) FROM {table} WHERE tenant_id = :t"), {"t": porta.tenant_id})  # noqa: S608
            for table in ("sessoes", "renovacoes", "convites")
        ]
    assert left == [1, 0, 0]
