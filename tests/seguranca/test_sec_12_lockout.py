"""SEC-12, SEC-14, SEC-33: failures cost time, strangers learn nothing, the second factor works once."""

from itertools import pairwise

import pyotp

from app.domain.permissao import Papel
from tests.seguranca.conftest import SENHA, Porta


async def test_sec_12_the_fifth_failure_makes_everybody_wait_there(porta: Porta) -> None:
    usuario = await porta.user()
    for _ in range(5):
        assert (await porta.token(usuario, senha="errada errada"))[0] == 401
    status, told = await porta.token(usuario)
    assert (status, told["code"]) == (429, "muitas_tentativas"), "even the right password"
    porta.pass_time(seconds=31)
    assert (await porta.token(usuario))[0] == 200


async def test_sec_12_each_further_failure_waits_twice_as_long(porta: Porta) -> None:
    usuario = await porta.user()
    waits = []
    for _ in range(8):
        await porta.token(usuario, senha="errada errada")
        async with porta.client.post(
            "/api/v1/auth/token", json={"usuario": usuario.login, "senha": "errada errada"}
        ) as answer:
            if answer.status == 429:
                waits.append(int(answer.headers["Retry-After"]))
                porta.pass_time(seconds=waits[-1] + 1)
    assert len(waits) >= 3
    assert all(later > earlier for earlier, later in pairwise(waits))


async def test_sec_12_success_forgets_the_failures(porta: Porta) -> None:
    usuario = await porta.user()
    for _ in range(3):
        for _ in range(4):
            assert (await porta.token(usuario, senha="errada errada"))[0] == 401
        assert (await porta.token(usuario))[0] == 200


async def test_sec_12_unknown_and_wrong_are_the_same(porta: Porta) -> None:
    usuario = await porta.user()
    desativado = await porta.user()
    async with porta.contexto.database.session_scope(porta.tenant_id) as session:
        (await session.get_one(type(desativado), desativado.id)).ativo = False
    answers = []
    for login, senha in (
        (usuario.login, "errada errada"),
        ("ninguem@hospital.exemplo", SENHA),
        (desativado.login, SENHA),
    ):
        before = porta.contas.senhas.contadas
        body = {"usuario": login, "senha": senha}
        async with porta.client.post("/api/v1/auth/token", json=body) as answer:
            told = await answer.json()
            told.pop("request_id")
            answers.append((answer.status, told))
        assert porta.contas.senhas.contadas - before == 1, "one hash, whoever it was"
    assert answers[0] == answers[1] == answers[2]


async def test_sec_14_an_administrator_without_a_second_factor_may_only_set_one_up(porta: Porta) -> None:
    usuario = await porta.user(Papel.ADMINISTRADOR, sem_totp=True)
    status, told = await porta.token(usuario)
    assert (status, told["code"]) == (403, "falta_segundo_fator"), "excused in a demonstration only"
    answer = await porta.come_in(usuario)
    assert answer.headers["Location"] == "/entrar/segundo-fator"
    assert await porta.status("/painel") == 403
    assert await porta.status("/entrar/segundo-fator") == 200


async def test_sec_14_each_code_works_once(porta: Porta) -> None:
    usuario, totp = await porta.administrator()
    code = totp.at(porta.now)
    assert (await porta.token(usuario, codigo=code))[0] == 200
    assert (await porta.token(usuario, codigo=code))[0] == 401
    porta.pass_time(seconds=30)
    assert (await porta.token(usuario, codigo=totp.at(porta.now)))[0] == 200


async def test_sec_14_without_or_with_another_code_nobody_comes_in(porta: Porta) -> None:
    usuario, totp = await porta.administrator()
    other = pyotp.TOTP(pyotp.random_base32()).at(porta.now)
    for code in ("", "abc123", other if other != totp.at(porta.now) else "000000", "１２３４５６"):
        assert (await porta.token(usuario, codigo=code))[0] == 401


async def test_sec_33_a_reset_link_says_nothing_of_who_exists(porta: Porta) -> None:
    for convite in ("", "x", "cvt_1_" + "A" * 43, f"cvt_{porta.tenant_id:x}_" + "B" * 43):
        form = {"convite": convite, "senha": SENHA, "repetida": SENHA}
        async with porta.client.post("/entrar/senha", data=form) as answer:
            assert (answer.status, "não vale mais" in await answer.text()) == (422, True)
