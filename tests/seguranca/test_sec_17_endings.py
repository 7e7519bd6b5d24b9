"""SEC-17, SEC-18: a login that ends takes along what it had given."""

import pyotp
from sqlalchemy import text

from app.domain.permissao import Papel
from tests.seguranca.conftest import SENHA, Porta
from tests.seguranca.test_sec_15_tokens import renew

ROTA = "/api/v1/atendimentos"


def bearer(given: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {given['access_token']}"}


async def test_sec_17_leaving_ends_the_access_token_within_a_minute(porta: Porta) -> None:
    usuario = await porta.user()
    _, left = await porta.token(usuario)
    _, stays = await porta.token(usuario)
    assert await porta.status(ROTA, headers=bearer(left)) == 200
    body = {"refresh_token": left["refresh_token"]}
    assert await porta.status("/api/v1/auth/logout", method="POST", json=body) == 204
    porta.pass_time(seconds=60)
    assert await porta.status(ROTA, headers=bearer(left)) == 401
    assert await porta.status(ROTA, headers=bearer(stays)) == 200, "another program's is its own"


async def test_sec_17_a_stolen_refresh_token_ends_the_access_tokens_of_its_family(porta: Porta) -> None:
    _, first = await porta.token(await porta.user())
    _, second = await renew(porta, first["refresh_token"])
    assert await porta.status(ROTA, headers=bearer(second)) == 200
    porta.pass_time(seconds=60)
    assert (await renew(porta, first["refresh_token"]))[0] == 401
    porta.pass_time(seconds=60)
    assert await porta.status(ROTA, headers=bearer(second)) == 401


async def test_sec_17_renewing_leaves_the_earlier_access_token_its_time(porta: Porta) -> None:
    _, first = await porta.token(await porta.user())
    _, second = await renew(porta, first["refresh_token"])
    porta.pass_time(minutes=10)
    assert await porta.status(ROTA, headers=bearer(first)) == 200
    assert await porta.status(ROTA, headers=bearer(second)) == 200


async def test_sec_18_coming_in_again_ends_the_session_before(porta: Porta) -> None:
    usuario = await porta.user()
    antes = (await porta.come_in(usuario)).cookies["confirma_sessao"].value
    porta.client.cookie_jar.clear()
    headers = {"Cookie": f"confirma_sessao={antes}"}
    # the form's token of that session, as the login page of an open one carries it
    async with porta.client.get("/painel", headers=headers) as page:
        csrf = (await page.text()).split('name="csrf" value="')[1].split('"')[0]
    form = {"usuario": usuario.login, "senha": SENHA, "csrf": csrf}
    assert await porta.status("/entrar", method="POST", data=form, headers=headers) == 303
    porta.client.cookie_jar.clear()
    assert await porta.status("/painel", headers=headers) == 303
    async with porta.contexto.database.session_scope(porta.tenant_id) as session:
        assert await session.scalar(text("SELECT count(*) FROM sessoes WHERE usuario_id = :u"), {"u": usuario.id}) == 1


async def test_sec_14_an_administrator_who_closed_the_page_finds_the_second_factor_again(porta: Porta) -> None:
    usuario = await porta.user(Papel.ADMINISTRADOR)
    await porta.come_in(usuario)
    async with porta.client.get("/entrar", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/entrar/segundo-fator")


async def test_sec_11_a_refused_password_leaves_the_link_good(porta: Porta) -> None:
    usuario = await porta.user(login="maria.aparecida@hospital.exemplo")
    convite = (await porta.contas.invite(porta.tenant_id, usuario.id)).texto
    for senha in ("maria.aparecida", "curta", "senha1234567"):
        form = {"convite": convite, "senha": senha, "repetida": senha}
        async with porta.client.post("/entrar/senha", data=form) as answer:
            assert (answer.status, "não vale mais" in await answer.text()) == (422, False), senha
    boa = "a horta da minha avó"
    form = {"convite": convite, "senha": boa, "repetida": boa}
    assert await porta.status("/entrar/senha", method="POST", data=form) == 200
    assert (await porta.token(usuario, senha=boa))[0] == 200


async def test_sec_14_a_lost_phone_is_not_the_end(porta: Porta) -> None:
    usuario, antigo = await porta.administrator()
    _, given = await porta.token(usuario, codigo=antigo.at(porta.now))
    await porta.contas.drop_totp(porta.tenant_id, usuario.id)
    porta.pass_time(seconds=60)
    assert await porta.status(ROTA, headers=bearer(given)) == 401
    assert (await porta.token(usuario))[1]["code"] == "falta_segundo_fator", "the password alone opens nothing"
    novo = pyotp.TOTP(pyotp.random_base32())
    assert await porta.contas.finish_totp(porta.tenant_id, usuario.id, novo.secret, novo.at(porta.now))
    porta.pass_time(seconds=30)
    assert (await porta.token(usuario, codigo=antigo.at(porta.now)))[0] == 401
    assert (await porta.token(usuario, codigo=novo.at(porta.now)))[0] == 200


async def test_sec_17_another_role_counts_at_once(porta: Porta) -> None:
    usuario = await porta.user(Papel.RECEPCAO)
    _, given = await porta.token(usuario)
    await porta.contas.set_role(porta.tenant_id, usuario.id, Papel.LEITURA)
    porta.pass_time(seconds=60)
    assert await porta.status(ROTA, headers=bearer(given)) == 401
    _, given = await porta.token(usuario)
    assert await porta.status(ROTA, headers=bearer(given)) == 200
    assert await porta.status(ROTA, method="POST", json={}, headers=bearer(given)) == 403
