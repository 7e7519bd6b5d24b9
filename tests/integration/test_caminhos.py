"""By which of a hospital's channels a message goes, and when."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.simulator.meta import said
from tests.caminhos import (
    JOAQUINA,
    PESSOA,
    SEED,
    Rede,
    by_channel,
    open_rede,
    phones,
    plan,
    states,
    wrote_on,
)
from tests.cenario import Cenario, take_jobs
from tests.fabricas import make_agenda


@pytest.fixture
async def rede(cenario: Cenario) -> AsyncIterator[Rede]:
    async with open_rede(cenario) as opened:
        yield opened


async def test_the_smallest_number_is_used_first(cenario: Cenario, rede: Rede) -> None:
    second, first = await rede.zapi(prioridade=2), await rede.zapi(prioridade=1)
    await plan(cenario, 5)
    await cenario.send()
    assert (len(first.sent), len(second.sent)) == (5, 0)


async def test_a_patient_keeps_the_channel_they_last_answered_on(cenario: Cenario, rede: Rede) -> None:
    first, second = await rede.zapi(prioridade=1), await rede.zapi(prioridade=2)
    await cenario.importar(make_agenda())
    await cenario.tick()
    assert len(first.sent) == 1
    await second.post(second.fake.calls.aviso(second.fake.calls.text(JOAQUINA, "bom dia")))
    await cenario.send()
    assert len(second.sent) == 1, "the answer goes back where they wrote"
    await cenario.run_until(cenario.relogio() + timedelta(days=2, hours=14), step=timedelta(hours=1))
    assert len(first.sent) == 1, "the reminder as well"
    assert len(second.sent) > 1


async def test_a_patients_own_channel_is_asked_no_more_than_it_can(cenario: Cenario, rede: Rede) -> None:
    first, second = await rede.zapi(prioridade=1), await rede.zapi(prioridade=2)
    await plan(cenario, 4)
    await wrote_on(second, 1, 2)
    await cenario.send()
    assert (first.phones, second.phones) == (phones(3, 4), phones(1, 2))


@pytest.mark.parametrize("why", ["paused", "sick", "off"])
async def test_while_their_channel_is_not_usable_patients_are_reached_by_the_best_that_is(
    cenario: Cenario, rede: Rede, why: str
) -> None:
    first, second = await rede.zapi(prioridade=1), await rede.zapi(prioridade=2)
    await plan(cenario, 2)
    await wrote_on(second, 1, 2)
    until = cenario.relogio() + timedelta(minutes=5)
    await second.set(**{"paused": {"pausado_ate": until}, "sick": {"doente_ate": until}, "off": {"ativo": False}}[why])
    await cenario.programa.canais.refresh()
    await cenario.send()
    assert (first.phones, second.phones) == (phones(1, 2), [])


async def test_channels_of_one_preference_share_what_leaves(cenario: Cenario, rede: Rede) -> None:
    first, second = await rede.zapi(), await rede.zapi()
    await plan(cenario, 40)
    await cenario.send()
    assert len(first.sent) + len(second.sent) == 40
    assert min(len(first.sent), len(second.sent)) >= 10


async def test_of_two_that_share_the_slow_one_holds_nobody_up(cenario: Cenario, rede: Rede) -> None:
    slow, quick = await rede.zapi(taxa_por_minuto=60), await rede.zapi(taxa_por_minuto=600)
    await plan(cenario, 60)
    for _ in range(6):
        await cenario.send()
        cenario.relogio.pass_time(seconds=1)
    assert await states(cenario) == {"enviada": 60}
    assert len(slow.sent) >= 5
    assert len(quick.sent) >= 20


async def test_a_channels_daily_limit_sends_the_rest_by_the_next(cenario: Cenario, rede: Rede) -> None:
    first, second = await rede.zapi(prioridade=1, contatos_por_dia=3), await rede.zapi(prioridade=2)
    await plan(cenario, 8)
    await cenario.send()
    assert (len(first.sent), len(second.sent)) == (3, 5)


async def test_open_conversations_do_not_count_as_first_contacts(cenario: Cenario, rede: Rede) -> None:
    first = await rede.zapi(contatos_por_dia=2)
    await plan(cenario, 6)
    await wrote_on(first, 4, 5, 6)
    await cenario.send()
    assert len(first.sent) == 5
    assert set(phones(4, 5, 6)) <= set(first.phones)


async def test_without_another_channel_the_rest_waits_for_the_next_day(cenario: Cenario, rede: Rede) -> None:
    first = await rede.zapi(contatos_por_dia=3)
    await plan(cenario, 5)
    await cenario.send()
    assert await states(cenario) == {"enviada": 3, "agendada": 2}
    await cenario.execute("UPDATE mensagens SET ate = ate + interval '1 day'")
    cenario.relogio.pass_time(hours=23, minutes=59)
    await cenario.send()
    assert len(first.sent) == 3
    cenario.relogio.pass_time(minutes=2)
    await cenario.send()
    assert len(first.sent) == 5


async def test_two_messages_to_one_phone_count_as_one_first_contact(cenario: Cenario, rede: Rede) -> None:
    """A notice and a question leave at once: the count must not trip over the same person twice."""
    first = await rede.zapi(contatos_por_dia=5)
    await plan(cenario, 1)
    await cenario.execute(
        """INSERT INTO mensagens (tenant_id, contato_id, dia, tipo, passo, modelo, quando, ate, prioridade)
           SELECT tenant_id, contato_id, dia, 'manual', 'manual_1', modelo, quando, ate, 1 FROM mensagens"""
    )
    await cenario.execute(
        """INSERT INTO mensagens_atendimentos
               (tenant_id, mensagem_id, dia, atendimento_id, letra, passo, horario_versao)
           SELECT ma.tenant_id, m.id, m.dia, ma.atendimento_id, ma.letra, 'manual', ma.horario_versao
           FROM mensagens_atendimentos ma, mensagens m WHERE m.tipo = 'manual'"""
    )
    await cenario.send()
    assert len(first.sent) == 2
    [row] = await cenario.rows("SELECT count(*) AS n FROM conversas_iniciadas")
    assert row["n"] == 1


async def test_question_fast_answer_and_reply_keep_six_seconds_apart(cenario: Cenario, rede: Rede) -> None:
    """Meta takes one message to a person in six seconds: the fake refuses a second one."""
    meta = await rede.meta(SEED)
    await rede.approve(meta)
    await cenario.importar(make_agenda())
    await cenario.tick()
    assert [taken.kind for taken in meta.sent] == ["template"]
    cenario.relogio.pass_time(seconds=2)
    await meta.post(meta.fake.receive(PESSOA, said.text("1")))
    await cenario.send()
    assert len(meta.sent) == 1, "the reply waits"
    assert await cenario.status() == ["confirmado"]
    cenario.relogio.pass_time(seconds=3)
    await cenario.send()
    assert len(meta.sent) == 1
    cenario.relogio.pass_time(seconds=1.5)
    await cenario.send()
    assert [taken.kind for taken in meta.sent] == ["template", "text"]
    assert (await meta.state())["pausado_ate"] is None, "the gateway never had to refuse"


async def test_two_replies_to_one_person_never_leave_in_one_round(cenario: Cenario, rede: Rede) -> None:
    meta = await rede.meta(SEED)
    await rede.approve(meta)
    await cenario.importar(make_agenda())
    await cenario.tick()
    cenario.relogio.pass_time(minutes=5)
    for texto in ("0", "1"):
        await meta.post(meta.fake.receive(PESSOA, said.text(texto)))
    await cenario.send()
    assert len(meta.sent) == 2
    cenario.relogio.pass_time(seconds=7)
    await cenario.send()
    assert len(meta.sent) == 3


async def test_a_fast_channels_chunks_say_when_and_how_fast_they_may_leave(cenario: Cenario, rede: Rede) -> None:
    await rede.zapi(taxa_por_minuto=6000)
    await plan(cenario, 150)
    assert await cenario.programa.scheduler.release() == 100, "one second's worth"
    assert await cenario.programa.scheduler.release() == 0
    cenario.relogio.pass_time(seconds=0.25)
    released = await cenario.programa.scheduler.release()
    jobs = await take_jobs(cenario.database)
    begin = cenario.relogio().timestamp() - 0.25
    assert 20 <= released <= 25
    assert [(job.por_s, job.inicio) for job in jobs] == [(100.0, begin), (100.0, begin + 1.0)], "one after the other"


async def test_a_slow_channels_chunks_leave_as_they_are(cenario: Cenario, rede: Rede) -> None:
    await rede.zapi(taxa_por_minuto=600)
    await plan(cenario, 3)
    await cenario.programa.scheduler.release()
    [job] = await take_jobs(cenario.database)
    assert job.por_s == 0.0


async def test_a_chunk_spaced_out_arrives_whole(cenario: Cenario, rede: Rede) -> None:
    zapi = await rede.zapi(taxa_por_minuto=60_000)
    await plan(cenario, 30)
    await cenario.send()
    assert len(zapi.sent) == 30
    assert await by_channel(cenario) == {zapi.id: 30}
