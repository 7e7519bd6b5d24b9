"""When patients are asked: steps, one message a day, supplements, zones, nights and Sundays."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.cenario import Cenario
from tests.fabricas import CONSULTA_EM, FONE, ZONA, local, make_agenda

HORA, DIA = timedelta(hours=1), timedelta(days=1)


def when(cenario: Cenario) -> list[str]:
    """Return the local times at which texts arrived."""
    return [
        f"{datetime.fromisoformat(row['em']).astimezone(ZONA):%d/%m %H:%M}"
        for row in cenario.fake.log
        if row["entregue"] and row["tipo"] == "text"
    ]


async def test_the_three_steps_of_an_unanswered_visit(cenario: Cenario) -> None:
    cenario.relogio.now = local("2026-03-01", "22:00")
    await cenario.importar(make_agenda())
    await cenario.run_until(local("2026-03-04", "19:00"), step=HORA)
    await cenario.run_until(CONSULTA_EM, step=timedelta(minutes=15))
    assert when(cenario) == ["02/03 10:00", "03/03 10:00", "04/03 19:45"], "the last in time before the doors close"
    assert [passo for _, passo, _ in await cenario.messages()] == ["pedido", "lembrete_48h", "lembrete_12h"]


async def test_once_answered_it_is_quiet(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    await cenario.reply("1")
    await cenario.run_until(CONSULTA_EM, step=2 * HORA)
    assert len(cenario.texts()) == 2


@pytest.mark.parametrize("status", ["cancelado", "confirmado", "reagendar"])
async def test_answered_at_reception_nobody_is_asked(cenario: Cenario, status: str) -> None:
    await cenario.importar(make_agenda(data_consulta=CONSULTA_EM + DIA))
    await cenario.execute("UPDATE atendimentos SET status_confirmacao = :s", s=status)
    await cenario.run_until(CONSULTA_EM + DIA, step=6 * HORA)
    assert cenario.texts() == []


async def test_a_mother_of_two_gets_one_message_with_both_named(cenario: Cenario) -> None:
    await cenario.importar(
        make_agenda(1, nome_paciente="Ana Souza"),
        make_agenda(2, nome_paciente="Bia Souza", data_consulta=CONSULTA_EM + HORA),
    )
    await cenario.tick()
    [texto] = cenario.texts()
    assert re.search(r"\*A\)\* Ana: .*10:00", texto)
    assert re.search(r"\*B\)\* Bia: .*11:00", texto)


async def test_ten_visits_of_one_day_are_one_message(cenario: Cenario) -> None:
    await cenario.importar(*(make_agenda(n, data_consulta=CONSULTA_EM + n * timedelta(minutes=30)) for n in range(10)))
    await cenario.tick()
    [texto] = cenario.texts()
    assert "*J)*" in texto
    await cenario.reply("1")
    assert set(await cenario.status(*range(10))) == {"confirmado"}


async def test_a_visit_added_to_a_day_already_asked_about_waits_for_the_morning_and_names_only_itself(
    cenario: Cenario,
) -> None:
    await cenario.importar(make_agenda(1, nome_paciente="Ana"))
    await cenario.tick()
    cenario.relogio.pass_time(hours=2)
    await cenario.importar(make_agenda(2, nome_paciente="Bia", data_consulta=CONSULTA_EM + HORA))
    await cenario.tick()
    assert len(cenario.texts()) == 1, "one message a day"
    await cenario.run_until(local("2026-03-03", "09:30"), step=30 * timedelta(minutes=1))
    assert len(cenario.texts()) == 2
    assert "Bia" in cenario.texts()[1]
    assert "Ana" not in cenario.texts()[1] or "*A)*" in cenario.texts()[1]
    facts = await cenario.facts(2)
    assert any(porque in {"limite_diario", "dia_seguinte"} for _, porque in facts), "and the history says why"


async def test_two_days_of_one_contact_due_at_once_are_one_message(cenario: Cenario) -> None:
    await cenario.importar(
        make_agenda(1, nome_paciente="Ana"),
        make_agenda(2, nome_paciente="Bia", data_consulta=CONSULTA_EM - 26 * HORA),
    )
    await cenario.tick()
    [texto] = cenario.texts()
    assert "Ana" in texto
    assert "Bia" in texto


async def test_no_contact_gets_two_messages_on_one_day_in_a_busy_week(cenario: Cenario) -> None:
    await cenario.importar(
        *(make_agenda(n, nome_paciente=f"P{n}", data_consulta=CONSULTA_EM + n * 17 * HORA) for n in range(6))
    )
    await cenario.run_until(CONSULTA_EM + 4 * DIA, step=3 * HORA)
    days = [moment[:5] for moment in when(cenario)]
    assert len(days) == len(set(days)) >= 4


async def test_booked_for_this_afternoon_is_asked_now_if_four_hours_remain(cenario: Cenario) -> None:
    await cenario.importar(
        make_agenda(1, data_consulta=cenario.relogio() + 5 * HORA),
        make_agenda(2, telefone="27998111222", data_consulta=cenario.relogio() + 3 * HORA),
    )
    await cenario.tick()
    assert len(cenario.texts()) == 1
    assert "hoje" in cenario.texts()[0]
    assert cenario.texts("27998111222") == []
    assert ("passo_pulado", "em_cima_da_hora") in await cenario.facts(2)


@pytest.mark.parametrize(
    "visita",
    [
        pytest.param({"data_consulta": local("2026-03-05", "00:00")}, id="without an hour"),
        pytest.param({"data_consulta": local("2026-03-01", "10:00")}, id="past"),
        pytest.param({"situacao_agenda": "cancelado"}, id="cancelled"),
        pytest.param({"situacao_agenda": "bloqueado"}, id="a blocked slot"),
        pytest.param({"telefone": "(27) 3333-4444"}, id="a landline"),
        pytest.param({"telefone": None}, id="no phone"),
        pytest.param({"telefone": "99999"}, id="rubbish"),
    ],
)
async def test_who_is_never_asked(cenario: Cenario, visita: dict[str, Any]) -> None:
    await cenario.importar(make_agenda(**visita))
    await cenario.run_until(CONSULTA_EM, step=12 * HORA)
    assert cenario.fake.log == []
    assert len(await cenario.rows("SELECT 1 FROM atendimentos")) == 1, "kept and shown all the same"


async def test_nobody_is_woken_and_a_sunday_stays_quiet(cenario: Cenario) -> None:
    cenario.relogio.now = local("2026-03-06", "20:30")  # Friday evening
    await cenario.importar(
        *(
            make_agenda(
                n,
                nome_paciente=f"P{n}",
                telefone=f"279981{n:05d}",
                data_consulta=local("2026-03-10", f"{8 + n:02d}:00"),
            )
            for n in range(8)
        )
    )
    await cenario.run_until(local("2026-03-10", "07:00"), step=2 * HORA)
    for moment in when(cenario):
        day, hour = moment.split()
        assert "08:00" <= hour < "20:00"
        assert day != "08/03", "Sunday"
        assert day != "07/03" or hour < "13:00"


async def test_hoje_and_amanha_come_from_the_clock_of_the_units_zone(cenario: Cenario) -> None:
    """08:30 in Manaus is 09:30 in São Paulo; the visit's hour is told as the unit's own clock shows it."""
    await cenario.execute(
        "INSERT INTO unidades (tenant_id, nome, zona) VALUES (:t, 'Ambulatório Central', 'America/Manaus')",
        t=cenario.tenant_id,
    )
    cenario.relogio.now = local("2026-03-04", "10:00")
    await cenario.importar(make_agenda(data_consulta=local("2026-03-05", "15:00")))
    await cenario.tick()
    assert "amanhã, 05/03, às 14:00" in cenario.texts()[0]


async def test_the_window_is_that_of_the_units_zone(cenario: Cenario) -> None:
    await cenario.execute(
        "INSERT INTO unidades (tenant_id, nome, zona) VALUES (:t, 'Ambulatório Central', 'America/Manaus')",
        t=cenario.tenant_id,
    )
    cenario.relogio.now = local("2026-03-04", "08:15")  # 07:15 in Manaus
    await cenario.importar(make_agenda())
    await cenario.tick()
    assert cenario.texts() == []
    await cenario.run_until(local("2026-03-04", "09:05"), step=timedelta(minutes=5))
    assert len(cenario.texts()) == 1


async def test_the_reminder_switch_leaves_only_the_question(cenario: Cenario) -> None:
    cenario.programa.scheduler._options = type(cenario.programa.scheduler._options)(enable_reminder_job=False)
    await cenario.importar(make_agenda())
    await cenario.run_until(CONSULTA_EM, step=4 * HORA)
    assert [passo for _, passo, _ in await cenario.messages()] == ["pedido"]


async def test_a_second_message_when_nobody_answers_within_twelve_hours(cenario: Cenario) -> None:
    await cenario.set_politica(passos="segunda_mensagem")
    await cenario.importar(make_agenda())
    await cenario.run_until(CONSULTA_EM, step=2 * HORA)
    assert [passo for _, passo, _ in await cenario.messages()][:2] == ["pedido", "segunda_12h"]


async def test_the_day_before_note_is_for_who_confirmed_and_only_once(cenario: Cenario) -> None:
    await cenario.set_politica(nota_vespera=True)
    await cenario.importar(make_agenda())
    await cenario.tick()
    await cenario.reply("1")
    await cenario.run_until(CONSULTA_EM - HORA, step=2 * HORA)
    assert [passo for _, passo, _ in await cenario.messages() if not passo.startswith("resposta")] == [
        "pedido",
        "nota_vespera",
    ]
    assert "responda *0*" in cenario.texts()[-1]
    assert (await cenario.reply("0"))["status"] == "CANCELADO"


async def test_a_message_expires_when_the_next_step_takes_over(cenario: Cenario) -> None:
    cenario.fake.options.outage = 503
    await cenario.importar(make_agenda())
    await cenario.run_until(CONSULTA_EM - 47 * HORA, step=HORA)
    cenario.fake.options.outage = None
    await cenario.run_until(CONSULTA_EM - 40 * HORA, step=HORA)
    rows = await cenario.messages()
    assert rows[0] == ("pedido", "pedido", "expirada")
    assert len(cenario.texts(FONE)) == 1
    assert ("mensagem_expirada", "expirou") in await cenario.facts()
