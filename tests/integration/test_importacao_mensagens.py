"""What an import does to messages: withdrawn when no longer wanted, and who was messaged hears of it once."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from app.connectors.base import AtendimentoImportado
from app.database import Database
from app.domain.confirmacao import SituacaoAgenda
from tests.integration.importacao_casos import CONSULTA_EM, importar, make_agenda, rows

_ADD = """
WITH m AS (
    INSERT INTO mensagens (tenant_id, contato_id, dia, tipo, passo, modelo, quando, ate, estado, enviada_em)
    SELECT tenant_id, contato_id, dia, 'pedido', '72h', 'pedido', :now, data_consulta, :estado, :now FROM atendimentos
    RETURNING id, dia, tenant_id)
INSERT INTO mensagens_atendimentos (tenant_id, atendimento_id, mensagem_id, dia, letra, passo, horario_versao)
SELECT m.tenant_id, a.id, m.id, m.dia, 'A', '72h', a.horario_versao FROM m JOIN atendimentos a USING (tenant_id)"""

_MOVED = make_agenda(data_consulta=CONSULTA_EM + timedelta(days=1))
_CANCELLED = make_agenda(situacao_agenda=SituacaoAgenda.CANCELADO)
_ERASED = make_agenda(situacao_agenda=SituacaoAgenda.ERRO_REGISTRO)


async def messages_after(
    database: Database, tenant_id: int, change: AtendimentoImportado, *, estado: str, now: datetime, when: datetime
) -> dict[str, str]:
    """Import a visit, give it a message in `estado`, import `change`; return the state of each message by step."""
    await importar(database, tenant_id, make_agenda(), now=now)
    async with database.session_scope(tenant_id) as session:
        await session.execute(text(_ADD), {"estado": estado, "now": now})
    await importar(database, tenant_id, change, now=when)
    found = await rows(database, tenant_id, "SELECT passo, estado FROM mensagens")
    return {row["passo"]: row["estado"] for row in found}


@pytest.mark.parametrize(
    ("change", "left"),
    [
        pytest.param(_CANCELLED, "cancelada", id="cancelled"),
        pytest.param(_ERASED, "cancelada", id="erased"),
        pytest.param(_MOVED, "cancelada", id="moved"),
        pytest.param(make_agenda(situacao_agenda=SituacaoAgenda.ESPERA), "cancelada", id="back on the waiting list"),
        pytest.param(make_agenda(telefone="27 99700-0000"), "cancelada", id="another phone"),
        pytest.param(make_agenda(telefone=None), "cancelada", id="no phone any more"),
        pytest.param(make_agenda(sala="9"), "agendada", id="another room"),
    ],
)
async def test_a_planned_message_is_withdrawn_when_nobody_wants_it(
    database: Database, hospital: int, now: datetime, *, change: AtendimentoImportado, left: str
) -> None:
    found = await messages_after(database, hospital, change, estado="agendada", now=now, when=now)
    assert found == {"72h": left}


@pytest.mark.parametrize(
    ("change", "notice"),
    [
        pytest.param(_CANCELLED, {"cancelamento_hospital": "agendada"}, id="cancelled"),
        pytest.param(_MOVED, {"mudanca": "agendada"}, id="moved"),
        pytest.param(_ERASED, {}, id="a booking that was a mistake is never written about"),
        pytest.param(make_agenda(sala="9"), {}, id="another room"),
    ],
)
async def test_who_was_messaged_hears_of_the_hospitals_change(
    database: Database, hospital: int, now: datetime, *, change: AtendimentoImportado, notice: dict[str, str]
) -> None:
    found = await messages_after(database, hospital, change, estado="enviada", now=now, when=now)
    assert found == {"72h": "enviada", **notice}


async def test_the_hospitals_change_is_told_once(database: Database, hospital: int, now: datetime) -> None:
    await messages_after(database, hospital, _CANCELLED, estado="enviada", now=now, when=now)
    await importar(database, hospital, _CANCELLED, now=now + timedelta(hours=1))
    assert len(await rows(database, hospital, "SELECT id FROM mensagens WHERE tipo = 'aviso'")) == 1


@pytest.mark.parametrize("change", [_CANCELLED, make_agenda(data_consulta=CONSULTA_EM - timedelta(hours=1))])
async def test_nobody_hears_afterwards_of_a_visit_that_is_over(
    database: Database, hospital: int, now: datetime, *, change: AtendimentoImportado
) -> None:
    after = CONSULTA_EM + timedelta(hours=3)
    found = await messages_after(database, hospital, change, estado="enviada", now=now, when=after)
    assert found == {"72h": "enviada"}


async def test_two_imports_at_once_store_each_booking_once(database: Database, hospital: int, now: datetime) -> None:
    agenda = [
        make_agenda(nr_seq_agenda=str(n), id_paciente=str(n % 4), telefone=f"27 99812-000{n % 5}") for n in range(20)
    ]
    results = await asyncio.gather(
        *(importar(database, hospital, *order, now=now, lote=4) for order in (agenda, agenda[::-1]))
    )
    assert sum(resultado.criados for resultado in results) == 20
    assert sum(resultado.inalterados for resultado in results) == 20
    [counts] = await rows(
        database,
        hospital,
        """SELECT (SELECT count(*) FROM atendimentos) AS a, (SELECT count(*) FROM pacientes) AS p,
                  (SELECT count(*) FROM contatos) AS c, (SELECT count(*) FROM historico) AS h""",
    )
    assert counts == {"a": 20, "p": 4, "c": 5, "h": 20}
