"""A gateway dies, goes silent or refuses everybody: its messages go by the next, and nobody gets one twice."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.domain.confirmacao import EstadoMensagem
from app.simulator.gateway import Fault, Taken
from tests.caminhos import SEED, Rede, Via, by_channel, open_rede, phones, plan, states
from tests.cenario import Cenario, take_jobs

M = EstadoMensagem


@pytest.fixture
async def rede(cenario: Cenario) -> AsyncIterator[Rede]:
    async with open_rede(cenario) as opened:
        yield opened


async def two(rede: Rede) -> tuple[Via, Via]:
    return await rede.zapi(prioridade=1), await rede.zapi(prioridade=2)


async def uncertain_phones(cenario: Cenario) -> int:
    return (await states(cenario)).get("incerta", 0)


@pytest.mark.parametrize("quantos", [6, 40], ids=["a chunk of few", "a chunk of many"])
async def test_refused_connections_let_everything_leave_by_the_next_at_once(
    cenario: Cenario, rede: Rede, quantos: int
) -> None:
    first, second = await two(rede)
    await plan(cenario, quantos)
    await rede.refuse(first)
    await cenario.send()
    assert await states(cenario) == {"enviada": quantos}
    assert second.phones == phones(*range(1, quantos + 1))
    assert (await first.state())["quedas"] == 1


@pytest.mark.parametrize(
    ("fault", "took"),
    [
        pytest.param(Fault.SILENT, True, id="silent after taking it"),
        pytest.param(Fault.ERROR_AFTER, True, id="500 after taking it"),
        pytest.param(Fault.REFUSED_500, False, id="500 without taking it"),
        pytest.param(Fault.LOST_ANSWER, True, id="cut after taking it"),
    ],
)
async def test_what_may_have_been_taken_waits_for_its_receipt_and_the_rest_leaves_by_the_next(
    cenario: Cenario, rede: Rede, fault: Fault, *, took: bool
) -> None:
    first, second = await two(rede)
    await plan(cenario, 300)
    first.fake.fail_next("send", *[fault] * 300)
    await cenario.send()
    doubtful = await uncertain_phones(cenario)
    assert 10 <= doubtful == first.tried < 300
    assert await states(cenario) == {"incerta": doubtful, "enviada": 300 - doubtful}
    assert await by_channel(cenario) == {second.id: 300 - doubtful}
    assert len(first.sent) == (doubtful if took else 0)
    reached = first.phones + second.phones
    assert len(reached) == len(set(reached)), "nobody got it twice"


@pytest.mark.parametrize("before", [0, 50], ids=["a new channel", "one that was well for long"])
async def test_ten_failures_in_a_row_are_enough(cenario: Cenario, rede: Rede, before: int) -> None:
    first, second = await two(rede)
    await first.set(acertos=before)
    await plan(cenario, 30)
    first.fake.fail_next("send", *[Fault.LOST_ANSWER] * 300)
    await cenario.send()
    assert (await first.state())["quedas"] == 1
    assert first.tried <= 30, "what was in the air when it fell, and no second round"
    assert len(second.sent) == 30 - first.tried


async def test_after_a_failure_the_gateway_is_asked_before_the_next_message_is_put_at_risk(
    cenario: Cenario, rede: Rede
) -> None:
    zapi = await rede.zapi()
    await plan(cenario, 1)
    zapi.fake.outage = 500
    await cenario.send()
    assert await states(cenario) == {"incerta": 1}
    await plan(cenario, 4)
    await cenario.send()
    assert await states(cenario) == {"incerta": 1, "agendada": 3}
    zapi.fake.outage = None
    cenario.relogio.pass_time(seconds=31)
    await cenario.send()
    assert await states(cenario) == {"incerta": 1, "enviada": 3}


async def test_receipts_settle_what_was_uncertain(cenario: Cenario, rede: Rede) -> None:
    """Meta gives our own key back: a message whose answer was lost is found by it."""
    meta = await rede.meta(SEED)
    await rede.approve(meta)
    await plan(cenario, 12)
    meta.fake.fail_next("send", *[Fault.LOST_ANSWER] * 12)
    await cenario.send()
    assert await states(cenario) == {"incerta": 12}
    for taken in meta.sent[:7]:
        await meta.tell(taken, M.ENTREGUE)
    assert await states(cenario) == {"entregue": 7, "incerta": 5}
    assert ("mensagem_entregue", None) in await cenario.facts(1)
    [row] = await cenario.rows("SELECT count(provider_id) AS n FROM mensagens")
    assert row["n"] == 7, "and the gateway's id is known from now on"


async def test_a_chunk_in_the_middle_of_which_the_gateway_dies_keeps_what_arrived(cenario: Cenario, rede: Rede) -> None:
    first, second = await two(rede)
    await plan(cenario, 300)
    fake = first.fake

    def die(_: Taken) -> None:
        fake.outage = 500 if len(fake.messages) >= 20 else None

    fake.on_taken = die
    await cenario.send()
    doubtful = await uncertain_phones(cenario)
    assert await states(cenario) == {"enviada": 300 - doubtful, "incerta": doubtful}
    assert (await by_channel(cenario))[first.id] >= 20
    assert len(second.sent) >= 50
    reached = first.phones + second.phones
    assert len(reached) == len(set(reached))


async def test_other_chunks_of_a_channel_that_fell_are_given_back(cenario: Cenario, rede: Rede) -> None:
    first, second = await two(rede)
    await plan(cenario, 3)
    await cenario.programa.scheduler.release()
    await first.set(quedas=1, doente_ate=cenario.relogio() + timedelta(seconds=30))
    await cenario.drain()
    rows = await cenario.rows("SELECT DISTINCT estado, motivo FROM mensagens")
    assert rows == [{"estado": "agendada", "motivo": "canal_parado"}]
    await cenario.send()
    assert (len(first.sent), len(second.sent)) == (0, 3)


async def test_a_sick_channel_is_asked_first_then_tried_with_three(cenario: Cenario, rede: Rede) -> None:
    zapi = await rede.zapi()
    await plan(cenario, 40)
    await rede.refuse(zapi)
    await cenario.send()
    assert await states(cenario) == {"agendada": 40}
    cenario.relogio.pass_time(seconds=29)
    assert await cenario.send() == 0, "it is left alone"
    await rede.revive(zapi)
    before = zapi.fake.requests
    cenario.relogio.pass_time(seconds=2)
    assert await cenario.programa.scheduler.release() == 3
    assert await cenario.programa.scheduler.release() == 0, "no second trial while the first is on its way"
    [job] = await take_jobs(cenario.database)
    assert job.prova
    await cenario.programa.outbox.send_chunk(job)
    assert [row["operacao"] for row in zapi.fake.log][-4:] == ["status", "send", "send", "send"]
    assert zapi.fake.requests == before + 4
    assert ((await zapi.state())["quedas"], (await zapi.state())["acertos"]) == (0, 3)
    await cenario.send()
    assert await states(cenario) == {"enviada": 40}


async def test_a_gateway_that_says_it_is_not_well_gets_nothing_and_the_pause_doubles(
    cenario: Cenario, rede: Rede
) -> None:
    """Z-API says it is disconnected, yet would take messages into its queue."""
    zapi = await rede.zapi()
    await plan(cenario, 12)
    await zapi.set(quedas=1, doente_ate=cenario.relogio())
    zapi.fake.connected = False
    pauses = []
    for _ in range(4):
        await cenario.send()
        until = (await zapi.state())["doente_ate"]
        pauses.append((until - cenario.relogio()).total_seconds())
        cenario.relogio.now = until
    assert pauses == [60, 120, 240, 480]
    assert (zapi.tried, zapi.fake.queue) == (0, [])
    assert await states(cenario) == {"agendada": 12}
    assert ("mensagem_enviada", None) not in await cenario.facts(1)
    zapi.fake.connected = True
    await cenario.send()
    assert await states(cenario) == {"enviada": 12}


async def test_a_trial_that_fails_goes_by_the_next_and_costs_three(cenario: Cenario, rede: Rede) -> None:
    first, second = await two(rede)
    await plan(cenario, 20)
    await first.set(quedas=2, doente_ate=cenario.relogio())
    first.fake.fail_next("send", *[Fault.RESET] * 20)
    await cenario.send()
    assert first.tried == 3, "at most three are put at risk"
    assert await states(cenario) == {"enviada": 17, "incerta": 3}
    assert len(second.sent) == 17
    assert (await first.state())["quedas"] == 3


async def test_a_channel_whose_key_is_wrong_pauses_and_the_next_takes_over(cenario: Cenario, rede: Rede) -> None:
    first, second = await two(rede)
    await plan(cenario, 5)
    first.fake.refusals.subscribed = False
    await cenario.send()
    state = await first.state()
    assert state["pausa_motivo"].startswith("configuracao")
    assert state["quedas"] == 0, "it answers: it is not sick"
    assert second.phones == phones(1, 2, 3, 4, 5)
    first.fake.refusals.subscribed = True
    cenario.relogio.pass_time(minutes=6)
    await cenario.importar()
    assert (await first.state())["pausado_ate"] < cenario.relogio()


async def test_a_429_slows_this_channel_and_its_messages_go_by_the_next(cenario: Cenario, rede: Rede) -> None:
    first, second = await two(rede)
    await plan(cenario, 5)
    first.fake.fail_next("send", *[Fault.THROTTLE] * 5)
    await cenario.send()
    state = await first.state()
    assert state["pausa_motivo"] == "limite_do_gateway"
    assert state["pausado_ate"] == cenario.relogio() + timedelta(seconds=7), "as long as it asked for"
    assert (await second.state())["pausado_ate"] is None
    assert second.phones == phones(1, 2, 3, 4, 5)


async def test_a_429_without_another_channel_waits_and_leaves_then(cenario: Cenario, rede: Rede) -> None:
    only = await rede.zapi()
    await plan(cenario, 5)
    only.fake.fail_next("send", *[Fault.THROTTLE] * 5)
    await cenario.send()
    assert (only.tried, await states(cenario)) == (5, {"agendada": 5})
    cenario.relogio.pass_time(seconds=6)
    assert await cenario.send() == 0
    cenario.relogio.pass_time(seconds=1)
    await cenario.send()
    assert await states(cenario) == {"enviada": 5}


async def test_the_gateways_news_of_a_lost_connection_stops_the_channel_before_a_message_does(
    cenario: Cenario, rede: Rede
) -> None:
    first, second = await two(rede)
    await plan(cenario, 4)
    answer = await first.post(first.fake.calls.aviso(first.fake.calls.disconnected()))
    assert answer.status_code == 200
    await cenario.send()
    assert (len(first.sent), second.phones) == (0, phones(1, 2, 3, 4))
    assert (await first.state())["pausa_motivo"].startswith(("configuracao", "desconectado"))


async def test_back_again_a_channel_takes_what_comes_next(cenario: Cenario, rede: Rede) -> None:
    first, second = await two(rede)
    await plan(cenario, 20)
    await rede.refuse(first)
    await cenario.send()
    await rede.revive(first)
    cenario.relogio.pass_time(seconds=31)
    await cenario.execute("UPDATE mensagens SET estado = 'agendada'")
    await cenario.send()
    assert len(first.sent) == 20 - (len(second.sent) - 20)
    assert len(first.sent) >= 3
