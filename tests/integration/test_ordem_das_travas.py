"""Whoever waits for a row holds nothing that comes after it: the order of locks of docs/arquitetura.md, case by case.

Somebody holds one row; an operation is started and waits for it. Had it taken later rows already, whoever holds the
first and asks for those next would wait for it in turn, and PostgreSQL would end one of the two.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from msgspec import structs
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import crypto
from app.connectors.base import AtendimentoImportado
from app.domain.confirmacao import EstadoMensagem, SituacaoAgenda
from app.domain.entrega import Falha
from app.providers.base import BadNumber
from app.repositories.recibos import Recibo, ReciboRepository
from app.repositories.saida import Lote, Resultado, SaidaRepository
from app.services.importacao_service import ImportacaoService
from app.services.liberacao_service import ChunkJob, LiberacaoService
from app.workers.composicao import message_key
from tests.cenario import Cenario, take_jobs, until
from tests.fabricas import ZONA, make_agenda
from tests.integration.portador import Portador

M = EstadoMensagem
Operation = Callable[[Cenario], Awaitable[Any]]
_MENSAGENS: Final = "SELECT id FROM mensagens"
_VISITAS: Final = "SELECT id FROM atendimentos"
_BLOCKED: Final = text("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE :pid = ANY(pg_blocking_pids(pid)))")
_VERSAO: Final = datetime(2026, 3, 1, tzinfo=UTC)


@asynccontextmanager
async def holding(cenario: Cenario, rows: str, **parameters: Any) -> AsyncIterator[AsyncSession]:
    """Hold rows as an answer, an import or the planner does."""
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        found = (await session.execute(text(f"{rows} FOR UPDATE"), parameters)).all()
        assert found, "nothing to hold"
        yield session


@asynccontextmanager
async def waiting(holder: AsyncSession, cenario: Cenario, operation: Awaitable[Any]) -> AsyncIterator[None]:
    """Let `operation` run until it waits for the holder; it must end once the holder has let go."""
    pid = await holder.scalar(text("SELECT pg_backend_pid()"))
    task = asyncio.ensure_future(operation)

    async def blocked() -> bool:
        assert not task.done(), f"did not wait: {task}"
        async with cenario.database.global_scope() as session:
            return bool(await session.scalar(_BLOCKED, {"pid": pid}))

    await until(blocked, why="the operation waits for the holder")
    yield
    await holder.commit()
    await asyncio.wait_for(task, timeout=10)


async def held(cenario: Cenario, rows: str, **parameters: Any) -> set[int]:
    """Return which of the rows somebody has locked now."""
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        every = set((await session.scalars(text(rows), parameters)).all())
        return every - set((await session.scalars(text(f"{rows} FOR UPDATE SKIP LOCKED"), parameters)).all())


async def asked(cenario: Cenario, estado: EstadoMensagem) -> ChunkJob:
    """Have two messages in `estado`, and no job that would carry them."""
    await cenario.importar(*(make_agenda(n, nome_paciente=f"P {n}", telefone=f"279981{n:05d}") for n in (1, 2)))
    await cenario.programa.scheduler.run_all()
    await cenario.programa.scheduler.release()
    [job] = await take_jobs(cenario.database)
    await cenario.execute("UPDATE mensagens SET estado = :e, tentativas = CAST(:e = 'incerta' AS int)", e=str(estado))
    return job


async def _liberacao(cenario: Cenario, do: Callable[[LiberacaoService], Awaitable[int]]) -> None:
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        assert await do(LiberacaoService(session, cenario.tenant_id)) == 2


async def expire(cenario: Cenario, _: ChunkJob) -> None:
    await cenario.execute("UPDATE mensagens SET ate = :now", now=cenario.relogio())
    await _liberacao(cenario, lambda service: service.expire(cenario.relogio()))


async def rescue(cenario: Cenario, _: ChunkJob) -> None:
    await _liberacao(cenario, lambda service: service.rescue(cenario.relogio() + timedelta(minutes=6)))


async def repeat(cenario: Cenario, _: ChunkJob) -> None:
    await cenario.set_politica(ao_incerta="repetir")
    await _liberacao(cenario, lambda service: service.repeat_uncertain(cenario.relogio() + timedelta(minutes=11)))


async def start(cenario: Cenario, job: ChunkJob) -> None:
    assert len(await Portador().outbox(cenario).send_chunk(job)) == 2


async def start_again(cenario: Cenario, job: ChunkJob) -> None:
    assert await Portador().outbox(cenario).send_chunk(job) == []


@pytest.mark.parametrize(
    ("estado", "operation"),
    [
        pytest.param(M.AGENDADA, expire, id="expire"),
        pytest.param(M.NA_FILA, rescue, id="rescue what waits"),
        pytest.param(M.EM_ENVIO, rescue, id="rescue what was in flight"),
        pytest.param(M.INCERTA, repeat, id="repeat"),
        pytest.param(M.NA_FILA, start, id="start"),
        pytest.param(M.EM_ENVIO, start_again, id="start what a dead worker had"),
    ],
)
@pytest.mark.parametrize("numero", ["1", "2"])
async def test_a_visit_is_waited_for_before_its_message_is_taken(
    cenario: Cenario,
    estado: EstadoMensagem,
    operation: Callable[[Cenario, ChunkJob], Awaitable[None]],
    numero: str,
) -> None:
    job = await asked(cenario, estado)
    async with (
        holding(cenario, f"{_VISITAS} WHERE nr_seq_agenda = :n", n=numero) as holder,
        waiting(holder, cenario, operation(cenario, job)),
    ):
        assert await held(cenario, _MENSAGENS) == set()


async def test_the_visits_of_a_bad_number_are_waited_for_before_its_message_is_taken(cenario: Cenario) -> None:
    job = await asked(cenario, M.NA_FILA)
    portador, sending, go = Portador(BadNumber("não")), asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        sending.set()
        await go.wait()

    portador.antes = pause
    task = asyncio.ensure_future(portador.outbox(cenario).send_chunk(job))
    await sending.wait()
    async with holding(cenario, _VISITAS) as holder:
        go.set()
        async with waiting(holder, cenario, task):
            assert await held(cenario, _MENSAGENS) == set()


async def tell(cenario: Cenario, job: ChunkJob, *news: tuple[EstadoMensagem, Falha | None]) -> None:
    """Let the gateway have told something of each message, in the order of their ids."""
    now = cenario.relogio()
    recibos = [
        Recibo(
            recebido_em=now,
            tentar_em=now,
            canal_id=cenario.canal_id,
            sobre_id=None,
            nossa_chave=message_key(job.de, ident),
            estado=estado,
            falha=falha,
            codigo=None,
            em=None,
        )
        for ident, (estado, falha) in zip(sorted(job.ids), news, strict=True)
    ]
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        await ReciboRepository(session, cenario.tenant_id).store(recibos)


async def test_the_visits_of_what_failed_are_waited_for_before_its_messages_are_taken(cenario: Cenario) -> None:
    job = await asked(cenario, M.ENVIADA)
    await tell(cenario, job, (M.FALHOU, Falha.RECUSADA), (M.ENTREGUE, None))
    async with (
        holding(cenario, _VISITAS) as holder,
        waiting(holder, cenario, cenario.programa.scheduler.receive()),
    ):
        assert await held(cenario, _MENSAGENS) == set()


async def test_a_phone_that_stopped_us_is_waited_for_before_its_visits_are_taken(cenario: Cenario) -> None:
    job = await asked(cenario, M.ENVIADA)
    await tell(cenario, job, (M.FALHOU, Falha.PAROU), (M.FALHOU, Falha.PAROU))
    async with (
        holding(cenario, "SELECT id FROM contatos") as holder,
        waiting(holder, cenario, cenario.programa.scheduler.receive()),
    ):
        assert await held(cenario, _VISITAS) == set()


@pytest.mark.parametrize("news", [(M.FALHOU, M.ENTREGUE), (M.ENTREGUE, M.FALHOU), (M.LIDA, M.ENTREGUE)])
async def test_what_failed_and_what_arrived_is_taken_in_one_order(
    cenario: Cenario, news: tuple[EstadoMensagem, EstadoMensagem]
) -> None:
    job = await asked(cenario, M.ENVIADA)
    first, second = sorted(job.ids)
    await tell(cenario, job, *((estado, Falha.RECUSADA if estado is M.FALHOU else None) for estado in news))
    async with (
        holding(cenario, f"{_MENSAGENS} WHERE id = :id", id=first) as holder,
        waiting(holder, cenario, cenario.programa.scheduler.receive()),
    ):
        assert await held(cenario, f"{_MENSAGENS} WHERE id = :id", id=second) == set()


async def test_messages_are_taken_in_the_order_of_their_ids(cenario: Cenario) -> None:
    job = await asked(cenario, M.EM_ENVIO)
    first, second = sorted(job.ids)

    async def record() -> None:
        results = [Resultado(mensagem_id=ident, estado=M.ENVIADA) for ident in (second, first)]
        async with cenario.database.session_scope(cenario.tenant_id) as session:
            lote = Lote([second, first], job.de, job.ate)
            saida = SaidaRepository(session, cenario.tenant_id)
            assert await saida.record(lote, results, now=cenario.relogio(), atuais=[M.EM_ENVIO]) == {first, second}

    async with holding(cenario, f"{_MENSAGENS} WHERE id = :id", id=first) as holder, waiting(holder, cenario, record()):
        assert await held(cenario, f"{_MENSAGENS} WHERE id = :id", id=second) == set()


async def test_a_message_is_waited_for_before_its_channel_is_taken(cenario: Cenario) -> None:
    job = await asked(cenario, M.NA_FILA)
    job = structs.replace(job, prova=True)
    outbox = Portador(vivo=False).outbox(cenario)
    async with holding(cenario, _MENSAGENS) as holder, waiting(holder, cenario, outbox.send_chunk(job)):
        assert await held(cenario, "SELECT id FROM canais") == set()


async def test_the_gateways_ids_of_contacts_are_learnt_in_the_order_of_the_contacts(cenario: Cenario) -> None:
    await asked(cenario, M.NA_FILA)
    first, second = sorted(row["id"] for row in await cenario.rows("SELECT id FROM contatos"))

    async def learn(externo: str) -> None:
        async with cenario.database.session_scope(cenario.tenant_id) as session:
            saida = SaidaRepository(session, cenario.tenant_id)
            await saida.learn_subscribers(cenario.canal_id, {second: externo, first: externo})

    await learn("velho")
    known = "SELECT contato_id FROM contatos_canais WHERE contato_id = :id"
    async with holding(cenario, known, id=first) as holder, waiting(holder, cenario, learn("novo")):
        assert await held(cenario, known, id=second) == set()


def _agenda(changes: Sequence[dict[str, Any]]) -> list[AtendimentoImportado]:
    return [
        replace(make_agenda(n, nome_paciente=f"P {n}", telefone=f"279981{n:05d}", origem_versao=_VERSAO), **change)
        for n, change in enumerate(changes, start=1)
    ]


@pytest.mark.parametrize("order", [1, -1], ids=["the file's order", "the other way round"])
@pytest.mark.parametrize(
    "later",
    [
        pytest.param({"sala": "9"}, id="another room"),
        pytest.param({"origem_versao": _VERSAO + timedelta(days=1)}, id="said again"),
        pytest.param({"situacao_agenda": SituacaoAgenda.CANCELADO}, id="cancelled"),
    ],
)
async def test_an_import_takes_bookings_in_the_order_of_their_ids_whatever_becomes_of_them(
    cenario: Cenario, order: int, later: dict[str, Any]
) -> None:
    await cenario.importar(*_agenda([{}, {}]))
    again = _agenda([{"sala": "7"}, later])[::order]
    async with (
        holding(cenario, f"{_VISITAS} WHERE nr_seq_agenda = '1'") as holder,
        waiting(holder, cenario, cenario.importar(*again)),
    ):
        assert await held(cenario, f"{_VISITAS} WHERE nr_seq_agenda = '2'") == set()


@pytest.mark.parametrize(
    "stop",
    [
        pytest.param("UPDATE contatos SET optout_em = :now", id="stop"),
        pytest.param("UPDATE pacientes_contatos SET numero_errado_em = :now", id="wrong number"),
        pytest.param("UPDATE pacientes SET falecido_em = :now", id="death"),
    ],
)
async def test_what_stops_a_patient_while_the_message_is_being_started_stops_it(cenario: Cenario, stop: str) -> None:
    """The answer has the visit; the worker waits for it and must then read what the answer wrote."""
    job = await asked(cenario, M.NA_FILA)
    portador = Portador()
    async with holding(cenario, _VISITAS) as holder:
        await holder.execute(text(stop), {"now": cenario.relogio()})
        async with waiting(holder, cenario, portador.outbox(cenario).send_chunk(job)):
            pass
    assert portador.sent == 0
    assert {estado for _, _, estado in await cenario.messages()} == {"cancelada"}


async def test_imports_meet_people_one_after_the_other(cenario: Cenario) -> None:
    """In what order a statement corrects many patients is its plan's to say: no two of them at once."""
    described = [{"id_paciente": "1"}, {"id_paciente": "2"}]
    await cenario.importar(*_agenda(described))
    first = min(row["id"] for row in await cenario.rows("SELECT id FROM pacientes"))
    renamed = _agenda([{**who, "nome_paciente": f"Outra {n}"} for n, who in enumerate(described)])
    ahead = ImportacaoService(cenario.database, cenario.tenant_id, zona=ZONA, lote=1)

    async def both() -> None:
        await asyncio.gather(
            *(ahead.importar(rows, origem="hospital", now=cenario.relogio()) for rows in (renamed, renamed[::-1]))
        )

    async def waits_for_its_turn() -> bool:
        query = "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return (await cenario.rows(query))[0]["n"] > 0

    async with (
        holding(cenario, "SELECT id FROM pacientes WHERE id = :id", id=first) as holder,
        waiting(holder, cenario, both()),
    ):
        await until(waits_for_its_turn, why="one import waits for the other")
    rows = await cenario.rows("SELECT nome FROM pacientes")
    names = {crypto.keyring().decrypt(row["nome"], "pacientes.nome", cenario.tenant_id) for row in rows}
    assert names == {"Outra 0", "Outra 1"}
