"""An operator asks about a visit by hand: the patient is not asked the same again by the planner."""

from datetime import timedelta

import pytest

from app.services.atendimento_service import RegraRecusou
from tests.cenario import Cenario
from tests.fabricas import CONSULTA_EM, make_agenda


async def test_what_an_operator_asked_is_not_asked_again_by_the_planner(cenario: Cenario) -> None:
    cenario.relogio.now = CONSULTA_EM - timedelta(hours=74)
    await cenario.importar(make_agenda())
    await cenario.programa.gateway.workflow((await cenario.visit())["id"], cenario.relogio())
    await cenario.run_until(CONSULTA_EM - timedelta(hours=60))
    assert await cenario.messages() == [("manual", "manual", "enviada")]
    await cenario.run_until(CONSULTA_EM - timedelta(hours=40))
    assert await cenario.messages() == [("manual", "manual", "enviada"), ("lembrete", "lembrete_48h", "enviada")]
    assert len(cenario.texts()) == 2


async def test_what_could_not_leave_is_withdrawn_so_that_a_second_click_sends_one(cenario: Cenario) -> None:
    cenario.relogio.now = CONSULTA_EM - timedelta(hours=74)
    await cenario.importar(make_agenda())
    visit = (await cenario.visit())["id"]
    await cenario.set_canal(pausado_ate=cenario.relogio() + timedelta(minutes=5))
    with pytest.raises(RegraRecusou, match="pedido_sem_canal"):
        await cenario.programa.gateway.workflow(visit, cenario.relogio())
    assert await cenario.messages() == [("manual", "manual", "cancelada")]
    cenario.relogio.pass_time(minutes=6)
    await cenario.programa.gateway.workflow(visit, cenario.relogio())
    await cenario.tick()
    assert await cenario.messages() == [("manual", "manual", "cancelada"), ("manual", "manual", "enviada")]
    assert len(cenario.texts()) == 1
