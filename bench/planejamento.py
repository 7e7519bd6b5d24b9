"""What planning and releasing cost as a hospital's table grows: one batch at 10⁴, 10⁵, 10⁶ (and 10⁷) appointments.

    python -m bench.planejamento [--grande] [--rodadas N]

The table is written in bulk SQL: two years of past visits with their message each, a month of visits to come (one in
twenty-five, at least 5,000, each of another contact), and half as many contacts and patients as visits. Each run makes
another 500 visits due, plans them with the real planner and releases the new messages with the real release.
"""

import argparse
import asyncio
import time
from datetime import timedelta
from typing import Any, Final

import asyncpg
from sqlalchemy import text

from app import crypto
from app.services.lembrete_service import LembreteService
from app.services.liberacao_service import LiberacaoService
from app.wiring import Programa
from bench.ambiente import INICIO, Bancada, open_bancada
from bench.relato import keep, medians, show

LOTE: Final = 500
ALVO_RAZAO: Final = 2.0
_CONTATO_VISITAS: Final = 2
_DIAS_ATRAS: Final = 700
_DIAS_ADIANTE: Final = 30
_FUTURAS: Final = 25  # one visit in so many is still to come...
_FUTURAS_MINIMO: Final = 5_000  # ...but never fewer than the runs need

# Runs as superuser without triggers: what is measured comes after it.
_SEED: Final = (
    """INSERT INTO contatos (tenant_id, telefone, telefone_hash, chave_hash, final4_hash, tipo)
    SELECT $1, $2, decode(md5('t' || n), 'hex'), decode(md5('c' || n), 'hex'), decode(md5((n % 10000)::text), 'hex'),
           'celular' FROM generate_series($3::bigint, $4::bigint) AS n""",
    """INSERT INTO pacientes (tenant_id, chave, nome, palavras)
    SELECT $1, decode(md5('p' || n), 'hex'), $2, '{}' FROM generate_series($3::bigint, $4::bigint) AS n""",
)
_VISITS: Final = """
INSERT INTO atendimentos (tenant_id, nr_seq_agenda, origem, paciente_id, contato_id, unidade_id, nome_medico,
    especialidade, data_consulta, dia, status_confirmacao, situacao_agenda, planejar_em, horario_em, criado_em)
SELECT $1, n::text, 'bancada', p.de + k, c.de + k, u.id, 'Dra. ' || n % 200, 'Especialidade ' || n % 40, quando,
       quando::date, CASE WHEN futura THEN 'pendente' ELSE 'confirmado' END,
       CASE WHEN futura THEN 'agendado' ELSE 'realizado' END,
       CASE WHEN futura THEN quando - interval '72 hours' END, $2::timestamptz - interval '800 days',
       $2::timestamptz - interval '800 days'
FROM generate_series($3::bigint, $4::bigint) AS n
CROSS JOIN LATERAL (SELECT n % $5 = 0 AS futura, CASE WHEN n % $5 = 0 THEN n / $5 ELSE n * 7919 END % $6::bigint AS k,
                           (n * 104729) % 1000003 AS acaso) r
CROSS JOIN LATERAL (SELECT CASE WHEN futura
    THEN $2::timestamptz + interval '4 days' + (acaso % ($8::int - 4)) * interval '1 day'
    ELSE $2::timestamptz - (1 + acaso % $7::int) * interval '1 day' END + (n % 32) * interval '15 minutes') q(quando)
CROSS JOIN (SELECT min(id) AS de FROM contatos) c CROSS JOIN (SELECT min(id) AS de FROM pacientes) p
CROSS JOIN (SELECT min(id) AS id FROM unidades) u"""
_MESSAGES: Final = """
WITH novas AS (
    INSERT INTO mensagens (tenant_id, contato_id, dia, tipo, passo, modelo, versao, estado, quando, ate, texto,
                           iniciada_em, enviada_em)
    SELECT a.tenant_id, a.contato_id, a.dia, 'pedido', 'pedido', 'pedido', a.id, 'enviada', a.data_consulta -
           interval '72 hours', a.data_consulta, $2, a.data_consulta - interval '72 hours', a.data_consulta -
           interval '72 hours'
    FROM atendimentos a WHERE a.tenant_id = $1 AND a.data_consulta < $3 AND a.id BETWEEN $4 AND $5
    RETURNING id, dia, versao AS atendimento_id)
INSERT INTO mensagens_atendimentos (tenant_id, mensagem_id, dia, atendimento_id, letra, passo, horario_versao)
SELECT $1, id, dia, atendimento_id, 'A', 'pedido', 1 FROM novas"""
_DUE: Final = text("""
WITH proximas AS (
    SELECT id FROM atendimentos WHERE tenant_id = :t AND planejar_em > :now
      AND data_consulta > CAST(:now AS timestamptz) + interval '80 hours' ORDER BY planejar_em LIMIT :lote)
UPDATE atendimentos SET planejar_em = :now, data_consulta = CAST(:now AS timestamptz) + interval '70 hours'
                        + (id % 32) * interval '2 minutes', dia = CAST(CAST(:now AS timestamptz) + interval '70 hours'
                        AS date)
WHERE tenant_id = :t AND id IN (SELECT id FROM proximas)""")
_INDEXES: Final = """
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = 'SantaCasa' AND tablename IN ('atendimentos', 'mensagens', 'mensagens_atendimentos', 'contatos')
  AND indexdef NOT LIKE 'CREATE UNIQUE%'"""
