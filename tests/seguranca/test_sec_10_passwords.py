"""SEC-10, SEC-11, SEC-13: what a password is and how it is kept."""

import asyncio

import pytest
from argon2 import PasswordHasher, extract_parameters

from app.auth.senhas import Senhas
from app.domain.permissao import Papel
from app.domain.senha import SenhaRecusada, check_senha
from tests.seguranca.conftest import SENHA, Porta


async def test_sec_10_argon2id_with_the_memory_that_is_asked_for() -> None:
    kept = await Senhas().hash(SENHA)
    parameters = extract_parameters(kept)
    assert kept.startswith("$argon2id$")
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (65_536, 3, 1)


async def test_sec_10_the_loop_goes_on_while_a_password_is_hashed() -> None:
    senhas, turns = Senhas(), 0
    task = asyncio.create_task(senhas.hash(SENHA))
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10


async def test_sec_10_a_weaker_hash_is_made_anew_at_login(porta: Porta) -> None:
    usuario = await porta.user()
    porta.contas.senhas = Senhas(PasswordHasher(time_cost=2, memory_cost=2048, parallelism=1))
    assert (await porta.come_in(usuario)).status == 303
    again = await porta.contas.check(usuario.login, SENHA, "", "203.0.113.1")
    assert again.senha_hash is not None
    assert extract_parameters(again.senha_hash).time_cost == 2


@pytest.mark.parametrize(
    "senha",
    [
        pytest.param("curta", id="short"),
        pytest.param("x" * 129, id="longer than what is looked at"),
        pytest.param("senha1234567", id="a common one with digits"),
        pytest.param("Password2026!", id="a common one in English"),
        pytest.param("aaaaaaaaaaaaaa", id="one letter"),
        pytest.param("123456789012", id="digits in a row"),
        pytest.param("senhasenhasenha", id="too few letters"),
        pytest.param("ana.lima-2026", id="the login itself"),
    ],
)
def test_sec_11_what_is_refused(senha: str) -> None:
    with pytest.raises(SenhaRecusada):
        check_senha(senha, "ana.lima@hospital.exemplo")


@pytest.mark.parametrize(
    "senha", ["uma frase bem minha", "ünïcödé é bem-vindo 🙂", "x1!" * 6 + "abcdefgh", "pão com queijo"]
)
def test_sec_11_no_rule_of_composition(senha: str) -> None:
    assert check_senha(senha, "ana") == senha


async def test_sec_11_every_character_counts(porta: Porta) -> None:
    longa = "uma senha de muitos caracteres " * 4
    usuario = await porta.user()
    await porta.contas.set_password(porta.tenant_id, usuario.id, longa)
    assert (await porta.token(usuario, senha=longa))[0] == 200
    assert (await porta.token(usuario, senha=longa[:-1]))[0] == 401


async def test_sec_13_nobody_is_there_at_first(porta: Porta) -> None:
    for login in ("admin", "administrador", "confirma", "root", "demo"):
        for senha in ("admin", "confirma", "", login):
            body = {"usuario": login, "senha": senha or "x"}
            assert await porta.status("/api/v1/auth/token", method="POST", json=body) in {401, 429}
    assert await porta.status("/api/v1/atendimentos") == 401
    assert Papel.ADMINISTRADOR not in {usuario.papel for usuario in await _users(porta)}


async def _users(porta: Porta) -> list[object]:
    from app.repositories.identidade import IdentidadeRepository  # noqa: PLC0415

    async with porta.contexto.database.session_scope(porta.tenant_id) as session:
        return list(await IdentidadeRepository(session, porta.tenant_id).users())
