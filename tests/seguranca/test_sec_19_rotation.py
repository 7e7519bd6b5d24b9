"""SEC-19: a key's successor lives no longer than it would have, and no third opens beside the two."""

from datetime import timedelta

from app.auth.chaves import Chaves
from app.domain.permissao import Permissao
from tests.seguranca.conftest import Porta

ROTA = "/api/v1/atendimentos"


def _chaves(porta: Porta) -> Chaves:
    return Chaves(porta.contexto.database, porta.tenant_id, lambda: porta.now)


async def opens(porta: Porta, texto: str) -> bool:
    return await porta.status(ROTA, headers={"X-API-Key": texto}) == 200


async def test_sec_19_a_key_that_ends_has_a_successor_that_ends(porta: Porta) -> None:
    chaves = _chaves(porta)
    await chaves.create("tasy", [Permissao.AGENDA_LER], vale=timedelta(days=90))
    porta.pass_time(days=80)
    nova = await chaves.rotate("tasy")
    assert nova.chave.expira_em == porta.now + timedelta(days=90)
    porta.pass_time(days=5)
    outra = await chaves.rotate("tasy")
    assert outra.chave.expira_em == porta.now + timedelta(days=90), "by how long the newest was made for"
    assert (await chaves.create("sempre", [Permissao.AGENDA_LER])).chave.expira_em is None
    assert (await chaves.rotate("sempre")).chave.expira_em is None


async def test_sec_19_two_are_open_and_not_three(porta: Porta) -> None:
    chaves = _chaves(porta)
    primeira = await chaves.create("n8n", [Permissao.AGENDA_LER])
    segunda = await chaves.rotate("n8n")
    terceira = await chaves.rotate("n8n")
    porta.pass_time(seconds=60)
    assert [await opens(porta, chave.texto) for chave in (primeira, segunda, terceira)] == [False, True, True]


async def test_sec_19_the_name_of_a_key_that_ended_is_free(porta: Porta) -> None:
    chaves = _chaves(porta)
    await chaves.create("breve", [Permissao.AGENDA_LER], vale=timedelta(days=1))
    porta.pass_time(days=2)
    assert await opens(porta, (await chaves.create("breve", [Permissao.AGENDA_LER])).texto)
