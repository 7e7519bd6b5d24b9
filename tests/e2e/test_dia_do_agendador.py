"""Two days of the scheduler, quarter of an hour by quarter of an hour, judged from what reached the phones."""

from collections import Counter
from datetime import datetime, time, timedelta

from app.domain.confirmacao import SituacaoAgenda
from tests.cenario import Cenario
from tests.fabricas import ZONA, local, make_agenda

HORA = timedelta(hours=1)
QUARTO = timedelta(minutes=15)
PERGUNTA = "Você vem"


def fone(n: int) -> str:
    return f"279981{n:05d}"


def deliveries(cenario: Cenario) -> list[tuple[str, datetime, str]]:
    return [
        (row["telefone_informado"][-11:], datetime.fromisoformat(row["em"]).astimezone(ZONA), row["texto"])
        for row in cenario.fake.log
        if row["entregue"] and row["tipo"] == "text"
    ]


async def test_from_friday_to_monday_every_patient_is_asked_in_time_and_never_twice_a_day(cenario: Cenario) -> None:
    cenario.relogio.now = local("2026-02-27", "06:00")  # Friday
    days = ("2026-02-28", "2026-03-02", "2026-03-03")
    linhas = [
        make_agenda(
            n,
            nome_paciente=f"Paciente {n}",
            telefone=fone(n % 20),
            data_consulta=local(days[n % 3], f"{8 + n % 10:02d}:{n % 4 * 15:02d}"),
        )
        for n in range(1, 41)
    ]
    await cenario.importar(*linhas)
    while cenario.relogio.now < local("2026-03-03", "08:00"):
        await cenario.tick()
        night = not time(7) <= cenario.relogio.now.astimezone(ZONA).time() < time(21)
        cenario.relogio.now += 2 * HORA if night else QUARTO
        if cenario.relogio.now == local("2026-02-27", "12:00"):
            for n in (1, 2, 3):
                await cenario.reply("1", fone=fone(n))
            await cenario.importar(make_agenda(4, situacao_agenda=SituacaoAgenda.CANCELADO, telefone=fone(4)))
    own = [(who, em, texto) for who, em, texto in deliveries(cenario) if PERGUNTA in texto or "cancelar" in texto]
    assert own
    per_day = Counter((who, em.date()) for who, em, _ in own)
    assert max(per_day.values()) == 1, per_day.most_common(3)
    for _, em, _ in own:
        assert time(8) <= em.time() < time(20), em
        if em.weekday() == 5:
            assert em.time() < time(13), em
    asked = {who for who, _, texto in own if PERGUNTA in texto}
    assert len(asked) == 20, "every phone was asked"
    unanswered = await cenario.rows("SELECT count(*) AS n FROM atendimentos WHERE status_confirmacao = 'pendente'")
    assert unanswered[0]["n"] == 0


async def test_the_entries_note_how_they_went_and_one_hospitals_failure_is_its_own(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.programa.scheduler.run_all()
    rows = await cenario.rows("SELECT nome, resultado FROM execucoes")
    assert {row["nome"] for row in rows} >= {"planejar", "cortes", "expirar", "resgatar", "duvidas", "entrada_pendente"}
    assert all(row["resultado"].startswith("ok") for row in rows)


async def test_many_runs_in_one_minute_are_one(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    for _ in range(5):
        await cenario.tick()
    assert len(cenario.texts()) == 1
