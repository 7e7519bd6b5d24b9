"""SEC-39: another key, while everything goes on."""

from collections.abc import Iterator

import pytest

from app import crypto
from app.crypto import Keyring, UndecipherableError
from app.database import Database
from app.repositories.cifrados import CifradosRepository, encrypted_columns
from app.services.giro_service import GiroService
from tests.cenario import Cenario
from tests.fabricas import FONE, make_agenda

OLD, NEW, INDEX = b"0" * 32, b"n" * 32, b"testes" * 6


@pytest.fixture
def both(database: Database) -> Iterator[Keyring]:
    """Install a newer key before the one everything was stored with."""
    assert database.url
    before = crypto.keyring()
    yield Keyring({"t2": NEW, "t1": OLD}, index_secret=INDEX)
    crypto.install(before)


async def lived(cenario: Cenario) -> None:
    await cenario.importar(make_agenda(observacoes="usa rampa", email="a@exemplo.org"))
    await cenario.tick()
    await cenario.reply("talvez, não sei")


async def test_sec_39_every_encrypted_column_is_known() -> None:
    names = {alvo.vinculo for alvo in encrypted_columns()}
    assert {"pacientes.nome", "contatos.telefone", "mensagens.texto", "recebidas.corpo", "canais.credenciais"} <= names
    assert all(alvo.vinculo == f"{alvo.tabela.name}.{alvo.coluna}" for alvo in encrypted_columns())


async def test_sec_39_all_values_move_to_the_new_key_and_open_with_it_alone(cenario: Cenario, both: Keyring) -> None:
    await lived(cenario)
    service = GiroService(cenario.database, cenario.tenant_id)
    assert set(await service.state()) == {"t1"}
    crypto.install(both)
    giro = await service.rotate()
    assert giro.girados == giro.lidos > 5
    assert set(await service.state()) == {"t2"}
    again = await service.rotate()
    assert (again.girados, again.lidos) == (0, giro.lidos)
    crypto.install(Keyring({"t2": NEW}, index_secret=INDEX))
    await cenario.reply("1")
    assert await cenario.status() == ["confirmado"]
    assert "confirmada" in cenario.texts(FONE)[-1]


async def test_sec_39_what_is_written_meanwhile_is_not_lost(cenario: Cenario, both: Keyring) -> None:
    await lived(cenario)
    crypto.install(both)
    alvo = next(alvo for alvo in encrypted_columns() if alvo.vinculo == "pacientes.nome")
    scope = cenario.database.session_scope
    async with scope(cenario.tenant_id) as reading:
        rows = await CifradosRepository(reading, cenario.tenant_id).page(alvo, after=None, limit=10)
    new = both.encrypt("Nome Novo", alvo.vinculo, cenario.tenant_id)
    await cenario.execute("UPDATE pacientes SET nome = :n", n=new)
    async with scope(cenario.tenant_id) as writing:
        stale = [both.reseal(row["valor"], alvo.vinculo, cenario.tenant_id) for row in rows]
        assert await CifradosRepository(writing, cenario.tenant_id).replace(alvo, rows, stale) == 0
    [row] = await cenario.rows("SELECT nome FROM pacientes")
    assert both.decrypt(row["nome"], alvo.vinculo, cenario.tenant_id) == "Nome Novo"


async def test_sec_39_a_key_that_is_missing_stops_it_and_harms_nothing(cenario: Cenario, both: Keyring) -> None:
    await lived(cenario)
    assert both.current == "t2"
    crypto.install(Keyring({"t9": b"9" * 32}, index_secret=INDEX))
    with pytest.raises(UndecipherableError):
        await GiroService(cenario.database, cenario.tenant_id).rotate()
    crypto.install(both)
    assert set(await GiroService(cenario.database, cenario.tenant_id).state()) == {"t1"}
