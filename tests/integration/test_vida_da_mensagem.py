"""A message's life as the database saw it: every statement that moves one, held against the table.

Ten patients, a message of each in each state. An operation is let loose on all of them; a trigger writes down every
step, those in the middle of it too. What an operation takes is said here in full, so that an edge nobody takes shows.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import pytest
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Database
from app.domain.confirmacao import MESSAGE_TRANSITIONS, PROVAS, EstadoMensagem, SituacaoAgenda
from app.domain.entrega import Falha
from app.embedded import ServerAddress
from app.providers.base import (
    Ambiguous,
    BadNumber,
    ProviderError,
    Rejected,
    Throttled,
)
from app.repositories.liberacao import LiberacaoRepository
from app.repositories.recibos import Recibo, ReciboRepository
from app.repositories.saida import Lote, Resultado, SaidaRepository
from app.services.atendimento_service import AtendimentoService
from app.services.liberacao_service import ChunkJob, LiberacaoService
from app.workers.composicao import message_key
from tests.cenario import Cenario
from tests.conftest import DATABASE, PASSWORD
from tests.fabricas import make_agenda
from tests.integration.portador import Portador

M = EstadoMensagem
Passo = tuple[EstadoMensagem, EstadoMensagem]
TODOS: Final = tuple(EstadoMensagem)
TABELA: Final = frozenset((de, para) for de, following in MESSAGE_TRANSITIONS.items() for para in following)

_TRIGGER: Final = """
CREATE SCHEMA provas;
CREATE TABLE provas.passos (n bigint GENERATED ALWAYS AS IDENTITY, de text, para text);
GRANT USAGE ON SCHEMA provas TO confirma_app;
GRANT SELECT, DELETE ON provas.passos TO confirma_app;
CREATE FUNCTION provas.anotar() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
$$BEGIN INSERT INTO provas.passos (de, para) VALUES (OLD.estado, NEW.estado); RETURN NULL; END$$;
CREATE TRIGGER anotar AFTER UPDATE ON "SantaCasa".mensagens FOR EACH ROW
WHEN (OLD.estado IS DISTINCT FROM NEW.estado) EXECUTE FUNCTION provas.anotar();"""

_ARRANGE: Final = """
UPDATE mensagens m SET estado = u.estado, canal_id = :canal, chunk = gen_random_uuid(), iniciada_em = :now,
       tentativas = CASE WHEN u.estado IN ('agendada', 'na_fila') THEN 0 ELSE 1 END
FROM (SELECT x.id, e.estado
      FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM mensagens) x
      JOIN unnest(CAST(:estados AS text[])) WITH ORDINALITY AS e(estado, n) USING (n)) u
