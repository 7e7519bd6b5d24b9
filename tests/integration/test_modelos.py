"""What the tables refuse by themselves, whoever writes; and that models and migrations tell the same story."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from app.database import Database
from app.embedded import ServerAddress
from app.models import SCHEMA, Atendimento, Base, Contato, Mensagem, Paciente, Recebida, StatusConfirmacao
from tests.conftest import owner_url

CONSULTA_EM = datetime(2026, 3, 10, 17, 30, tzinfo=UTC)


async def add(session: AsyncSession, model: type[DeclarativeBase], **values: Any) -> int:
    key = model.__table__.c.id
    return int((await session.execute(insert(model).values(**values).returning(key))).scalar_one())


async def refuses(
    database: Database, tenant_id: int, constraint: str, store: Callable[[AsyncSession], Awaitable[object]]
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        async with database.session_scope(tenant_id) as session:
            await store(session)


async def add_paciente(session: AsyncSession, tenant_id: int, chave: bytes = b"p") -> int:
    return await add(session, Paciente, tenant_id=tenant_id, chave=chave, nome="Joana", palavras=[])


async def add_contato(session: AsyncSession, tenant_id: int) -> int:
    hashes = {"telefone_hash": b"t", "chave_hash": b"c", "final4_hash": b"f"}
    return await add(session, Contato, tenant_id=tenant_id, telefone="+5527998123456", tipo="celular", **hashes)


async def add_atendimento(session: AsyncSession, tenant_id: int, paciente_id: int, **changes: Any) -> int:
    values = {
        "nr_seq_agenda": "1",
        "origem": "hospital",
        "nome_medico": "Dra. Helena",
        "especialidade": "Cardiologia",
        "data_consulta": CONSULTA_EM,
        "dia": CONSULTA_EM.date(),
    }
    return await add(session, Atendimento, tenant_id=tenant_id, paciente_id=paciente_id, **(values | changes))


async def add_mensagem(session: AsyncSession, tenant_id: int, contato_id: int, **changes: Any) -> int:
    values = {"tipo": "pedido", "passo": "72h", "modelo": "pedido", "dia": CONSULTA_EM.date()}
    times = {"quando": CONSULTA_EM, "ate": CONSULTA_EM}
    return await add(session, Mensagem, tenant_id=tenant_id, contato_id=contato_id, **(values | times | changes))


async def test_a_booking_is_born_pending(database: Database, hospital: int) -> None:
    async with database.session_scope(hospital) as session:
        atendimento_id = await add_atendimento(session, hospital, await add_paciente(session, hospital))
        found = await session.get_one(Atendimento, atendimento_id)
    assert (found.status_confirmacao, found.situacao_agenda, found.tipo) == ("pendente", "agendado", "consulta")
    assert (found.horario_versao, found.versao) == (1, 1)


@pytest.mark.parametrize("status", list(StatusConfirmacao))
async def test_every_status_of_the_table_of_states_can_be_stored(
    database: Database, hospital: int, status: StatusConfirmacao
) -> None:
    async with database.session_scope(hospital) as session:
        await add_atendimento(session, hospital, await add_paciente(session, hospital), status_confirmacao=status)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        pytest.param({"status_confirmacao": "talvez"}, "atendimentos_status_confirmacao", id="a status nobody knows"),
        pytest.param({"situacao_agenda": "sumiu"}, "atendimentos_situacao_agenda", id="a situation nobody knows"),
        pytest.param({"tipo": "passeio"}, "atendimentos_tipo", id="a kind nobody knows"),
        pytest.param({"duracao_min": 0}, "atendimentos_duracao_min", id="a visit of no minutes"),
        pytest.param({"nome_medico": None}, "nome_medico", id="no doctor"),
        pytest.param({"data_consulta": None}, "data_consulta", id="no time"),
        pytest.param({"nr_seq_agenda": None}, "nr_seq_agenda", id="no number"),
        pytest.param({"paciente_id": 0}, "atendimentos_tenant_id_paciente_id_fkey", id="a patient who is not there"),
        pytest.param({"contato_id": 0}, "atendimentos_tenant_id_contato_id_fkey", id="a contact that is not there"),
        pytest.param({"unidade_id": 0}, "atendimentos_tenant_id_unidade_id_fkey", id="a unit that is not there"),
    ],
)
async def test_a_booking_that_is_refused(
    database: Database, hospital: int, changes: dict[str, Any], constraint: str
) -> None:
    async def store(session: AsyncSession) -> None:
        values = {"paciente_id": await add_paciente(session, hospital)} | changes
        await add_atendimento(session, hospital, values.pop("paciente_id"), **values)

    await refuses(database, hospital, constraint, store)


async def test_one_booking_twice_is_refused(database: Database, hospital: int) -> None:
    async def twice(session: AsyncSession) -> None:
        paciente_id = await add_paciente(session, hospital)
        await add_atendimento(session, hospital, paciente_id)
        await add_atendimento(session, hospital, paciente_id)

    await refuses(database, hospital, "atendimentos_tenant_id_origem_nr_seq_agenda_key", twice)


async def test_one_number_of_two_origins_is_two_bookings(database: Database, hospital: int) -> None:
    async with database.session_scope(hospital) as session:
        paciente_id = await add_paciente(session, hospital)
        first = await add_atendimento(session, hospital, paciente_id)
        assert await add_atendimento(session, hospital, paciente_id, origem="laboratorio") != first


async def test_another_hospitals_patient_is_refused(database: Database, hospital: int, outro_hospital: int) -> None:
    async with database.session_scope(outro_hospital) as session:
        stranger = await add_paciente(session, outro_hospital)
    await refuses(
        database,
        hospital,
        "atendimentos_tenant_id_paciente_id_fkey",
        lambda session: add_atendimento(session, hospital, stranger),
    )


async def test_another_hospitals_contact_is_refused(database: Database, hospital: int, outro_hospital: int) -> None:
    async with database.session_scope(outro_hospital) as session:
        stranger = await add_contato(session, outro_hospital)
    await refuses(
        database,
        hospital,
        "mensagens_tenant_id_contato_id_fkey",
        lambda session: add_mensagem(session, hospital, stranger),
    )


@pytest.mark.parametrize(
    ("add_one", "constraint"),
    [
        pytest.param(add_contato, "contatos_tenant_id_telefone_hash_key", id="a phone"),
        pytest.param(add_paciente, "pacientes_tenant_id_chave_key", id="a patient"),
    ],
)
async def test_what_is_one_row(
    database: Database, hospital: int, add_one: Callable[[AsyncSession, int], Awaitable[int]], constraint: str
) -> None:
    async def twice(session: AsyncSession) -> None:
        await add_one(session, hospital)
        await add_one(session, hospital)

    await refuses(database, hospital, constraint, twice)


async def test_one_step_for_one_contact_and_day_is_one_message(database: Database, hospital: int) -> None:
    async def twice(session: AsyncSession) -> None:
        contato_id = await add_contato(session, hospital)
        await add_mensagem(session, hospital, contato_id)
        await add_mensagem(session, hospital, contato_id)

    await refuses(database, hospital, "tenant_id_contato_id_dia_passo_versao", twice)


async def test_a_message_in_a_state_nobody_knows_is_refused(database: Database, hospital: int) -> None:
    async def store(session: AsyncSession) -> None:
        await add_mensagem(session, hospital, await add_contato(session, hospital), estado="perdida")

    await refuses(database, hospital, "mensagens_estado", store)


async def test_one_event_twice_is_refused(database: Database, hospital: int) -> None:
    values = {"tenant_id": hospital, "event_key": "m-1", "tipo": "resposta", "recebida_em": CONSULTA_EM}

    async def twice(session: AsyncSession) -> None:
        await add(session, Recebida, **values)
        await add(session, Recebida, **values)

    await refuses(database, hospital, "recebidas_tenant_id_event_key_key", twice)


async def test_what_is_encrypted_reads_back_and_stands_as_bytes(database: Database, hospital: int) -> None:
    async with database.session_scope(hospital) as session:
        paciente_id = await add_paciente(session, hospital)
        stored = await session.scalar(text("SELECT nome FROM pacientes WHERE id = :i"), {"i": paciente_id})
        assert (await session.get_one(Paciente, paciente_id)).nome == "Joana"
    assert isinstance(stored, bytes)
    assert b"Joana" not in stored


async def test_a_month_is_created_once_and_holds_its_rows(database: Database, hospital: int) -> None:
    june, july = date(2031, 6, 1), date(2031, 7, 31)
    async with database.session_scope(hospital) as session:
        months = text("SELECT garantir_particoes(:de, :ate)")
        assert await session.scalar(months, {"de": june, "ate": july}) == 4
        assert await session.scalar(months, {"de": june, "ate": july}) == 0
        contato_id = await add_contato(session, hospital)
        await add_mensagem(session, hospital, contato_id, dia=date(2031, 6, 15))
        assert (await session.scalars(text("SELECT tableoid::regclass::text FROM mensagens"))).all() == [
            "mensagens_2031_06"
        ]


async def test_centuries_of_months_are_refused(database: Database, hospital: int) -> None:
    with pytest.raises(DBAPIError, match="more than ten years"):
        async with database.session_scope(hospital) as session:
            await session.execute(text("SELECT garantir_particoes('2000-01-01', '2031-01-01')"))


def _differences(connection: Connection) -> list[Any]:
    partitions = {
        name
        for (name,) in connection.execute(
            text("SELECT relname FROM pg_class WHERE relispartition AND relkind IN ('r', 'i')")
        )
    }
    queue = ("pgqueuer", "alembic_version")

    def is_ours(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "schema":
            return name == SCHEMA
        table = parents.get("table_name") or name
        return table not in partitions and not str(table).startswith(queue)

    context = MigrationContext.configure(
        connection, opts={"include_schemas": True, "include_name": is_ours, "compare_server_default": False}
    )
    return list(compare_metadata(context, Base.metadata))


async def test_the_models_are_what_the_migrations_make(database: Database, address: ServerAddress) -> None:
    del database  # migrated by now
    engine = create_async_engine(owner_url(address))
    try:
        async with engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
    finally:
        await engine.dispose()
