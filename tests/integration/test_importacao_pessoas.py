"""Phones and patients as an import finds, creates and corrects them; and that nothing personal stands in clear."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from app import crypto
from app.connectors.base import AtendimentoImportado
from app.database import Database
from app.domain.telefone import chave_telefone
from app.models import Atendimento, Contato, Paciente
from tests.integration.importacao_casos import facts, importar, make_agenda, rows, visit


@pytest.mark.parametrize(
    ("telefone", "telefone_2", "contato", "motivo"),
    [
        pytest.param("(27) 99812-3456", None, "+5527998123456", None, id="a mobile"),
        pytest.param("27 9812-3456", None, "+5527998123456", None, id="without its ninth digit"),
        pytest.param("(27) 3322-4455", "27 99812-3456", "+5527998123456", None, id="a landline, then a mobile"),
        pytest.param("lixo", "27 99812-3456", "+5527998123456", None, id="rubbish, then a mobile"),
        pytest.param("(27) 3322-4455", None, None, "telefone_fixo", id="a landline"),
        pytest.param("123", "(27) 3322-4455", None, "telefone_fixo", id="rubbish, then a landline"),
        pytest.param("+1 212 555 0123", None, None, "telefone_estrangeiro", id="abroad"),
        pytest.param(None, None, None, "sem_telefone", id="none"),
        pytest.param("", "", None, "sem_telefone", id="empty"),
        pytest.param("(20) 99812-3456", None, None, "ddd_inexistente", id="no such area"),
        pytest.param("9812", None, None, "curto", id="too short"),
        pytest.param("ligar para a vizinha", None, None, "texto", id="words"),
    ],
)
async def test_who_can_be_messaged(
    database: Database,
    hospital: int,
    now: datetime,
    *,
    telefone: str | None,
    telefone_2: str | None,
    contato: str | None,
    motivo: str | None,
) -> None:
    resultado = await importar(database, hospital, make_agenda(telefone=telefone, telefone_2=telefone_2), now=now)
    assert resultado.criados == 1
    async with database.session_scope(hospital) as session:
        found = (
            await session.execute(
                select(Contato.telefone, Atendimento.telefone_motivo, Atendimento.planejar_em)
                .select_from(Atendimento)
                .outerjoin(Contato, Contato.id == Atendimento.contato_id)
            )
        ).one()
    assert tuple(found) == (contato, motivo, now if contato else None)


async def test_an_unusable_phone_stays_readable_for_reception(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, make_agenda(telefone="ramal 12", telefone_2="(27) 3322-4455"), now=now)
    async with database.session_scope(hospital) as session:
        found = (await session.execute(select(Atendimento.telefone, Atendimento.telefone_2))).one()
    assert tuple(found) == ("ramal 12", "+552733224455")


async def test_a_contact_is_found_by_its_hashes(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, make_agenda(), now=now)
    finder = crypto.keyring().finder(hospital)
    [contato] = await rows(database, hospital, "SELECT * FROM contatos")
    assert contato["telefone_hash"] == finder.of("telefone", "+5527998123456")
    assert contato["chave_hash"] == finder.of("chave", chave_telefone("27 9812-3456"))
    assert contato["final4_hash"] == finder.of("final4", "3456")


async def test_a_mother_and_two_children_share_one_phone(database: Database, hospital: int, now: datetime) -> None:
    family = [
        make_agenda(nr_seq_agenda="1", id_paciente="m", nome_paciente="Rita Flores"),
        make_agenda(nr_seq_agenda="2", id_paciente="a", nome_paciente="Ana Flores", responsavel="Rita Flores"),
        make_agenda(nr_seq_agenda="3", id_paciente="b", nome_paciente="Beto Flores", responsavel="Rita Flores"),
    ]
    await importar(database, hospital, *family, now=now)
    counts = await rows(
        database,
        hospital,
        """SELECT (SELECT count(*) FROM pacientes) AS p, (SELECT count(*) FROM contatos) AS c,
                  (SELECT count(*) FROM pacientes_contatos) AS pc, count(DISTINCT contato_id) AS usados
           FROM atendimentos""",
    )
    assert tuple(counts[0].values()) == (3, 1, 3, 1)


_NASCIDA = date(1980, 5, 1)


@pytest.mark.parametrize(
    ("first", "second", "patients"),
    [
        pytest.param({"id_paciente": "1"}, {"id_paciente": "1", "nome_paciente": "Joaquina T"}, 1, id="one id"),
        pytest.param({"id_paciente": "1"}, {"id_paciente": "2"}, 2, id="two ids, one name and phone"),
        pytest.param(
            {"data_nascimento": _NASCIDA},
            {
                "data_nascimento": _NASCIDA,
                "telefone": "27 99700-0000",
                "nome_paciente": "JOAQUINA  TESTEMUNHA DE ARAUJO",
            },
            1,
            id="name and birth, another phone",
        ),
        pytest.param({"data_nascimento": _NASCIDA}, {"data_nascimento": date(2001, 1, 1)}, 2, id="namesakes"),
        pytest.param({}, {"telefone": "27 9812-3456"}, 1, id="name and phone, without its ninth digit"),
        pytest.param({}, {"telefone": "27 99700-0000"}, 2, id="one name, two phones"),
        pytest.param({"telefone": None}, {"telefone": None}, 2, id="a name alone is nobody"),
    ],
)
async def test_who_is_the_same_patient(
    database: Database,
    hospital: int,
    now: datetime,
    *,
    first: dict[str, object],
    second: dict[str, object],
    patients: int,
) -> None:
    agenda = [
        make_agenda(**{"id_paciente": None, "nr_seq_agenda": str(number), **changes})
        for number, changes in enumerate((first, second))
    ]
    await importar(database, hospital, *agenda, now=now)
    assert len(await rows(database, hospital, "SELECT id FROM pacientes")) == patients


async def test_a_corrected_name_is_found_by_its_words(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, make_agenda(responsavel="Zilda"), now=now)
    await importar(database, hospital, make_agenda(nome_paciente="Joaquina Assunção"), now=now)
    async with database.session_scope(hospital) as session:
        [paciente] = (await session.scalars(select(Paciente))).all()
    assert (paciente.nome, paciente.responsavel) == ("Joaquina Assunção", "Zilda")
    finder = crypto.keyring().finder(hospital)
    assert paciente.palavras == [finder.of("palavra", "joaquina"), finder.of("palavra", "assuncao")]
    [line] = await rows(database, hospital, "SELECT dados FROM historico WHERE fato = 'atualizado'")
    assert line["dados"]["campos"] == ["nome_paciente"]


async def test_another_phone_is_a_fact_and_a_reason_to_plan_again(
    database: Database, hospital: int, now: datetime
) -> None:
    await importar(database, hospital, make_agenda(), now=now)
    before = await visit(database, hospital)
    later = now + timedelta(hours=1)
    await importar(database, hospital, make_agenda(telefone="27 99700-0000"), now=later)
    found = await visit(database, hospital)
    assert found["contato_id"] != before["contato_id"]
    assert (found["planejar_em"], found["horario_versao"]) == (later, 1)
    assert (await facts(database, hospital))[1:] == ["atualizado", "contato_mudou"]


async def test_the_same_phone_written_otherwise_is_no_change(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, make_agenda(), now=now)
    assert (await importar(database, hospital, make_agenda(telefone="+55 27 9812 3456"), now=now)).inalterados == 1


async def test_a_phone_lost_stops_the_planning(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, make_agenda(), now=now)
    await importar(database, hospital, make_agenda(telefone=None), now=now)
    found = await visit(database, hospital)
    assert (found["contato_id"], found["telefone_motivo"], found["planejar_em"]) == (None, "sem_telefone", None)


async def test_what_a_person_there_said_about_a_phone_stays(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, make_agenda(), now=now)
    await rows(database, hospital, "UPDATE pacientes_contatos SET numero_errado_em = now() RETURNING 1")
    await importar(database, hospital, make_agenda(nr_seq_agenda="2"), now=now)
    [pair] = await rows(database, hospital, "SELECT numero_errado_em FROM pacientes_contatos")
    assert pair["numero_errado_em"] is not None


async def test_a_unit_is_created_once_and_stays_as_edited(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, make_agenda(), now=now)
    await rows(
        database,
        hospital,
        "UPDATE unidades SET nome_publico = 'Ambulatório', zona = 'America/Manaus' RETURNING 1",
    )
    at_night = datetime.fromisoformat("2026-03-12T03:30:00+00:00")  # still the 11th in Manaus, the 12th in São Paulo
    await importar(database, hospital, make_agenda(nr_seq_agenda="2", data_consulta=at_night), now=now)
    [unit] = await rows(database, hospital, "SELECT nome_publico, zona FROM unidades")
    assert tuple(unit.values()) == ("Ambulatório", "America/Manaus")
    assert (await visit(database, hospital, "2"))["dia"] == date(2026, 3, 11)


_SEEDED = AtendimentoImportado(
    nr_seq_agenda="5551",
    nome_paciente="Quitéria Xisto Zabumba",
    nome_medico="Dra. Helena Prado",
    especialidade="Cardiologia",
    data_consulta=make_agenda().data_consulta,
    linha=2,
    data_nascimento=date(1931, 11, 23),
    telefone="27 99664-1789",
    telefone_2="ramal 4821-zabumba",
    responsavel="Filomena Quixaba",
    email="xisto.zabumba@exemplo.org",
    observacoes="prefere ser chamada de Quita",
)
_TRACES = (
    "Quitéria", "Xisto", "Zabumba", "zabumba", "quiteria", "Filomena", "Quixaba", "99664", "6641789", "996641789",
    "4821-", "1931-11-23", "xisto.", "exemplo.org", "Quita",
)  # fmt: skip


async def test_no_name_or_phone_stands_in_the_tables_in_clear(database: Database, hospital: int, now: datetime) -> None:
    await importar(database, hospital, _SEEDED, now=now)
    tables = await rows(
        database,
        hospital,
        """SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = 'SantaCasa' AND c.relkind IN ('r', 'p') AND NOT c.relispartition""",
    )
    lines = [
        row["line"]
        for table in tables
        for row in await rows(database, hospital, f"SELECT t::text AS line FROM {table['name']} t")  # noqa: S608
    ]
    dumped = "\n".join(lines)
    assert "5551" in dumped  # the dump does hold the booking
    forms = [form for trace in _TRACES for form in (trace, trace.encode().hex(), trace.encode("latin-1").hex())]
    assert [form for form in forms if form in dumped] == []
