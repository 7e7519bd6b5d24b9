"""Schedules for the tests of the import: a booking that names only what matters, and a look at what became of it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

from app.connectors.base import AtendimentoImportado, ItemAgenda
from app.database import Database
from app.services.importacao_service import ImportacaoService, ResultadoImportacao

ZONA: Final = ZoneInfo("America/Sao_Paulo")
CONSULTA_EM: Final = datetime(2026, 3, 10, 17, 30, tzinfo=UTC)
DIA: Final = date(2026, 3, 10)

_BASE: Final = AtendimentoImportado(
    nr_seq_agenda="1001",
    nome_paciente="Joaquina Testemunha de Araújo",
    nome_medico="Dra. Helena Prado",
    especialidade="Cardiologia",
    data_consulta=CONSULTA_EM,
    linha=2,
    id_paciente="77",
    telefone="(27) 99812-3456",
    unidade="Ambulatório Central",
)


def make_agenda(**changes: Any) -> AtendimentoImportado:
    return replace(_BASE, **changes)


async def importar(
    database: Database, tenant_id: int, *linhas: ItemAgenda, now: datetime, **options: Any
) -> ResultadoImportacao:
    service = ImportacaoService(database, tenant_id, zona=ZONA, lote=options.pop("lote", 3))
    return await service.importar(linhas, origem=options.pop("origem", "hospital"), now=now, **options)


async def rows(database: Database, tenant_id: int, query: str, **parameters: Any) -> list[dict[str, Any]]:
    async with database.session_scope(tenant_id) as session:
        return [dict(row) for row in (await session.execute(text(query), parameters)).mappings()]


async def visit(database: Database, tenant_id: int, numero: str = "1001") -> dict[str, Any]:
    [found] = await rows(database, tenant_id, "SELECT * FROM atendimentos WHERE nr_seq_agenda = :n", n=numero)
    return found


async def facts(database: Database, tenant_id: int, numero: str = "1001") -> list[str]:
    found = await rows(
        database,
        tenant_id,
        """SELECT h.fato FROM historico h JOIN atendimentos a ON a.id = h.atendimento_id
           WHERE a.nr_seq_agenda = :n ORDER BY h.id""",
        n=numero,
    )
    return [row["fato"] for row in found]


async def set_status(database: Database, tenant_id: int, status: str) -> None:
    async with database.session_scope(tenant_id) as session:
        await session.execute(text("UPDATE atendimentos SET status_confirmacao = :s"), {"s": status})


async def everything(database: Database, tenant_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return all rows an import may have touched, but its own record."""
    tables = ("atendimentos", "pacientes", "contatos", "pacientes_contatos", "unidades", "historico")
    return {table: await rows(database, tenant_id, f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables}  # noqa: S608