_STEP: Final = 500_000


async def seed(bancada: Bancada, programa: Programa, size: int) -> float:
    """Fill an empty hospital up to `size` appointments; return the seconds."""
    began, tenant = time.perf_counter(), programa.tenant_id
    keyring, people = crypto.keyring(), size // _CONTATO_VISITAS
    connection = await asyncpg.connect(bancada.superuser_url, server_settings={"search_path": '"SantaCasa"'})
    try:
        for setting in ("session_replication_role = replica", "work_mem = '256MB'", "maintenance_work_mem = '1GB'"):
            await connection.execute(f"SET {setting}")
        de, ate = (INICIO - timedelta(days=_DIAS_ATRAS + 40)).date(), (INICIO + timedelta(days=90)).date()
        await connection.execute("SELECT garantir_particoes($1, $2)", de, ate)
        secrets = (
            keyring.encrypt("+5527990000000", "contatos.telefone", tenant),
            keyring.encrypt("Maria", "pacientes.nome", tenant),
        )
        for statement, secret in zip(_SEED, secrets, strict=True):
            await connection.execute(statement, tenant, secret, 0, people - 1)
        texto = keyring.encrypt("x" * 300, "mensagens.texto", tenant)
        indexes = await connection.fetch(_INDEXES)
        for index in indexes:  # built at the end: many times faster than kept up row by row
            await connection.execute(f'DROP INDEX "{index["indexname"]}"')
        first = 1
        while first <= size:
            last = min(first + _STEP - 1, size)
            numbers = (min(_FUTURAS, size // _FUTURAS_MINIMO), people, _DIAS_ATRAS, _DIAS_ADIANTE)
            await connection.execute(_VISITS, tenant, INICIO, first, last, *numbers)
            ids = await connection.fetchrow(
                "SELECT max(id) - $1::bigint + 1 AS de, max(id) AS ate FROM atendimentos", last - first + 1
            )
            await connection.execute(_MESSAGES, tenant, texto, INICIO, ids["de"], ids["ate"])
            first = last + 1
        for index in indexes:
            await connection.execute(index["indexdef"].replace(" ON ONLY ", " ON "))  # and on every partition
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
    return time.perf_counter() - began


async def batch(programa: Programa) -> dict[str, float]:
    """Make one batch due; return the milliseconds of planning and of releasing it, and how much there was."""
    now, tenant = programa.clock(), programa.tenant_id
    async with programa.database.session_scope(tenant) as session:
        await session.execute(_DUE, {"t": tenant, "now": now, "lote": LOTE})
    began = time.perf_counter()
    async with programa.database.session_scope(tenant) as session:
        planned = await LembreteService(session, tenant).plan_due(now, limite=LOTE)
    middle = time.perf_counter()
    costs = (await programa.canais.vias())[tenant]
    resumed = time.perf_counter()
    async with programa.database.session_scope(tenant) as session:
        released = await LiberacaoService(session, tenant).release(costs, now=now)
    ended = time.perf_counter()
    assert planned >= LOTE, planned
    assert released, "nothing was released"
    plan_ms, release_ms = (middle - began) * 1000, (ended - resumed) * 1000
    return {
        "planejar_ms": plan_ms,
        "liberar_ms": release_ms,
        "total_ms": plan_ms + release_ms,
        "visitas": planned,
        "mensagens": released,
    }


async def measure(size: int, rodadas: int) -> dict[str, Any]:
    async with open_bancada() as bancada, bancada.open() as programa:
        seconds = await seed(bancada, programa, size)
        async with programa.database.session_scope(programa.tenant_id) as session:
            await session.execute(text("UPDATE canais SET taxa_por_minuto = NULL"))
        await batch(programa)  # connections, prepared statements, caches
        runs = [await batch(programa) for _ in range(rodadas)]
    return {"tamanho": size, "semear_s": seconds, "rodadas": runs, "mediana": medians(runs)}


async def main(*, grande: bool, rodadas: int) -> None:
    sizes = (10_000, 100_000, 1_000_000, *((10_000_000,) if grande else ()))
    results = [await measure(size, min(rodadas, 20)) for size in sizes]
    base = results[0]["mediana"]["total_ms"]
    for result in results:
        result["razao"] = result["mediana"]["total_ms"] / base
    show(
        f"Planejar e liberar um lote de {LOTE} (mediana de {rodadas}; alvo: no máximo {ALVO_RAZAO:.0f} vezes o de 10⁴)",
        ("atendimentos", "planejar ms", "liberar ms", "total ms", "razão", "semear s"),
        [
            (
                f"{result['tamanho']:,}",
                *(f"{result['mediana'][name]:,.0f}" for name in ("planejar_ms", "liberar_ms", "total_ms")),
                f"{result['razao']:.2f}",
                f"{result['semear_s']:,.0f}",
            )
            for result in results
        ],
    )
    keep("planejamento_grande" if grande else "planejamento", alvo_razao=ALVO_RAZAO, lote=LOTE, tamanhos=results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grande", action="store_true")
    parser.add_argument("--rodadas", type=int, default=7)
    arguments = parser.parse_args()
    asyncio.run(main(grande=arguments.grande, rodadas=arguments.rodadas))
