"""The history answers, per appointment, why each message was sent, held or not sent; and nothing else tells who."""

import itertools
import json
from datetime import timedelta
from typing import Any

import pytest
from loguru import logger
from sqlalchemy import text

from app.domain.confirmacao import SituacaoAgenda
from app.services.explicacao import ExplicacaoService
from app.simulator.gateway.faults import Fault
from tests.cenario import Cenario
from tests.fabricas import CONSULTA_EM, make_agenda

HORA, DIA = timedelta(hours=1), timedelta(days=1)


async def told(cenario: Cenario, numero: str = "1001") -> tuple[list[str], list[str]]:
    visit = await cenario.visit(numero)
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        service = ExplicacaoService(session, cenario.tenant_id)
        _, explicacao = await service.explain(visit["id"], now=cenario.relogio())
    return [linha.texto for linha in explicacao.linhas], [proximo.texto for proximo in explicacao.proximos]


async def test_a_whole_life_is_told_in_order(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    await cenario.run_until(cenario.relogio() + DIA, step=6 * HORA)
    await cenario.reply("não entendi nada")
    await cenario.reply("1")
    await cenario.reply("0")
    facts = [fact for fact, _ in await cenario.facts()]
    assert facts[0] == "importado"
    assert facts.count("pergunta_saindo") == 2
    assert facts.index("paciente_confirmou") < facts.index("paciente_cancelou")
    linhas, proximos = await told(cenario)
    assert all(linha.strip() and "_" not in linha for linha in linhas), linhas
    assert len(proximos) == 1


@pytest.mark.parametrize(
    ("motivo", "esperado"),
    [
        pytest.param("landline", "celular", id="no mobile"),
        pytest.param("cancelled", "não está ativo", id="cancelled by the hospital"),
        pytest.param("stopped", "não receber mensagens", id="asked to stop"),
        pytest.param("past", "já passou", id="past"),
        pytest.param("answered", "já respondeu", id="answered"),
        pytest.param("ahead", "previsto", id="its time will come"),
    ],
)
async def test_it_says_what_comes_next_or_why_nothing_does(cenario: Cenario, motivo: str, esperado: str) -> None:
    by_motivo: dict[str, dict[str, Any]] = {
        "landline": {"telefone": "(27) 3333-4444"},
        "cancelled": {"situacao_agenda": SituacaoAgenda.CANCELADO},
        "past": {"data_consulta": cenario.relogio() - DIA},
        "ahead": {"data_consulta": CONSULTA_EM + 5 * DIA},
    }
    await cenario.importar(make_agenda(**by_motivo.get(motivo, {})))
    await cenario.tick()
    if motivo in {"stopped", "answered"}:
        await cenario.reply("sair" if motivo == "stopped" else "1")
    _, proximos = await told(cenario)
    assert esperado in " ".join(proximos)


async def test_every_message_that_left_has_its_line_on_every_visit_of_it(cenario: Cenario) -> None:
    await cenario.importar(
        make_agenda(1, nome_paciente="Ana"), make_agenda(2, nome_paciente="Bia", data_consulta=CONSULTA_EM + HORA)
    )
    await cenario.run_until(CONSULTA_EM - HORA, step=3 * HORA)
    missing = await cenario.rows(
        """SELECT ma.mensagem_id, ma.atendimento_id, m.estado FROM mensagens_atendimentos ma
           JOIN mensagens m ON m.id = ma.mensagem_id AND m.dia = ma.dia
           WHERE NOT EXISTS (SELECT FROM historico h WHERE h.mensagem_id = m.id AND h.atendimento_id = ma.atendimento_id
                             AND h.fato = 'mensagem_' || m.estado)"""
    )
    assert missing == []


async def test_a_failed_try_and_the_wait_after_it_are_told(cenario: Cenario) -> None:
    cenario.fake.fail_next("create", Fault.REFUSED_500)
    await cenario.importar(make_agenda())
    await cenario.tick()
    linhas, _ = await told(cenario)
    assert any("ficou para depois" in linha for linha in linhas)


async def test_a_status_never_changes_without_a_line(cenario: Cenario) -> None:
    """Follow the lines from the first status to the last: each begins where the one before ended."""
    await cenario.importar(make_agenda())
    await cenario.tick()
    await cenario.reply("1")
    await cenario.importar(make_agenda(data_consulta=CONSULTA_EM + DIA))
    await cenario.run_until(CONSULTA_EM + DIA, step=4 * HORA)
    rows = await cenario.rows("SELECT de, para FROM historico WHERE de IS NOT NULL ORDER BY id")
    assert rows[0]["de"] == "pendente"
    assert all(um["para"] == outro["de"] for um, outro in itertools.pairwise(rows))
    assert [rows[-1]["para"]] == await cenario.status()


async def test_neither_logs_nor_jobs_nor_metrics_nor_clear_columns_tell_who(cenario: Cenario) -> None:
    """Marked values go through a day with failures; afterwards nobody can find them outside encrypted columns."""
    nome, fone, fala = "Zuleiquinha Marcadora", "27987651234", "1 marcadíssima resposta"
    marks = ["zuleiquinha", "marcadora", "87651234", "marcadíssima"]
    lines: list[str] = []
    sink = logger.add(lambda line: lines.append(str(line)), level="TRACE", serialize=True, diagnose=False)
    try:
        cenario.fake.fail_next("create", Fault.REFUSED_500, Fault.LOST_ANSWER)
        await cenario.importar(make_agenda(nome_paciente=nome, telefone=fone, responsavel=nome, observacoes=fala))
        await cenario.programa.scheduler.run_all()
        await cenario.programa.scheduler.release()
        async with cenario.database.global_scope() as session:
            payloads = [bytes(row[0]) for row in await session.execute(text("SELECT payload FROM pgqueuer"))]
        await cenario.drain()
        for _ in range(10):
            cenario.relogio.pass_time(minutes=1)
            await cenario.tick()
        await cenario.reply(fala, fone=fone, nome_paciente=nome)
        await cenario.reply("sim", fone=fone, mensagem_id=f"m-{fone}")
        await cenario.call(b'{"telefone": "' + fone.encode() + b'", "resposta": ')
    finally:
        logger.remove(sink)
    assert payloads
    assert cenario.texts(fone), "the flow did run"
    tables = ("atendimentos", "contatos", "pacientes", "mensagens", "historico", "execucoes", "importacoes")
    dumped = [
        json.dumps([{k: v for k, v in row.items() if not isinstance(v, bytes | list)} for row in rows], default=str)
        for table in tables
        for rows in [await cenario.rows(f"SELECT * FROM {table}")]  # noqa: S608  a constant
    ]
    resultados = await cenario.rows("SELECT resultado FROM recebidas")
    haystack = "\n".join(
        [*lines, *map(repr, payloads), *dumped, json.dumps(resultados), str(cenario.programa.metrics.render())]
    ).casefold()
    found = [mark for mark in marks if mark in haystack]
    assert found == []
