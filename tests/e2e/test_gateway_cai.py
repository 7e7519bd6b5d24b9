"""The gateway is down for an hour: the backlog drains by itself, nothing is lost, nothing doubled."""

from collections import Counter
from datetime import timedelta

import pytest

from app.domain.confirmacao import SituacaoAgenda
from tests.cenario import Cenario
from tests.fabricas import FONE, make_agenda

QUANTOS = 24


def arrived(cenario: Cenario) -> Counter[str]:
    return Counter(row["telefone_informado"] for row in cenario.fake.log if row["tipo"] == "text" and row["entregue"])


async def pass_minutes(cenario: Cenario, minutes: int, *, step: int = 2) -> None:
    for _ in range(0, minutes, step):
        cenario.relogio.pass_time(minutes=step)
        await cenario.tick()


@pytest.mark.parametrize("outage", [500, 0], ids=["500", "connections cut"])
async def test_an_hour_without_the_gateway(cenario: Cenario, outage: int) -> None:
    cenario.fake.options.outage = outage
    await cenario.importar(
        *(make_agenda(n, nome_paciente=f"P {n}", telefone=f"279981{n:05d}") for n in range(1, QUANTOS + 1))
    )
    await pass_minutes(cenario, 60, step=4)
    assert arrived(cenario) == {}
    [row] = await cenario.rows("SELECT count(*) AS n FROM mensagens WHERE estado = 'agendada'")
    assert row["n"] == QUANTOS, "all wait"
    cenario.fake.options.outage = None
    await pass_minutes(cenario, 24)
    assert set(arrived(cenario).values()) == {1}
    assert len(arrived(cenario)) == QUANTOS


async def test_the_gateway_is_not_hammered_while_it_is_down(cenario: Cenario) -> None:
    cenario.fake.options.outage = 503
    await cenario.importar(make_agenda())
    await pass_minutes(cenario, 60)
    assert cenario.fake.requests <= 60, "at most one question a minute whether it lives"


async def test_what_lost_its_sense_during_the_outage_does_not_leave_after_it(cenario: Cenario) -> None:
    cenario.fake.options.outage = 503
    await cenario.importar(make_agenda(1), make_agenda(2, nome_paciente="Bia", telefone="27998111222"))
    await pass_minutes(cenario, 20)
    await cenario.importar(make_agenda(1, situacao_agenda=SituacaoAgenda.CANCELADO))
    cenario.fake.options.outage = None
    await pass_minutes(cenario, 30)
    assert cenario.texts(FONE) == []
    assert len(cenario.texts("27998111222")) == 1


async def test_an_outage_over_the_closing_hour_ends_in_the_morning_not_at_night(cenario: Cenario) -> None:
    cenario.relogio.now = cenario.relogio.now.replace(hour=22, minute=40)  # 19:40 in São Paulo
    cenario.fake.options.outage = 503
    await cenario.importar(make_agenda())
    await pass_minutes(cenario, 40)
    cenario.fake.options.outage = None
    await cenario.run_until(cenario.relogio() + timedelta(hours=10), step=timedelta(hours=1))
    assert arrived(cenario) == {}, "nobody is woken"
    await cenario.run_until(cenario.relogio() + timedelta(hours=3), step=timedelta(minutes=20))
    assert len(cenario.texts()) == 1


async def test_a_question_that_left_after_its_cutoff_still_gets_one(cenario: Cenario) -> None:
    """Asked late because the gateway was down: silence must still bring the visit to the call list in time."""
    cenario.relogio.now = cenario.relogio.now.replace(hour=15)
    cenario.fake.options.outage = 503
    consulta = cenario.relogio.now + timedelta(hours=22)
    await cenario.importar(make_agenda(data_consulta=consulta))
    await cenario.set_politica(passos=[{"nome": "pedido", "tipo": "pedido", "antes_horas": 72}])
    await pass_minutes(cenario, 200, step=10)
    cenario.fake.options.outage = None
    await cenario.run_until(consulta, step=timedelta(minutes=30))
    assert len(cenario.texts()) == 1
    assert await cenario.status() == ["sem_resposta"]


async def test_the_answer_to_a_patient_waits_for_the_gateway_and_arrives_once(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    cenario.fake.options.outage = 503
    await cenario.importar(make_agenda(2, nome_paciente="Bia", telefone="27998111222"))
    await cenario.tick()  # somebody else's question finds the gateway down
    await cenario.reply("1")
    await pass_minutes(cenario, 30)
    cenario.fake.options.outage = None
    await pass_minutes(cenario, 20)
    assert "Presença confirmada" in cenario.texts()[-1]
    assert len(cenario.texts()) == 2
    assert len(cenario.texts("27998111222")) == 1


async def test_reminders_to_known_contacts_wait_too_instead_of_becoming_uncertain(cenario: Cenario) -> None:
    """A send that fails with 500 may have been taken and is not repeated: so none is tried while nobody answers."""
    await cenario.set_canal(taxa_por_minuto=600)
    linhas = [make_agenda(n, nome_paciente=f"P {n}", telefone=f"279981{n:05d}") for n in range(1, QUANTOS + 1)]
    await cenario.importar(*linhas)
    for _ in range(20):
        cenario.relogio.pass_time(seconds=10)
        await cenario.tick()
    assert len(arrived(cenario)) == QUANTOS
    cenario.relogio.now += timedelta(hours=24)
    cenario.fake.options.outage = 503
    for _ in range(12):
        cenario.relogio.pass_time(minutes=5)
        await cenario.tick()
    cenario.fake.options.outage = None
    for _ in range(30):
        cenario.relogio.pass_time(seconds=20)
        await cenario.tick()
    [row] = await cenario.rows("SELECT count(*) AS n FROM mensagens WHERE estado = 'incerta'")
    assert row["n"] <= 20, "at most the first burst"
    assert len([n for n in arrived(cenario).values() if n == 2]) == QUANTOS - row["n"]
    assert max(arrived(cenario).values()) == 2
