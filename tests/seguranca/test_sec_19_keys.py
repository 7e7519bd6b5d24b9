"""SEC-19: keys of programs."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.auth.chaves import ChaveExistente, ChaveInexistente, Chaves
from app.domain.permissao import Permissao
from tests.seguranca.conftest import Porta

ROTA = "/api/v1/atendimentos"


@pytest.fixture
def chaves(porta: Porta) -> Chaves:
    return Chaves(porta.contexto.database, porta.tenant_id, lambda: porta.now)


async def test_sec_19_a_key_opens_what_its_scopes_say(porta: Porta, chaves: Chaves) -> None:
    nova = await chaves.create("leitor", [Permissao.AGENDA_LER])
    headers = {"X-API-Key": nova.texto}
    assert await porta.status(ROTA, headers=headers) == 200
    assert await porta.status("/api/v1/estatisticas", headers=headers) == 403
    assert await porta.status(ROTA, method="POST", json={}, headers=headers) in {403, 422}


async def test_sec_19_it_is_random_shown_once_and_kept_as_a_hash(porta: Porta, chaves: Chaves) -> None:
    nova = await chaves.create("n8n", [Permissao.WEBHOOK_RECEBER])
    assert nova.texto.startswith("cfm_")
    assert len(nova.texto.rsplit("_", 1)[-1]) <= 43 <= len(nova.texto)
    async with porta.contexto.database.session_scope(porta.tenant_id) as session:
        rows = [dict(row) for row in (await session.execute(text("SELECT * FROM chaves"))).mappings()]
    assert nova.texto not in str(rows)
    assert nova.texto.startswith(rows[-1]["inicio"])
    assert len(rows[-1]["inicio"]) < 16


async def test_sec_19_two_open_while_one_replaces_the_other(porta: Porta, chaves: Chaves) -> None:
    antiga = await chaves.create("tasy", [Permissao.AGENDA_LER])
    with pytest.raises(ChaveExistente):
        await chaves.create("tasy", [Permissao.AGENDA_LER])
    nova = await chaves.rotate("tasy", resta=timedelta(hours=2))
    for chave in (antiga, nova):
        assert await porta.status(ROTA, headers={"X-API-Key": chave.texto}) == 200
    porta.pass_time(hours=3)
    assert await porta.status(ROTA, headers={"X-API-Key": antiga.texto}) == 401
    assert await porta.status(ROTA, headers={"X-API-Key": nova.texto}) == 200
    assert await chaves.revoke("tasy") >= 1
    porta.pass_time(seconds=60)
    assert await porta.status(ROTA, headers={"X-API-Key": nova.texto}) == 401
    with pytest.raises(ChaveInexistente):
        await chaves.rotate("tasy")


async def test_sec_19_its_last_use_is_known_and_it_ends(porta: Porta, chaves: Chaves) -> None:
    nova = await chaves.create("breve", [Permissao.AGENDA_LER], vale=timedelta(days=1))
    assert (await chaves.all())[-1].usada_em is None
    await porta.status(ROTA, headers={"X-API-Key": nova.texto})
    assert (await chaves.all())[-1].usada_em == porta.now
    porta.pass_time(days=2)
    assert await porta.status(ROTA, headers={"X-API-Key": nova.texto}) == 401


async def test_sec_19_never_in_the_address(porta: Porta, chaves: Chaves) -> None:
    nova = await chaves.create("url", [Permissao.AGENDA_LER])
    for name in ("api_key", "X-API-Key", "chave", "access_token"):
        assert await porta.status(f"{ROTA}?{name}={nova.texto}") in {401, 422}


@pytest.mark.parametrize("chave", ["", "x", "cfm_1_", "cfm_zz_" + "A" * 43, "cfm_1_" + "A" * 43, "ses_1_" + "A" * 43])
async def test_sec_19_what_is_no_key_opens_nothing(porta: Porta, chave: str) -> None:
    assert await porta.status(ROTA, headers={"X-API-Key": chave}) == 401
