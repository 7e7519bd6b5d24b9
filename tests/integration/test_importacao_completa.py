"""A file that says it holds a whole day: what it does not name was cancelled, unless the file cannot be trusted so."""

from datetime import datetime, timedelta

import pytest

from app.connectors.base import AtendimentoImportado, LinhaRejeitada
from app.database import Database
from tests.integration.importacao_casos import CONSULTA_EM, DIA, facts, importar, make_agenda, rows, set_status, visit


def make_day(*numeros: str, **changes: object) -> list[AtendimentoImportado]:
    return [make_agenda(nr_seq_agenda=numero, id_paciente=numero, **changes) for numero in numeros]


async def situacoes(database: Database, tenant_id: int) -> dict[str, str]:
    found = await rows(database, tenant_id, "SELECT nr_seq_agenda, situacao_agenda FROM atendimentos ORDER BY 1")
    return {row["nr_seq_agenda"]: row["situacao_agenda"] for row in found}


async def test_absence_alone_cancels_nothing(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, *make_day("1", "2"), now=now)
    await importar(database, hospital, *make_day("1"), now=now)
    assert await situacoes(database, hospital) == {"1": "agendado", "2": "agendado"}


async def test_a_complete_day_cancels_what_it_does_not_name(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, *make_day("1", "2", "3"), now=now)
    await set_status(database, hospital, "confirmado")
    resultado = await importar(database, hospital, *make_day("1"), now=now, completo=DIA)
    assert resultado.cancelados_por_ausencia == 2
    assert await situacoes(database, hospital) == {"1": "agendado", "2": "cancelado", "3": "cancelado"}
    found = await visit(database, hospital, "2")
    assert (found["status_confirmacao"], found["planejar_em"], found["corte_em"]) == ("confirmado", None, None)
    [line] = await rows(
        database,
        hospital,
        "SELECT * FROM historico WHERE fato = 'hospital_cancelou' AND atendimento_id = :a",
        a=found["id"],
    )
    assert line["porque"] == "ausente_em_carga_completa"


async def test_the_same_complete_file_again_cancels_nothing_more(
    database: Database, hospital: int, now: datetime
) -> None:
    await importar(database, hospital, *make_day("1", "2"), now=now)
    await importar(database, hospital, *make_day("1"), now=now, completo=DIA)
    again = await importar(database, hospital, *make_day("1"), now=now, completo=DIA)
    assert (again.inalterados, again.cancelados_por_ausencia) == (1, 0)


async def test_what_reappears_is_asked_anew(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, *make_day("1", "2"), now=now)
    await importar(database, hospital, *make_day("1"), now=now, completo=DIA)
    resultado = await importar(database, hospital, *make_day("1", "2"), now=now, completo=DIA)
    found = await visit(database, hospital, "2")
    assert resultado.atualizados == 1
    assert (found["situacao_agenda"], found["planejar_em"]) == ("agendado", now)
    assert (await facts(database, hospital, "2"))[-1] == "hospital_reativou"


async def test_other_days_origins_and_hospitals_are_left_alone(
    database: Database, hospital: int, outro_hospital: int, now: datetime
) -> None:
    await importar(database, hospital, *make_day("1"), now=now)
    await importar(database, hospital, *make_day("2", data_consulta=CONSULTA_EM + timedelta(days=1)), now=now)
    await importar(database, hospital, *make_day("3"), now=now, origem="laboratorio")
    await importar(database, outro_hospital, *make_day("4"), now=now)
    resultado = await importar(database, hospital, *make_day("5"), now=now, completo=DIA)
    assert resultado.cancelados_por_ausencia == 1
    assert await situacoes(database, hospital) == {
        "1": "cancelado",
        "2": "agendado",
        "3": "agendado",
        "5": "agendado",
    }
    assert await situacoes(database, outro_hospital) == {"4": "agendado"}


async def test_the_day_is_the_units_own(database: Database, hospital: int, now: datetime) -> None:
    late = datetime.fromisoformat("2026-03-11T01:30:00+00:00")  # 22:30 of the 10th in São Paulo
    await importar(database, hospital, *make_day("1", data_consulta=late), now=now)
    await importar(database, hospital, *make_day("2"), now=now, completo=DIA)
    assert (await situacoes(database, hospital))["1"] == "cancelado"


async def test_a_moved_booking_is_not_absent(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, *make_day("1", "2"), now=now)
    moved = make_day("2", data_consulta=CONSULTA_EM + timedelta(days=3))
    await importar(database, hospital, *make_day("1"), *moved, now=now, completo=DIA)
    assert await situacoes(database, hospital) == {"1": "agendado", "2": "agendado"}


async def test_a_refused_row_that_names_its_booking_protects_it(
    database: Database, hospital: int, now: datetime
) -> None:
    await importar(database, hospital, *make_day("1", "2", "3"), now=now)
    bad = make_day("2", data_consulta=now + timedelta(days=9000))
    resultado = await importar(database, hospital, *make_day("1"), *bad, now=now, completo=DIA)
    assert (resultado.rejeitados, resultado.completo_recusado) == (1, None)
    assert await situacoes(database, hospital) == {"1": "agendado", "2": "agendado", "3": "cancelado"}


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        pytest.param(
            [*make_day("1"), LinhaRejeitada(3, None, "aspas_abertas", "A linha abre aspas e não fecha.")],
            "1 linha(s) rejeitada(s)",
            id="a refused row could be anybody",
        ),
        pytest.param(
            make_day("9", data_consulta=CONSULTA_EM + timedelta(days=1)), "10/03/2026", id="not one row of that day"
        ),
        pytest.param([], "10/03/2026", id="an empty file"),
    ],
)
async def test_a_file_that_proves_nothing_cancels_nothing(
    database: Database,
    hospital: int,
    now: datetime,
    *,
    extra: list[AtendimentoImportado | LinhaRejeitada],
    said: str,
) -> None:
    await importar(database, hospital, *make_day("1", "2"), now=now)
    resultado = await importar(database, hospital, *extra, now=now, completo=DIA)
    assert resultado.cancelados_por_ausencia == 0
    assert said in (resultado.completo_recusado or "")
    assert (await situacoes(database, hospital))["2"] == "agendado"
