"""An operator asks about a visit by hand: the patient is not asked the same again by the planner."""

from datetime import timedelta

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
