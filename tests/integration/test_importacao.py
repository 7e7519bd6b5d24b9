"""What a schedule becomes in the tables: created, repeated, moved, cancelled, back again."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from app.connectors.base import AtendimentoImportado, Aviso, LinhaRejeitada
from app.database import Database
from app.domain.confirmacao import SituacaoAgenda
from tests.integration.importacao_casos import (
    CONSULTA_EM,
    DIA,
    everything,
    facts,
    importar,
    make_agenda,
    rows,
    set_status,
    visit,
)

CANCELADO = SituacaoAgenda.CANCELADO


async def test_a_new_booking_waits_for_the_planner(database: Database, hospital: int, now: datetime) -> None:
    resultado = await importar(database, hospital, make_agenda(), now=now)
    found = await visit(database, hospital)
    assert (resultado.criados, resultado.ids) == (1, {"1001": found["id"]})
    assert (found["status_confirmacao"], found["dia"], found["planejar_em"]) == ("pendente", DIA, now)
    assert found["criado_em"] == found["horario_em"] == now
    assert await facts(database, hospital) == ["importado"]


async def test_the_planner_first_looks_before_any_step_a_policy_may_have(
    database: Database, hospital: int, now: datetime
) -> None:
    quando = now + timedelta(days=90)
    await importar(database, hospital, make_agenda(data_consulta=quando), now=now)
    first_look = (await visit(database, hospital))["planejar_em"]
    assert first_look is not None
    assert now < first_look < quando - timedelta(days=30)


async def test_the_same_file_again_changes_nothing(database: Database, hospital: int, now: datetime) -> None:
    agenda = [make_agenda(nr_seq_agenda=str(n), id_paciente=str(n % 3), linha=n) for n in range(1, 9)]
    await importar(database, hospital, *agenda, now=now)
    before = await everything(database, hospital)
    resultado = await importar(database, hospital, *agenda, now=now + timedelta(hours=1))
    assert (resultado.criados, resultado.atualizados, resultado.inalterados) == (0, 0, 8)
    assert await everything(database, hospital) == before


async def test_a_visit_of_the_past_is_kept_and_never_planned(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, make_agenda(data_consulta=now - timedelta(days=2)), now=now)
    assert (await visit(database, hospital))["planejar_em"] is None


@pytest.mark.parametrize("situacao", [s for s in SituacaoAgenda if s is not SituacaoAgenda.AGENDADO])
async def test_only_a_live_booking_is_planned(
    database: Database, hospital: int, now: datetime, situacao: SituacaoAgenda
) -> None:
    await importar(database, hospital, make_agenda(situacao_agenda=situacao), now=now)
    found = await visit(database, hospital)
    assert (found["situacao_agenda"], found["planejar_em"]) == (situacao, None)


async def test_a_new_time_starts_over(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, make_agenda(), now=now)
    await set_status(database, hospital, "confirmado")
    later = now + timedelta(hours=1)
    await importar(database, hospital, make_agenda(data_consulta=CONSULTA_EM + timedelta(days=2)), now=later)
    found = await visit(database, hospital)
    assert (found["status_confirmacao"], found["horario_versao"]) == ("pendente", 2)
    assert (found["planejar_em"], found["corte_em"], found["horario_em"]) == (later, None, later)
    assert found["dia"] == DIA + timedelta(days=2)
    assert await facts(database, hospital) == ["importado", "atualizado", "horario_mudou"]


async def test_the_history_names_changed_fields_and_never_what_they_hold(
    database: Database, hospital: int, now: datetime
) -> None:
    await importar(database, hospital, make_agenda(), now=now)
    await importar(database, hospital, make_agenda(nome_medico="Dr. Outro", observacoes="usa cadeira"), now=now)
    [line] = await rows(database, hospital, "SELECT dados FROM historico WHERE fato = 'atualizado'")
    assert line["dados"] == {"campos": ["nome_medico", "observacoes"]}


async def test_another_field_leaves_answer_and_plan_alone(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, make_agenda(), now=now)
    await set_status(database, hospital, "confirmado")
    resultado = await importar(database, hospital, make_agenda(sala="12"), now=now + timedelta(hours=1))
    found = await visit(database, hospital)
    assert resultado.atualizados == 1
    assert (found["status_confirmacao"], found["horario_versao"], found["planejar_em"]) == ("confirmado", 1, now)
    assert (found["sala"], found["versao"]) == ("12", 2)


async def test_a_cancelled_booking_keeps_its_answer_and_is_never_planned(
    database: Database, hospital: int, now: datetime
) -> None:
    await importar(database, hospital, make_agenda(), now=now)
    await set_status(database, hospital, "confirmado")
    await importar(database, hospital, make_agenda(situacao_agenda=CANCELADO), now=now)
    found = await visit(database, hospital)
    assert (found["situacao_agenda"], found["status_confirmacao"]) == ("cancelado", "confirmado")
    assert (found["planejar_em"], found["corte_em"]) == (None, None)
    assert await facts(database, hospital) == ["importado", "atualizado", "hospital_cancelou"]


async def test_a_booking_that_returns_is_asked_anew(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, make_agenda(), now=now)
    await set_status(database, hospital, "confirmado")
    await importar(database, hospital, make_agenda(situacao_agenda=CANCELADO), now=now)
    later = now + timedelta(hours=2)
    await importar(database, hospital, make_agenda(), now=later)
    found = await visit(database, hospital)
    assert (found["situacao_agenda"], found["status_confirmacao"]) == ("agendado", "pendente")
    assert found["planejar_em"] == later
    assert found["horario_versao"] > 1
    assert (await facts(database, hospital))[-1] == "hospital_reativou"


async def test_a_check_in_undone_keeps_the_answer(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, make_agenda(), now=now)
    await set_status(database, hospital, "confirmado")
    await importar(database, hospital, make_agenda(situacao_agenda=SituacaoAgenda.PRESENTE), now=now)
    assert (await visit(database, hospital))["planejar_em"] is None
    await importar(database, hospital, make_agenda(), now=now)
    found = await visit(database, hospital)
    assert (found["status_confirmacao"], found["planejar_em"]) == ("confirmado", now)


async def test_versions_in_any_order_end_in_the_same_state(
    database: Database, hospital: int, outro_hospital: int, now: datetime
) -> None:
    v1 = make_agenda(origem_versao=now)
    v2 = make_agenda(origem_versao=now + timedelta(minutes=1), data_consulta=CONSULTA_EM + timedelta(hours=3))
    v3 = make_agenda(origem_versao=now + timedelta(minutes=2), situacao_agenda=CANCELADO)
    v4 = make_agenda(origem_versao=now + timedelta(minutes=3), situacao_agenda=CANCELADO)
    endings = set()
    for position, order in enumerate(itertools.permutations([v1, v2, v3, v4])):
        tenant_id, origem = (hospital, outro_hospital)[position % 2], f"ordem-{position}"
        for record in order:
            await importar(database, tenant_id, record, now=now, origem=origem)
        [end] = await rows(
            database,
            tenant_id,
            """SELECT situacao_agenda, data_consulta, status_confirmacao, versao_origem
               FROM atendimentos WHERE origem = :o""",
            o=origem,
        )
        endings.add(tuple(end.values()))
    assert endings == {("cancelado", CONSULTA_EM, "pendente", v4.origem_versao)}


async def test_old_news_never_revives_a_cancelled_booking(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, make_agenda(situacao_agenda=CANCELADO, origem_versao=now), now=now)
    resultado = await importar(database, hospital, make_agenda(origem_versao=now - timedelta(hours=1)), now=now)
    assert resultado.inalterados == 1
    assert (await visit(database, hospital))["situacao_agenda"] == "cancelado"


@pytest.mark.parametrize(
    ("versoes", "kept"),
    [
        pytest.param((None, None), "segunda", id="without versions the last line"),
        pytest.param((2, 1), "primeira", id="the newer version, wherever it stands"),
        pytest.param((1, 2), "segunda", id="the newer version, at the end"),
    ],
)
async def test_a_number_twice_in_one_file(
    database: Database, hospital: int, now: datetime, *, versoes: tuple[int | None, int | None], kept: str
) -> None:
    first, second = (v and now + timedelta(minutes=v) for v in versoes)
    agenda = [
        make_agenda(sala="primeira", origem_versao=first),
        *(make_agenda(nr_seq_agenda=f"x{n}") for n in range(5)),  # another batch lies between them
        make_agenda(sala="segunda", origem_versao=second, linha=9),
    ]
    resultado = await importar(database, hospital, *agenda, now=now)
    assert (resultado.criados, resultado.avisos, resultado.avisadas[0].motivo) == (6, 1, "id_repetido")
    assert (await visit(database, hospital))["sala"] == kept
    assert (await importar(database, hospital, *agenda, now=now)).inalterados == 6


async def test_two_hospitals_with_one_number_do_not_meet(
    database: Database, hospital: int, outro_hospital: int, now: datetime
) -> None:
    await importar(database, hospital, make_agenda(), now=now)
    resultado = await importar(database, outro_hospital, make_agenda(situacao_agenda=CANCELADO), now=now)
    assert resultado.criados == 1
    assert (await visit(database, hospital))["situacao_agenda"] == "agendado"
    mine, other = (
        await rows(database, hospital, "SELECT * FROM contatos"),
        await rows(database, outro_hospital, "SELECT * FROM contatos"),
    )
    assert len(mine) == len(other) == 1
    assert mine[0]["telefone_hash"] != other[0]["telefone_hash"]


async def test_two_origins_of_one_hospital_keep_their_own_numbers(
    database: Database, hospital: int, now: datetime
) -> None:
    await importar(database, hospital, make_agenda(), now=now, origem="tasy")
    assert (await importar(database, hospital, make_agenda(), now=now, origem="planilha")).criados == 1


@pytest.mark.parametrize(
    ("quando", "motivo"),
    [
        pytest.param(datetime(1999, 12, 31, tzinfo=UTC), "data_absurda", id="before computers agreed"),
        pytest.param(datetime(2036, 1, 1, tzinfo=UTC), "data_absurda", id="in ten years"),
    ],
)
async def test_an_absurd_date_is_refused_alone(
    database: Database, hospital: int, now: datetime, *, quando: datetime, motivo: str
) -> None:
    handed: list[LinhaRejeitada] = []
    resultado = await importar(
        database,
        hospital,
        make_agenda(nr_seq_agenda="ruim", data_consulta=quando, linha=3),
        make_agenda(),
        now=now,
        rejeitar=handed.append,
    )
    assert (resultado.criados, resultado.rejeitados) == (1, 1)
    assert [(linha.linha, linha.coluna, linha.motivo) for linha in handed] == [(3, "data_consulta", motivo)]


@pytest.mark.parametrize(
    "bad",
    [
        make_agenda(nome_medico="nulo\0"),
        make_agenda(preparo="\ud800"),
        make_agenda(duracao_min=0),
        make_agenda(chegar_antes_min=-1),
        make_agenda(nome_paciente=""),
    ],
    ids=["null character", "half a surrogate", "no minutes", "negative minutes", "no name"],
)
async def test_what_cannot_be_stored_does_not_take_its_batch_with_it(
    database: Database, hospital: int, now: datetime, bad: AtendimentoImportado
) -> None:
    resultado = await importar(database, hospital, bad, make_agenda(nr_seq_agenda="2"), now=now)
    assert (resultado.criados, resultado.rejeitados) == (1, 1)


async def test_what_the_source_refused_or_warned_of_is_counted(
    database: Database, hospital: int, now: datetime
) -> None:
    resultado = await importar(
        database,
        hospital,
        LinhaRejeitada(2, "data_consulta", "sem_hora", "A consulta está sem horário."),
        Aviso(3, "telefone", "telefone_fixo", "Telefone fixo."),
        make_agenda(),
        now=now,
        arquivo_sha256="ab" * 32,
    )
    assert (resultado.rejeitados, resultado.avisos) == (1, 1)
    [record] = await rows(database, hospital, "SELECT * FROM importacoes")
    assert record["contagens"] == {**resultado.contagens, "terminou": True}
    assert (record["origem"], record["arquivo_sha256"], record["em"]) == ("hospital", "ab" * 32, now)


async def test_a_failed_batch_leaves_the_earlier_ones(database: Database, hospital: int, now: datetime) -> None:
    class Stopped(Exception):  # noqa: N818
        pass

    def stop(stored: int) -> None:
        if stored >= 6:
            raise Stopped

    agenda = [make_agenda(nr_seq_agenda=str(n)) for n in range(9)]
    with pytest.raises(Stopped):
        await importar(database, hospital, *agenda, now=now, progress=stop)
    [record] = await rows(database, hospital, "SELECT contagens FROM importacoes")
    assert (record["contagens"]["criados"], record["contagens"]["terminou"]) == (6, False)
    resumed = await importar(database, hospital, *agenda, now=now)
    assert (resumed.criados, resumed.inalterados) == (3, 6)


async def test_progress_counts_what_is_stored(database: Database, hospital: int, now: datetime) -> None:
    heard: list[int] = []
    agenda = [make_agenda(nr_seq_agenda=str(n)) for n in range(7)]
    await importar(database, hospital, *agenda, now=now, progress=heard.append)
    assert heard == [3, 6, 7]


async def test_an_empty_schedule_is_no_error(database: Database, hospital: int, now: datetime) -> None:
    assert (await importar(database, hospital, now=now)).contagens["criados"] == 0
