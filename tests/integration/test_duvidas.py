"""A message whose answer was lost, at a gateway that can be asked: found, not found, or no answer."""

from collections.abc import AsyncIterator

import pytest

from app.simulator.gateway import Fault
from tests.caminhos import DIGITOS, Rede, Via, open_rede, states, wrote_on
from tests.cenario import Cenario
from tests.fabricas import make_agenda


@pytest.fixture
async def rede(cenario: Cenario) -> AsyncIterator[Rede]:
    async with open_rede(cenario) as opened:
        yield opened


async def in_doubt(rede: Rede, fault: Fault) -> Via:
    """Ask one patient by Twilio, inside the 24 hours, and lose the answer."""
    twilio = await rede.twilio()
    await rede.cenario.importar(make_agenda())
    await wrote_on(twilio, 1001)
    twilio.fake.fail_next("send", fault)
    await rede.cenario.tick()
    assert await states(rede.cenario) == {"incerta": 1}
    return twilio


async def test_what_the_gateway_took_is_found_there(cenario: Cenario, rede: Rede) -> None:
    twilio = await in_doubt(rede, Fault.LOST_ANSWER)
    await cenario.tick()
    assert await states(cenario) == {"incerta": 1}, "its receipt has two minutes"
    cenario.relogio.pass_time(minutes=3)
    await cenario.tick()
    await cenario.tick()
    [row] = await cenario.rows("SELECT estado, provider_id FROM mensagens")
    assert (row["estado"], row["provider_id"]) == ("enviada", twilio.fake.rows[0]["sid"])
    assert ("mensagem_enviada", None) in await cenario.facts()
    assert twilio.phones == [DIGITOS]


async def test_one_phones_doubt_is_not_settled_by_a_message_that_is_known(cenario: Cenario, rede: Rede) -> None:
    twilio = await in_doubt(rede, Fault.LOST_ANSWER)
    await cenario.execute(
        "INSERT INTO mensagens (dia, tenant_id, contato_id, canal_id, tipo, passo, versao, estado, quando, ate,"
        " modelo, provider_id) SELECT dia, tenant_id, contato_id, canal_id, tipo, passo, versao + 1, 'enviada',"
        " quando, ate, modelo, :sid FROM mensagens",
        sid=twilio.fake.rows[0]["sid"],
    )
    cenario.relogio.pass_time(minutes=3)
    await cenario.tick()
    await cenario.tick()
    assert await states(cenario) == {"incerta": 1, "enviada": 1}


async def test_what_is_not_found_stays_in_doubt_and_is_not_sent_again(cenario: Cenario, rede: Rede) -> None:
    twilio = await in_doubt(rede, Fault.LOST_ANSWER)
    twilio.fake.rows[0]["body"] = "Olá, Maria!"  # the same message in the gateway's own words
    for _ in range(3):
        cenario.relogio.pass_time(minutes=10)
        await cenario.tick()
    assert await states(cenario) == {"incerta": 1}
    assert len(twilio.sent) == 1


async def test_a_gateway_that_does_not_answer_is_asked_again_until_an_hour_has_passed(
    cenario: Cenario, rede: Rede
) -> None:
    twilio = await in_doubt(rede, Fault.LOST_ANSWER)
    settle = next(entry.run for entry in cenario.programa.scheduler.entries if entry.name == "duvidas")
    cenario.relogio.pass_time(minutes=3)
    twilio.fake.fail_next("list", Fault.REFUSED_500)
    assert await settle(cenario.tenant_id, cenario.relogio()) == 0
    assert await settle(cenario.tenant_id, cenario.relogio()) == 1
    before = twilio.fake.requests
    cenario.relogio.pass_time(minutes=60)
    assert await settle(cenario.tenant_id, cenario.relogio()) == 0
    assert twilio.fake.requests == before


async def test_one_hospital_asks_nothing_for_another(cenario: Cenario, rede: Rede, outro_hospital: int) -> None:
    await in_doubt(rede, Fault.LOST_ANSWER)
    settle = next(entry.run for entry in cenario.programa.scheduler.entries if entry.name == "duvidas")
    cenario.relogio.pass_time(minutes=3)
    assert await settle(outro_hospital, cenario.relogio()) == 0