WHERE m.id = u.id"""


@dataclass
class Palco:
    """Ten messages, one in each state."""

    cenario: Cenario
    mensagens: Sequence[Mapping[str, Any]] = field(default_factory=list)

    @property
    def job(self) -> ChunkJob:
        ids, dias = [m["id"] for m in self.mensagens], [m["dia"] for m in self.mensagens]
        return ChunkJob(self.cenario.tenant_id, self.cenario.canal_id, ids, min(dias), max(dias))

    @property
    def lote(self) -> Lote:
        return self.job.lote

    async def within(self, do: Callable[[AsyncSession], Awaitable[Any]]) -> None:
        async with self.cenario.database.session_scope(self.cenario.tenant_id) as session:
            await do(session)

    async def liberacao(self, do: Callable[[LiberacaoService], Awaitable[Any]]) -> None:
        await self.within(lambda session: do(LiberacaoService(session, self.cenario.tenant_id)))

    async def saida(self, do: Callable[[SaidaRepository], Awaitable[Any]]) -> None:
        await self.within(lambda session: do(SaidaRepository(session, self.cenario.tenant_id)))

    async def each_phone(self, do: Callable[[str], Awaitable[Any]]) -> None:
        for n in range(1, len(TODOS) + 1):
            await do(_fone(n))


def _fone(n: int) -> str:
    return f"279981{n:05d}"


@pytest.fixture(scope="module")
async def owner(address: ServerAddress, database: Database) -> AsyncIterator[None]:  # noqa: ARG001  migrated first
    connection = await asyncpg.connect(address.dsn("confirma_owner", PASSWORD, DATABASE))
    superuser = await asyncpg.connect(address.dsn("postgres", PASSWORD, DATABASE))
    await superuser.execute("GRANT CREATE ON DATABASE confirma TO confirma_owner")
    await connection.execute(_TRIGGER)
    yield
    await connection.execute('DROP TRIGGER anotar ON "SantaCasa".mensagens')
    await connection.execute("DROP SCHEMA provas CASCADE")
    await superuser.execute("REVOKE CREATE ON DATABASE confirma FROM confirma_owner")
    await superuser.close()
    await connection.close()


@pytest.fixture
async def palco(cenario: Cenario, owner: None) -> Palco:  # noqa: ARG001  who writes the steps down
    await cenario.importar(
        *(make_agenda(n, nome_paciente=f"Paciente {n}", telefone=_fone(n)) for n in range(1, len(TODOS) + 1))
    )
    await cenario.programa.scheduler.run_all()
    await cenario.execute("UPDATE atendimentos SET status_confirmacao = 'aguardando'")
    await cenario.execute(
        _ARRANGE, canal=cenario.canal_id, now=cenario.relogio(), estados=[str(estado) for estado in TODOS]
    )
    await cenario.execute("DELETE FROM provas.passos")
    return Palco(cenario, await cenario.rows("SELECT id, dia FROM mensagens ORDER BY id"))


async def taken(palco: Palco) -> set[Passo]:
    rows = await palco.cenario.rows("SELECT DISTINCT de, para FROM provas.passos")
    return {(EstadoMensagem(row["de"]), EstadoMensagem(row["para"])) for row in rows}


async def nothing_is_planned(palco: Palco) -> None:
    await palco.cenario.programa.scheduler.run_all()


async def moment_passes(palco: Palco) -> None:
    await palco.cenario.execute("UPDATE mensagens SET ate = :now", now=palco.cenario.relogio())
    await palco.liberacao(lambda service: service.expire(palco.cenario.relogio()))


async def released(palco: Palco) -> None:
    await palco.cenario.programa.scheduler.release()


async def _lost(palco: Palco) -> None:
    """Six minutes pass, no job is left, and the sweep comes by."""
    palco.cenario.relogio.pass_time(minutes=6)
    await palco.liberacao(lambda service: service.rescue(palco.cenario.relogio()))


async def job_is_lost(palco: Palco) -> None:
    await _lost(palco)


async def uncertain_is_repeated(palco: Palco) -> None:
    await palco.cenario.set_politica(ao_incerta="repetir")
    palco.cenario.relogio.pass_time(minutes=11)
    await palco.liberacao(lambda service: service.repeat_uncertain(palco.cenario.relogio()))


def sent(outcome: ProviderError | None = None) -> Callable[[Palco], Awaitable[None]]:
    async def send(palco: Palco) -> None:
        await Portador(outcome).outbox(palco.cenario).send_chunk(palco.job)

    return send


def recorded_late(outcome: ProviderError | None = None) -> Callable[[Palco], Awaitable[None]]:
    """The gateway answers after the worker was taken for dead."""

    async def send(palco: Palco) -> None:
        portador = Portador(outcome)
        portador.antes = lambda: _lost(palco)
        await portador.outbox(palco.cenario).send_chunk(palco.job)

    return send


def proved_while_sending(outcome: ProviderError | None = None) -> Callable[[Palco], Awaitable[None]]:
    """The patient answers before the gateway does."""

    async def send(palco: Palco) -> None:
        portador = Portador(outcome)
        portador.antes = lambda: flows_report(palco)
        await portador.outbox(palco.cenario).send_chunk(palco.job)

    return send


async def gateway_stays_silent(palco: Palco) -> None:
    """A gateway that fell is asked before it gets more; here it still does not answer."""
    await Portador(vivo=False).outbox(palco.cenario).send_chunk(structs.replace(palco.job, prova=True))


async def outside_the_window(palco: Palco) -> None:
    palco.cenario.relogio.pass_time(hours=12)  # 22:00
    await sent()(palco)


async def expired_in_the_queue(palco: Palco) -> None:
    await palco.cenario.execute("UPDATE mensagens SET ate = :now", now=palco.cenario.relogio())
    await sent()(palco)


async def contact_opted_out(palco: Palco) -> None:
    await palco.cenario.execute("UPDATE contatos SET optout_em = :now", now=palco.cenario.relogio())
    await sent()(palco)


async def template_is_broken(palco: Palco) -> None:
    await palco.cenario.execute(
        "INSERT INTO modelos (tenant_id, nome, versao, corpo) VALUES (:t, 'pedido', 1, '{{ visita.nada }}')",
        t=palco.cenario.tenant_id,
    )
    await sent()(palco)


def told(estado: EstadoMensagem, falha: Falha | None = None) -> Callable[[Palco], Awaitable[None]]:
    """The gateway brings the same news of every message, by our own key."""

    async def tell(palco: Palco) -> None:
        cenario, now = palco.cenario, palco.cenario.relogio()
        recibos = [
            Recibo(
                recebido_em=now,
                tentar_em=now,
                canal_id=cenario.canal_id,
                sobre_id=f"g{m['id']}",
                nossa_chave=message_key(m["dia"], m["id"]),
                estado=estado,
                falha=falha,
                codigo=None,
                em=now,
            )
            for m in palco.mensagens
        ]
        await palco.within(lambda session: ReciboRepository(session, cenario.tenant_id).store(recibos))
        await cenario.programa.scheduler.receive()

    return tell


def proved(estado: EstadoMensagem) -> set[Passo]:
    return {(de, para) for de, para in TABELA if para is estado}


def answered(texto: str) -> Callable[[Palco], Awaitable[None]]:
    async def answer(palco: Palco) -> None:
        await palco.each_phone(lambda fone: palco.cenario.call({"telefone": fone, "resposta": texto}))

    return answer


async def flows_report(palco: Palco) -> None:
    await palco.each_phone(
        lambda fone: palco.cenario.call({"type": "status", "status": "started", "contact": {"phone": fone}})
    )


async def reception_cancels(palco: Palco) -> None:
    tenant_id, now = palco.cenario.tenant_id, palco.cenario.relogio()
    for row in await palco.cenario.rows("SELECT id FROM atendimentos"):
        await palco.within(
            lambda session, ident=row["id"]: AtendimentoService(session, tenant_id).cancel(  # type: ignore[misc]
                ident, motivo=None, now=now
            )
        )


async def hospital_cancels(palco: Palco) -> None:
    await palco.cenario.importar(
        *(
            make_agenda(
                n,
                nome_paciente=f"Paciente {n}",
                telefone=_fone(n),
                situacao_agenda=SituacaoAgenda.CANCELADO,
            )
            for n in range(1, len(TODOS) + 1)
        )
    )


async def cut_off_passes(palco: Palco) -> None:
    await palco.cenario.set_politica(cancelamento_automatico=True)
    await palco.cenario.execute("UPDATE atendimentos SET corte_em = :now", now=palco.cenario.relogio())
    await palco.cenario.programa.scheduler.run_all()


INICIO: Final = {(M.NA_FILA, M.EM_ENVIO), (M.EM_ENVIO, M.INCERTA)}  # what was in flight had a worker, now gone
PERDIDO: Final = {(M.NA_FILA, M.AGENDADA), (M.EM_ENVIO, M.INCERTA)}
RETIRADA: Final = {(M.AGENDADA, M.CANCELADA)}
NAO_CHEGOU: Final = {(M.EM_ENVIO, M.FALHOU), (M.INCERTA, M.FALHOU), (M.ENVIADA, M.FALHOU)}

CASOS: Final = (
    pytest.param(nothing_is_planned, set(), id="the planner has nothing to say"),
    pytest.param(moment_passes, {(M.AGENDADA, M.EXPIRADA)}, id="the moment passes"),
    pytest.param(released, {(M.AGENDADA, M.NA_FILA)}, id="released"),
    pytest.param(job_is_lost, PERDIDO, id="the job is lost"),
    pytest.param(uncertain_is_repeated, {(M.INCERTA, M.AGENDADA)}, id="uncertain, repeated"),
    pytest.param(sent(), INICIO | {(M.EM_ENVIO, M.ENVIADA)}, id="sent"),
    pytest.param(sent(Ambiguous("?")), INICIO, id="sent, and nobody knows"),
    pytest.param(sent(Rejected("não")), INICIO | {(M.EM_ENVIO, M.FALHOU)}, id="refused"),
    pytest.param(sent(BadNumber("não")), INICIO | {(M.EM_ENVIO, M.FALHOU)}, id="a bad number"),
    pytest.param(sent(Throttled()), INICIO | {(M.EM_ENVIO, M.AGENDADA)}, id="throttled"),
    pytest.param(recorded_late(), INICIO | {(M.INCERTA, M.ENVIADA)}, id="sent, told after given up"),
    pytest.param(recorded_late(Ambiguous("?")), INICIO, id="unknown, told after given up"),
    pytest.param(recorded_late(Rejected("não")), INICIO | {(M.INCERTA, M.FALHOU)}, id="refused, told after given up"),
    pytest.param(recorded_late(Throttled()), INICIO | {(M.INCERTA, M.AGENDADA)}, id="throttled, told after given up"),
    *(
        pytest.param(
            proved_while_sending(outcome),
            INICIO | {(M.EM_ENVIO, M.ENTREGUE), (M.INCERTA, M.ENTREGUE)},
            id=f"proved before told {outcome!r}",
        )
        for outcome in (None, Ambiguous("?"), Rejected("não"), Throttled())
    ),
    pytest.param(
        gateway_stays_silent,
        {(M.NA_FILA, M.AGENDADA)},
        id="no gateway",
    ),
    pytest.param(outside_the_window, {(M.NA_FILA, M.AGENDADA), (M.EM_ENVIO, M.INCERTA)}, id="outside the window"),
    pytest.param(expired_in_the_queue, {(M.NA_FILA, M.EXPIRADA), (M.EM_ENVIO, M.INCERTA)}, id="expired in the queue"),
    pytest.param(contact_opted_out, {(M.NA_FILA, M.CANCELADA), (M.EM_ENVIO, M.INCERTA)}, id="opted out in the queue"),
    pytest.param(template_is_broken, {(M.NA_FILA, M.FALHOU), (M.EM_ENVIO, M.INCERTA)}, id="a broken template"),
    pytest.param(answered("1"), {(M.INCERTA, M.ENTREGUE)}, id="confirmed"),
    pytest.param(answered("0"), {(M.INCERTA, M.ENTREGUE)}, id="cancelled"),
    pytest.param(answered("parar"), RETIRADA | {(M.INCERTA, M.ENTREGUE)}, id="stop"),
    pytest.param(flows_report, {(M.INCERTA, M.ENTREGUE), (M.EM_ENVIO, M.ENTREGUE)}, id="the flow's own report"),
    *(pytest.param(told(estado), proved(estado), id=f"a receipt: {estado}") for estado in sorted(PROVAS)),
    *(
        pytest.param(told(M.FALHOU, falha), NAO_CHEGOU, id=f"a receipt: {falha}")
        for falha in Falha
        if falha is not Falha.PAROU
    ),
    pytest.param(told(M.FALHOU, Falha.PAROU), NAO_CHEGOU, id="a receipt: parou"),  # of what never left nobody complains
    pytest.param(reception_cancels, RETIRADA, id="reception cancels"),
    pytest.param(hospital_cancels, RETIRADA, id="the hospital cancels"),
    pytest.param(cut_off_passes, set(), id="cancelled by silence"),
)


@pytest.mark.parametrize(("operation", "expected"), CASOS)
async def test_an_operation_takes_the_edges_it_says(
    palco: Palco, operation: Callable[[Palco], Awaitable[None]], expected: set[Passo]
) -> None:
    await operation(palco)
    found = await taken(palco)
    assert found - TABELA == set(), "not in the table"
    assert found == expected


def test_every_edge_is_taken_by_somebody() -> None:
    assert {passo for caso in CASOS for passo in caso.values[1]} == TABELA


async def _release_all(session: AsyncSession, palco: Palco) -> None:
    rows = [(m["id"], m["dia"], 1, "00000000-0000-0000-0000-000000000000") for m in palco.mensagens]
    liberacao = LiberacaoRepository(session, palco.cenario.tenant_id)
    await liberacao.release(palco.cenario.canal_id, rows, now=palco.cenario.relogio())


async def _start_all(session: AsyncSession, palco: Palco) -> None:
    saida = SaidaRepository(session, palco.cenario.tenant_id)
    await saida.start(palco.lote, [(m["id"], "Olá", 1) for m in palco.mensagens], now=palco.cenario.relogio())


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        pytest.param(_release_all, {(M.AGENDADA, M.NA_FILA)}, id="release"),
        pytest.param(_start_all, {(M.NA_FILA, M.EM_ENVIO)}, id="start"),
    ],
)
async def test_a_statement_keeps_to_the_table_whatever_rows_it_is_given(
    palco: Palco, statement: Callable[[AsyncSession, Palco], Awaitable[None]], expected: set[Passo]
) -> None:
    await palco.within(lambda session: statement(session, palco))
    assert await taken(palco) == expected


@pytest.mark.parametrize("novo", EstadoMensagem)
async def test_a_result_is_written_only_where_the_table_lets_it(palco: Palco, novo: EstadoMensagem) -> None:
    changed: set[int] = set()

    async def record(saida: SaidaRepository) -> None:
        results = [Resultado(mensagem_id=m["id"], estado=novo) for m in palco.mensagens]
        changed.update(await saida.record(palco.lote, results, now=palco.cenario.relogio(), atuais=TODOS))

    await palco.saida(record)
    assert await taken(palco) == {passo for passo in TABELA if passo[1] is novo}
    assert len(changed) == len([passo for passo in TABELA if passo[1] is novo])


async def test_a_message_is_born_waiting(palco: Palco) -> None:
    await palco.cenario.importar(make_agenda(99, nome_paciente="Nova", telefone=_fone(99)))
    await palco.cenario.programa.scheduler.run_all()
    rows = await palco.cenario.rows("SELECT estado FROM mensagens WHERE id > :ultima", ultima=palco.mensagens[-1]["id"])
    assert [row["estado"] for row in rows] == ["agendada"]
