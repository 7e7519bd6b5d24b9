"""A channel's rate is the channel's: exact whatever releases, whoever works, whatever is given back."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from app.connectors.base import AtendimentoImportado
from app.scheduler import AppointmentScheduler, SchedulerOptions
from app.services.liberacao_service import Via
from app.workers.canais import Canais
from app.workers.recibos import ReceiptInbox
from tests.cenario import Cenario, add_canal, take_jobs
from tests.fabricas import make_agenda

MINUTO = timedelta(seconds=60)


def many(quantos: int) -> list[AtendimentoImportado]:
    return [make_agenda(n, nome_paciente=f"Paciente {n}", telefone=f"279981{n:05d}") for n in range(1, quantos + 1)]


def worst_minute(instants: Sequence[datetime]) -> int:
    return max((sum(start <= em < start + MINUTO for em in instants) for start in instants), default=0)


def requests(cenario: Cenario) -> list[datetime]:
    return [datetime.fromisoformat(row["em"]) for row in cenario.fake.log]


async def plan(cenario: Cenario, quantos: int) -> None:
    await cenario.importar(*many(quantos))
    await cenario.programa.scheduler.run_all()


@pytest.mark.parametrize("por_minuto", [60, 600])
async def test_no_minute_of_the_gateways_log_sees_more_than_the_rate(cenario: Cenario, por_minuto: int) -> None:
    cenario.fake.options.per_minute = por_minuto
    await cenario.set_canal(taxa_por_minuto=por_minuto)
    await plan(cenario, 120)
    for _ in range(150):
        await asyncio.gather(*(cenario.programa.scheduler.release() for _ in range(2)))
        await cenario.drain()
        cenario.relogio.pass_time(seconds=1)
    assert worst_minute(requests(cenario)) <= por_minuto
    assert not any(row["status"] == 429 for row in cenario.fake.log), "the gateway never had to say stop"
    sent = [estado for _, _, estado in await cenario.messages()].count("enviada")
    assert sent >= min(120, por_minuto * 2 / 4), "and the rate is used"


async def test_what_was_not_spent_is_given_back(cenario: Cenario) -> None:
    """A known contact costs one request where three were reserved."""
    await cenario.set_canal(taxa_por_minuto=600)
    await plan(cenario, 3)
    await cenario.send()
    [row] = await cenario.rows("SELECT fichas FROM canais WHERE id = :c", c=cenario.canal_id)
    assert row["fichas"] == pytest.approx(20 - len(cenario.fake.log))


async def test_two_processes_that_release_at_once_never_share_a_message(cenario: Cenario) -> None:
    await plan(cenario, 40)
    released = await asyncio.gather(*(cenario.programa.scheduler.release() for _ in range(4)))
    jobs = await take_jobs(cenario.database)
    ids = [ident for job in jobs for ident in job.ids]
    assert len(ids) == len(set(ids)) == sum(released) == 40


async def test_two_planners_at_once_plan_each_visit_once(cenario: Cenario) -> None:
    await cenario.importar(*many(60))
    await asyncio.gather(*(cenario.programa.scheduler.run_all() for _ in range(4)))
    await cenario.programa.scheduler.run_all()
    assert len(await cenario.messages()) == 60
    doubled = await cenario.rows("SELECT atendimento_id FROM mensagens_atendimentos GROUP BY 1 HAVING count(*) > 1")
    assert doubled == []


async def test_reminders_leave_before_first_questions_and_answers_before_both(cenario: Cenario) -> None:
    await plan(cenario, 30)
    await cenario.execute("UPDATE mensagens SET prioridade = 0 WHERE id = (SELECT max(id) FROM mensagens)")
    await cenario.set_canal(taxa_por_minuto=60)
    await cenario.programa.scheduler.release()
    [job] = await take_jobs(cenario.database)
    [row] = await cenario.rows("SELECT id FROM mensagens WHERE prioridade = 0")
    assert row["id"] in job.ids


async def test_a_paused_channel_leaves_its_messages_to_the_next(cenario: Cenario) -> None:
    segunda = await add_canal(
        cenario.database, cenario.tenant_id, cenario.fake.url, segredos=["x"], nome="reserva", prioridade=2
    )
    await cenario.set_canal(pausado_ate=cenario.relogio() + timedelta(minutes=5), pausa_motivo="teste")
    await plan(cenario, 3)
    await cenario.send()
    rows = await cenario.rows("SELECT DISTINCT canal_id, estado FROM mensagens")
    assert rows == [{"canal_id": segunda, "estado": "enviada"}]


async def test_a_queue_payload_holds_ids_and_nothing_else(cenario: Cenario) -> None:
    await cenario.importar(make_agenda(nome_paciente="Zuleica Marcada", telefone="27998765432"))
    await cenario.programa.scheduler.run_all()
    await cenario.programa.scheduler.release()
    async with cenario.database.global_scope() as session:
        payloads = [bytes(row[0]) for row in await session.execute(text("SELECT payload FROM pgqueuer"))]
    assert payloads
    for payload in payloads:
        assert b"Zuleica" not in payload
        assert b"98765432" not in payload


async def test_the_gateways_429_slows_this_channel_and_no_other(cenario: Cenario) -> None:
    cenario.fake.options.per_minute = 2
    await plan(cenario, 5)
    await cenario.send()
    [row] = await cenario.rows("SELECT pausado_ate, pausa_motivo FROM canais WHERE id = :c", c=cenario.canal_id)
    assert row["pausa_motivo"] == "limite_do_gateway"
    assert row["pausado_ate"] > cenario.relogio() + timedelta(seconds=50)
    before = len(cenario.fake.log)
    cenario.relogio.pass_time(seconds=30)
    await cenario.send()
    assert len(cenario.fake.log) == before, "nothing is tried before the gateway said so"


async def test_a_key_others_use_too_gets_429s_and_everything_arrives_once(cenario: Cenario) -> None:
    cenario.fake.options.per_minute = 15
    await cenario.set_canal(taxa_por_minuto=30)
    await plan(cenario, 12)
    for _ in range(60):
        await cenario.send()
        cenario.relogio.pass_time(seconds=15)
    assert any(row["status"] == 429 for row in cenario.fake.log)
    texts = [len(cenario.texts(f"279981{n:05d}")) for n in range(1, 13)]
    assert texts == [1] * 12


async def test_a_channel_slower_than_one_message_waits_without_stopping_the_others(cenario: Cenario) -> None:
    await cenario.set_canal(taxa_por_minuto=2)
    await plan(cenario, 3)
    assert await cenario.programa.scheduler.release() == 1
    [canal] = await cenario.rows("SELECT fichas FROM canais WHERE id = :c", c=cenario.canal_id)
    assert canal["fichas"] < -1, "the dear message was taken on credit"
    await add_canal(cenario.database, cenario.tenant_id, cenario.fake.url, segredos=["x"], nome="igual", prioridade=1)
    await cenario.programa.canais.refresh()
    cenario.relogio.pass_time(seconds=1)
    assert await cenario.programa.scheduler.release() == 2


class BrokenCosts(dict[int, Via]):
    """What a channel costs, where our own code has a fault."""

    def __contains__(self, canal: object) -> bool:
        raise ValueError(canal)


class TwoHospitals:
    """The channels of two hospitals, those of the first one broken."""

    def __init__(self, broken: int, canais: Canais) -> None:
        self._broken, self._canais = broken, canais

    async def tenants(self) -> list[int]:
        return [self._broken, *await self._canais.tenants()]

    async def vias(self) -> Mapping[int, Mapping[int, Via]]:
        others = {tenant: costs for tenant, costs in (await self._canais.vias()).items() if tenant != self._broken}
        return {self._broken: BrokenCosts(), **others}


async def nothing_to_do(*_: object) -> int:
    return 0


async def test_one_hospitals_failure_leaves_the_others_their_messages(cenario: Cenario, outro_hospital: int) -> None:
    await add_canal(cenario.database, outro_hospital, cenario.fake.url, segredos=["x"])
    await plan(cenario, 3)
    programa, canais = cenario.programa, TwoHospitals(outro_hospital, cenario.programa.canais)
    scheduler = AppointmentScheduler(
        cenario.database,
        canais,
        programa.webhook,
        cenario.relogio,
        receipts=ReceiptInbox(cenario.database, programa.canais),
        settle_doubts=nothing_to_do,
        sync_templates=nothing_to_do,
        options=SchedulerOptions(),
    )
    assert await scheduler.release() == 3
