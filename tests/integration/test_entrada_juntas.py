"""Answers that arrive together are applied together; none of them suffers from its neighbours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from app.embedded import ServerAddress
from app.schemas import Recebida
from app.services.caso import Chegada
from app.services.webhook_service import WebhookService
from tests.cenario import Cenario
from tests.conftest import DATABASE, PASSWORD
from tests.fabricas import make_agenda

FONES = [f"2799812{number:04}" for number in range(40)]


async def asked(cenario: Cenario, *fones: str) -> None:
    await cenario.importar(*(make_agenda(str(1000 + n), telefone=fone) for n, fone in enumerate(fones)))
    await cenario.tick()


async def statuses(cenario: Cenario) -> list[str]:
    rows = await cenario.rows("SELECT status_confirmacao AS s FROM atendimentos ORDER BY nr_seq_agenda")
    return [row["s"] for row in rows]


async def transactions(cenario: Cenario) -> int:
    """Return in how many transactions the inbox was written."""
    [row] = await cenario.rows("SELECT count(DISTINCT xmin::text) AS n FROM recebidas")
    return int(row["n"])


async def test_many_answers_at_once_share_their_transactions(cenario: Cenario) -> None:
    await asked(cenario, *FONES)
    answers = await asyncio.gather(
        *(cenario.call({"telefone": fone, "resposta": str(n % 2)}) for n, fone in enumerate(FONES))
    )
    expected = [("CANCELADO", "CONFIRMADO")[n % 2] for n in range(len(FONES))]
    assert [body["status"] for _, body in answers] == expected
    assert await statuses(cenario) == ["cancelado", "confirmado"] * 20
    assert await transactions(cenario) < len(FONES) / 2
    await cenario.send()
    for fone in FONES:
        assert len(cenario.texts(fone)) == 2, "the question, and one answer to the answer"


async def test_answers_of_one_phone_take_turns_in_the_order_they_came(cenario: Cenario) -> None:
    await asked(cenario, *FONES[:3])
    calls = [{"telefone": FONES[0], "resposta": texto, "mensagem_id": f"m{n}"} for n, texto in enumerate("1010")]
    others = [{"telefone": fone, "resposta": "1"} for fone in FONES[1:3]]
    answers = await asyncio.gather(*(cenario.call(body) for body in (*calls, *others)))
    assert [body["status"] for _, body in answers][:2] == ["CONFIRMADO", "CANCELADO"]
    assert await statuses(cenario) == ["cancelado", "confirmado", "confirmado"]


async def test_an_event_that_must_wait_leaves_nothing_until_its_turn(cenario: Cenario) -> None:
    await asked(cenario, FONES[0])
    first, second = (
        Chegada(
            recebida=Recebida("resposta", telefone=FONES[0], texto=texto, message_id=texto),
            corpo="{}",
            canal_id=cenario.canal_id,
            request_id=None,
        )
        for texto in "10"
    )
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        answers = await WebhookService(session, cenario.tenant_id).apply([first, second], now=cenario.relogio())
    assert answers[0] is not None
    assert (answers[0]["status"], answers[1]) == ("CONFIRMADO", None)
    assert len(await cenario.rows("SELECT 1 FROM recebidas")) == 1


async def test_the_same_stranger_twice_at_once_is_answered_twice_and_kept_once(cenario: Cenario) -> None:
    body = {"telefone": "5527900000000", "resposta": "oi", "mensagem_id": "m1"}
    answers = await asyncio.gather(cenario.call(body), cenario.call(body))
    assert [answer["status"] for _, answer in answers] == ["SEM_ATENDIMENTO"] * 2
    assert len(await cenario.rows("SELECT 1 FROM recebidas")) == 1


@pytest.fixture
def dsn(address: ServerAddress) -> str:
    return address.dsn("confirma_owner", PASSWORD, DATABASE)


@asynccontextmanager
async def unwritable(dsn: str, atendimento_id: int) -> AsyncIterator[None]:
    """Let the history refuse one visit."""
    owner = await asyncpg.connect(dsn, server_settings={"search_path": '"SantaCasa"'})
    await owner.execute(
        f"ALTER TABLE historico ADD CONSTRAINT teste CHECK (atendimento_id <> {atendimento_id}) NOT VALID"
    )
    try:
        yield
    finally:
        await owner.execute("ALTER TABLE historico DROP CONSTRAINT teste")
        await owner.close()


async def test_an_answer_that_cannot_be_written_does_not_spoil_the_others(cenario: Cenario, dsn: str) -> None:
    await asked(cenario, *FONES[:5])
    [row] = await cenario.rows("SELECT id FROM atendimentos WHERE nr_seq_agenda = '1002'")
    async with unwritable(dsn, row["id"]):
        answers = await asyncio.gather(*(cenario.call({"telefone": fone, "resposta": "1"}) for fone in FONES[:5]))
    said = [body["status"] for _, body in answers]
    assert said == ["CONFIRMADO", "CONFIRMADO", "ENCAMINHADO", "CONFIRMADO", "CONFIRMADO"]
    cenario.relogio.pass_time(minutes=1)
    await cenario.tick()
    assert await statuses(cenario) == ["confirmado"] * 5, "the kept one was tried again"


async def test_a_caller_who_hangs_up_keeps_nobody_waiting(cenario: Cenario) -> None:
    await asked(cenario, *FONES[:3])
    calls = [asyncio.create_task(cenario.call({"telefone": fone, "resposta": "1"})) for fone in FONES[:3]]
    await asyncio.sleep(0)
    calls[0].cancel()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert [answer[1]["status"] for answer in answers[1:] if isinstance(answer, tuple)] == ["CONFIRMADO"] * 2
