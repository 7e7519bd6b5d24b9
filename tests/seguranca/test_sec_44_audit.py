"""SEC-44: who read and changed whose data, added to only, bound so that a change shows."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.auth.porteiro import operador
from app.database import Database, libpq_url
from app.domain.auditoria import Acao
from app.domain.permissao import Papel
from app.embedded import ServerAddress
from app.repositories.auditoria import AuditoriaRepository
from app.services.auditoria_service import AuditoriaService
from tests.conftest import owner_url
from tests.seguranca.conftest import Porta
from tests.web.apoio import corpo_atendimento

Owner = Callable[[str], Awaitable[Any]]


async def trail(porta: Porta) -> list[tuple[str, str, int | None]]:
    async with porta.contexto.database.session_scope(porta.tenant_id) as session:
        elos = await AuditoriaRepository(session, porta.tenant_id).page(0, 1_000)
    return [(elo.linha.quem_tipo, elo.linha.acao, elo.linha.alvo_id) for elo in elos]


@pytest.fixture
def owner(address: ServerAddress, hospital: int) -> Owner:
    """Return who owns the tables and may do what the application may not: the one against whom the chain stands."""

    async def execute(statement: str) -> Any:
        connection = await asyncpg.connect(libpq_url(owner_url(address)))
        try:
            await connection.execute(f"SET search_path = \"SantaCasa\"; SET app.tenant_id = '{hospital}'")
            return await connection.execute(statement)
        finally:
            await connection.close()

    return execute


@pytest.fixture
async def lines(database: Database, porta: Porta) -> AuditoriaService:
    service = AuditoriaService(database, lambda: porta.now)
    quem = operador(porta.tenant_id)
    for number in range(1, 9):
        await service.note(quem, Acao.ALTEROU, "atendimento", number, "203.0.113.9")
    return service


async def test_sec_44_reading_and_changing_leave_lines(porta: Porta) -> None:
    headers = await porta.bearer(await porta.user(Papel.RECEPCAO))
    async with porta.client.post("/api/v1/atendimentos", json=corpo_atendimento(), headers=headers) as answer:
        number = (await answer.json())["id"]
    for path in (f"/api/v1/atendimentos/{number}", "/api/v1/atendimentos", f"/painel/atendimentos/{number}", "/painel"):
        assert await porta.status(path, headers=headers) == 200
    assert await porta.status(f"/api/v1/atendimentos/{number}/confirmar", method="POST", headers=headers) == 200
    assert await trail(porta) == [
        ("usuario", "criou", None),
        ("usuario", "leu", number),
        ("usuario", "listou", None),
        ("usuario", "confirmou", number),
    ]


async def test_sec_44_what_the_program_says_to_patients_is_changed_by_somebody(porta: Porta) -> None:
    headers = await porta.bearer(await porta.user(Papel.GESTOR))
    words = "A entrada é pela rua de trás."
    for path, body in (
        ("/api/v1/conhecimento/entradas/endereco", {"texto": words}),
        ("/api/v1/conversas/frases/entrada", {"texto": words}),
    ):
        for method in ("PUT", "DELETE"):
            assert await porta.status(path, method=method, json=body, headers=headers) < 300, (method, path)
    async with porta.contexto.database.session_scope(porta.tenant_id) as session:
        elos = await AuditoriaRepository(session, porta.tenant_id).page(0, 1_000)
    assert [(elo.linha.acao, elo.linha.alvo) for elo in elos if elo.linha.acao == Acao.ALTEROU] == [
        ("alterou", what) for what in ("conhecimento", "conhecimento", "frase", "frase")
    ]
    assert words not in "".join(str(elo.linha) for elo in elos)


async def test_sec_44_what_was_refused_leaves_none(porta: Porta) -> None:
    headers = await porta.bearer(await porta.user(Papel.LEITURA))
    assert await porta.status("/api/v1/atendimentos/1/confirmar", method="POST", headers=headers) == 403
    assert await porta.status("/api/v1/atendimentos") == 401
    assert await trail(porta) == []


async def test_sec_44_a_page_that_keeps_itself_fresh_is_read_once_in_five_minutes(porta: Porta) -> None:
    headers = await porta.bearer(await porta.user(Papel.RECEPCAO))
    for _ in range(4):
        assert await porta.status("/painel/parcial", headers=headers) == 200
    assert len(await trail(porta)) == 1


async def test_sec_44_a_whole_trail_is_whole(lines: AuditoriaService, hospital: int) -> None:
    exame = await lines.examine(hospital)
    assert (exame.inteiras, exame.rompida) == (8, None)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        pytest.param("UPDATE auditoria SET quem = 'outra' WHERE numero = 3", 3, id="another name"),
        pytest.param("UPDATE auditoria SET em = em + interval '1 s' WHERE numero = 4", 4, id="another time"),
        pytest.param("UPDATE auditoria SET alvo_id = NULL WHERE numero = 8", 8, id="another patient"),
        pytest.param("DELETE FROM auditoria WHERE numero = 5", 5, id="one removed"),
        pytest.param("DELETE FROM auditoria WHERE numero > 6", 7, id="the end cut off"),
        pytest.param(
            """INSERT INTO auditoria SELECT tenant_id, 9, em, quem_tipo, quem_id, quem, acao, alvo, alvo_id, de_onde,
               pedido, elo FROM auditoria WHERE numero = 8""",
            9,
            id="one added",
        ),
        pytest.param(
            "UPDATE auditoria SET numero = CASE numero WHEN 2 THEN -3 WHEN 3 THEN -2 END WHERE numero IN (2, 3);"
            "UPDATE auditoria SET numero = -numero WHERE numero < 0",
            2,
            id="two exchanged",
        ),
    ],
)
async def test_sec_44_the_first_tampered_line_is_found(
    lines: AuditoriaService, hospital: int, owner: Owner, *, statement: str, broken: int
) -> None:
    await owner(statement)
    exame = await lines.examine(hospital)
    assert (exame.inteiras, exame.rompida) == (broken - 1, broken)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE auditoria SET quem = 'x'",
        "DELETE FROM auditoria",
        "TRUNCATE auditoria",
        "DELETE FROM auditoria_pontas",
    ],
)
async def test_sec_44_the_application_only_adds(
    lines: AuditoriaService, database: Database, hospital: int, statement: str
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.session_scope(hospital) as session:
            await session.execute(text(statement))
    assert (await lines.examine(hospital)).rompida is None


async def test_sec_44_many_at_once_make_one_chain(lines: AuditoriaService, hospital: int, porta: Porta) -> None:
    quem = operador(porta.tenant_id)
    await asyncio.gather(*(lines.note(quem, Acao.ENVIOU, "atendimento", n, "203.0.113.9") for n in range(40)))
    exame = await lines.examine(hospital)
    assert (exame.inteiras, exame.rompida) == (48, None)
