"""Imports of the same rows in opposite orders, answers, planning and sending, all at once: nobody is ended for it."""

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import pytest

from app.connectors.base import AtendimentoImportado
from app.domain.confirmacao import SituacaoAgenda
from app.embedded import ServerAddress
from app.services.importacao_service import ImportacaoService
from app.services.liberacao_service import LiberacaoService
from tests.cenario import Cenario, take_jobs
from tests.conftest import DATABASE, PASSWORD
from tests.fabricas import CONSULTA_EM, ZONA, make_agenda
from tests.integration.portador import Portador

VISITAS: Final = 90
FONES: Final = 30
RODADAS: Final = 4
_PARADAS: Final = {7: "parar", 11: "número errado", 19: "ela faleceu"}
_VERSAO: Final = datetime(2026, 3, 1, tzinfo=UTC)
# Every message somewhere on its way, due to be swept, released or started again.
_SHUFFLE: Final = """
UPDATE mensagens SET estado = (ARRAY['agendada', 'agendada', 'na_fila', 'em_envio', 'incerta'])[1 + id % 5],
       chunk = gen_random_uuid(), canal_id = :canal, iniciada_em = :now, tentativas = CAST(id % 5 = 4 AS int),
       quando = :now, ate = CASE WHEN id % 5 = 0 THEN :now ELSE CAST(:now AS timestamptz) + interval '2 days' END,
       atualizado_em = CAST(:now AS timestamptz) - interval '1 hour'"""

_ASKED: Final = """
UPDATE atendimentos SET status_confirmacao = 'aguardando',
       corte_em = CASE WHEN id % 4 = 0 THEN CAST(:now AS timestamptz) END,
       planejar_em = CAST(:now AS timestamptz) + id % 2 * interval '1 hour'"""


@pytest.fixture
async def impasses(address: ServerAddress) -> AsyncIterator[asyncpg.Connection]:
    """Count deadlocks as the server does; found at once, not after a second of waiting."""
    superuser = await asyncpg.connect(address.dsn("postgres", PASSWORD, DATABASE))
    await superuser.execute("ALTER SYSTEM SET deadlock_timeout = '20ms'")
    await superuser.execute("SELECT pg_reload_conf()")
    yield superuser
    await superuser.execute("ALTER SYSTEM RESET deadlock_timeout")
    await superuser.execute("SELECT pg_reload_conf()")
    await superuser.close()


async def deadlocks(superuser: asyncpg.Connection, cenario: Cenario) -> int:
    """Return the server's count: a backend tells its figures when it ends, at the latest."""
    await cenario.database.engine.dispose()
    for _ in range(200):
        if not await superuser.fetchval("SELECT count(*) FROM pg_stat_activity WHERE usename = 'confirma_app'"):
            break
        await asyncio.sleep(0.02)
    return int(await superuser.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))


def _fone(n: int) -> str:
    return f"279981{n:05d}"


def agenda(rodada: int, *, salt: int) -> list[AtendimentoImportado]:
    """Return the schedule as one source tells it in one round: again, moved, cancelled, renamed, in another room."""
    rows = []
    for n in range(1, VISITAS + 1):
        quem = n % FONES
        row = make_agenda(
            n,
            nome_paciente=f"Paciente {quem} {'Silva' if (rodada + salt) % 2 else 'Souza'}",
            id_paciente=str(quem),
            telefone=_fone(quem),
            data_consulta=CONSULTA_EM - timedelta(days=1) + timedelta(hours=n % 3, minutes=n),
            origem_versao=_VERSAO + timedelta(minutes=2 * rodada + salt),
        )
        match (n + rodada + salt) % 5:
            case 0:
                row = replace(row, sala=f"{rodada}-{salt}")
            case 1:
                row = replace(row, data_consulta=row.data_consulta + timedelta(hours=1 + salt))
            case 2:
                row = replace(row, situacao_agenda=SituacaoAgenda.CANCELADO)
        rows.append(row)
    return rows


@dataclass(frozen=True)
class Pressa:
    """What a hospital does at once on a bad morning."""

    cenario: Cenario

    async def importar(self, rodada: int, salt: int, *, order: int) -> None:
        importador = ImportacaoService(self.cenario.database, self.cenario.tenant_id, zona=ZONA, lote=30)
        await importador.importar(agenda(rodada, salt=salt)[::order], origem="hospital", now=self.cenario.relogio())

    async def answer(self, n: int, rodada: int) -> None:
        texto = _PARADAS.get(n, str((n + rodada) % 2))
        body = {"telefone": _fone(n), "resposta": texto, "mensagem_id": f"{rodada}-{n}"}
        await self.cenario.call(body)

    async def report(self, n: int) -> None:
        await self.cenario.call({"type": "status", "status": "started", "contact": {"phone": _fone(n)}})

    async def sweep(self) -> None:
        for do in (LiberacaoService.expire, LiberacaoService.rescue, LiberacaoService.repeat_uncertain):
            async with self.cenario.database.session_scope(self.cenario.tenant_id) as session:
                await do(LiberacaoService(session, self.cenario.tenant_id), self.cenario.relogio())

    async def plan(self) -> None:
        for entry in self.cenario.programa.scheduler.entries:
            if entry.name in {"planejar", "cortes"}:
                await entry.run(self.cenario.tenant_id, self.cenario.relogio())

    async def send(self) -> None:
        """Each job twice, as after a lost heartbeat."""
        await self.cenario.programa.scheduler.release()
        for job in await take_jobs(self.cenario.database):
            await asyncio.gather(*(Portador().outbox(self.cenario).send_chunk(job) for _ in range(2)))

    def everything(self, rodada: int) -> list[Coroutine[Any, Any, None]]:
        work = [self.importar(rodada, 0, order=1), self.importar(rodada, 1, order=-1), self.send()]
        work += [do() for do in (self.sweep, self.plan) for _ in range(2)]
        work += [self.answer(n, rodada) for n in range(FONES)]
        work += [self.report(n) for n in range(FONES)]
        random.Random(rodada).shuffle(work)  # noqa: S311  the same disorder every time
        return work


def _first_line(error: BaseException) -> str:
    return str(getattr(error, "orig", error)).partition("\n")[0]


async def test_nobody_waits_in_a_circle(cenario: Cenario, impasses: asyncpg.Connection) -> None:
    pressa = Pressa(cenario)
    await cenario.set_politica(ao_incerta="repetir")
    await pressa.importar(0, 0, order=1)
    await pressa.plan()
    before = await deadlocks(impasses, cenario)
    failed: list[str] = []
    for rodada in range(1, RODADAS + 1):
        now = cenario.relogio.pass_time(minutes=1)
        await cenario.execute(_SHUFFLE, now=now, canal=cenario.canal_id)
        await cenario.execute(_ASKED, now=now)
        results = await asyncio.gather(*pressa.everything(rodada), return_exceptions=True)
        failed += [_first_line(result) for result in results if isinstance(result, BaseException)]
    ended = (
        await deadlocks(impasses, cenario) - before
    )  # an answer that was ended is kept and tried again: it does not fail
    assert (failed, ended) == ([], 0)
