"""An answer that could not be applied is kept and applied later: nothing a patient wrote is lost.

What fails here is the history, which may not be written to for a while.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from app import crypto
from app.embedded import ServerAddress
from tests.cenario import Cenario
from tests.conftest import DATABASE, PASSWORD
from tests.fabricas import FONE, make_agenda


@pytest.fixture
def dsn(address: ServerAddress) -> str:
    return address.dsn("confirma_owner", PASSWORD, DATABASE)


@asynccontextmanager
async def broken_history(dsn: str) -> AsyncIterator[None]:
    owner = await asyncpg.connect(dsn, server_settings={"search_path": '"SantaCasa"'})
    await owner.execute("REVOKE INSERT ON historico FROM confirma_app")
    try:
        yield
    finally:
        await owner.execute("GRANT INSERT ON historico TO confirma_app")
        await owner.close()


async def asked(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()


async def keep(cenario: Cenario, dsn: str, *ids: str, texto: str = "1") -> None:
    async with broken_history(dsn):
        for mensagem_id in ids:
            status, body = await cenario.call({"telefone": FONE, "resposta": texto, "mensagem_id": mensagem_id})
            assert (status, body["status"], body["success"]) == (200, "ENCAMINHADO", True)
    assert await cenario.status() == ["aguardando"], "nothing of it is stored half"


async def test_a_kept_answer_is_applied_by_itself_within_minutes(cenario: Cenario, dsn: str) -> None:
    await asked(cenario)
    await keep(cenario, dsn, "a")
    cenario.relogio.pass_time(minutes=1)
    await cenario.tick()
    assert await cenario.status() == ["confirmado"]
    assert "Presença confirmada" in cenario.texts()[-1]


async def test_an_answer_written_after_a_kept_one_stands(cenario: Cenario, dsn: str) -> None:
    await asked(cenario)
    await keep(cenario, dsn, "a")
    cenario.relogio.pass_time(seconds=20)
    assert (await cenario.reply("0", mensagem_id="b"))["status"] == "CANCELADO"
    cenario.relogio.pass_time(minutes=2)
    await cenario.tick()
    assert await cenario.status() == ["cancelado"]
    assert await cenario.rows("SELECT 1 FROM recebidas WHERE aplicada_em IS NULL") == []


async def test_the_callers_repetition_of_a_kept_answer_is_not_a_second_one(cenario: Cenario, dsn: str) -> None:
    await asked(cenario)
    await keep(cenario, dsn, "a")
    status, _ = await cenario.call({"telefone": FONE, "resposta": "1", "mensagem_id": "a"})
    assert status == 200
    cenario.relogio.pass_time(minutes=1)
    await cenario.tick()
    assert [fact for fact, _ in await cenario.facts()].count("paciente_confirmou") == 1
    assert len(await cenario.rows("SELECT 1 FROM recebidas")) == 1


async def test_an_event_that_cannot_be_read_any_more_does_not_hold_up_the_others(cenario: Cenario, dsn: str) -> None:
    await asked(cenario)
    await keep(cenario, dsn, "a", "b")
    sealed = crypto.keyring().finder(cenario.tenant_id).of("evento", "a").hex()
    await cenario.execute("UPDATE recebidas SET corpo = 'lixo' WHERE event_key LIKE :key", key=f"%:{sealed}")
    cenario.relogio.pass_time(minutes=1)
    await cenario.tick()
    assert await cenario.status() == ["confirmado"]


async def test_two_processes_apply_a_kept_event_once(cenario: Cenario, dsn: str) -> None:
    await asked(cenario)
    await keep(cenario, dsn, "a")
    now = cenario.relogio.pass_time(minutes=1)
    await asyncio.gather(*(cenario.programa.webhook.apply_kept(cenario.tenant_id, now=now) for _ in range(4)))
    await cenario.send()
    assert [fact for fact, _ in await cenario.facts()].count("paciente_confirmou") == 1
    assert len(cenario.texts()) == 2


async def test_a_worker_that_cannot_write_the_start_sends_nothing_and_tries_later(cenario: Cenario, dsn: str) -> None:
    await cenario.importar(make_agenda())
    await cenario.programa.scheduler.run_all()
    await cenario.programa.scheduler.release()
    async with broken_history(dsn):
        with pytest.raises(Exception, match="permission denied"):
            await cenario.drain()
    assert cenario.texts() == []
    for _ in range(7):
        cenario.relogio.pass_time(minutes=1)
        await cenario.tick()
    assert len(cenario.texts()) == 1
