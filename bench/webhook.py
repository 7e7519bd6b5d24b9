"""How fast answers are applied: n8n's call over 64 connections to the real server, answered after the commit.

    python -m bench.webhook [--respostas N] [--rodadas N]

Every call comes from another contact with one open question, written by the real planner and marked as sent; the
server (uvicorn, one process) and the load are processes of their own.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text

from app.wiring import Programa
from bench.ambiente import SEGREDO, Bancada, open_bancada, start
from bench.envio import argument_file, plan_all
from bench.relato import cpu_ceiling, keep, medians, show
from bench.sementes import analyze, erase, phone, seed

ALVO_POR_S: Final = 400
ALVO_P99_MS: Final = 250
CONEXOES: Final = 64
_WARM_UP: Final = 200
_ASKED: Final = text("""
WITH saiu AS (
    UPDATE mensagens SET estado = 'enviada', iniciada_em = CAST(:now AS timestamptz), enviada_em = :now RETURNING id)
UPDATE atendimentos SET status_confirmacao = 'aguardando', enviado_em = :now WHERE EXISTS (SELECT FROM saiu)""")
_ANSWERED: Final = text("SELECT count(*) FROM atendimentos WHERE status_confirmacao <> 'aguardando'")


async def ask_all(programa: Programa, phones: Sequence[str]) -> None:
    """Give every phone one open question."""
    await seed(programa, phones, None, now=programa.clock())
    await plan_all(programa)
    async with programa.database.session_scope(programa.tenant_id) as session:
        await session.execute(_ASKED, {"now": programa.clock()})


async def measure(bancada: Bancada, programa: Programa, respostas: int) -> dict[str, Any]:
    phones = [phone(number) for number in range(respostas + _WARM_UP)]
    await ask_all(programa, phones)
    await analyze(bancada)
    async with start("api", bancada.environ, since=bancada.since) as server:
        url = f"http://127.0.0.1:{server.ready['porta']}/webhook/botconversa"
        await load(url, phones[:_WARM_UP])
        before, began = (server.cpu_s, bancada.postgres_cpu_s()), time.perf_counter()
        told = await load(url, phones[_WARM_UP:])
        seconds = time.perf_counter() - began
        after, memory = (server.cpu_s, bancada.postgres_cpu_s()), server.memory_mib
    async with programa.database.session_scope(programa.tenant_id) as session:
        answered = await session.scalar(_ANSWERED)
    assert answered == len(phones), f"{answered} of {len(phones)} applied after {seconds:.1f} s"
    await erase(bancada)
    milliseconds: list[float] = told["ms"]
    ours, postgres = (1e6 * (end - first) / respostas for first, end in zip(before, after, strict=True))
    carga = 1e6 * told["cpu_s"] / respostas
    return {
        "por_s": respostas / told["segundos"],
        "p50_ms": milliseconds[respostas // 2],
        "p99_ms": milliseconds[int(respostas * 0.99)],
        "max_ms": milliseconds[-1],
        "nosso_us": ours,
        "postgres_us": postgres,
        "carga_us": carga,
        "teto_cpu_por_s": cpu_ceiling(ours, postgres, carga),
        "memoria_mib": memory,
    }


async def load(url: str, phones: Sequence[str]) -> dict[str, Any]:
    async with (
        argument_file(telefones=list(phones)) as arquivo,
        start("carga_webhook", url=url, conexoes=CONEXOES, arquivo=arquivo, segredo=SEGREDO) as running,
    ):
        return dict(running.ready)


async def main(respostas: int, rodadas: int) -> None:
    async with open_bancada() as bancada, bancada.open() as programa:
        runs = [await measure(bancada, programa, respostas) for _ in range(rodadas)]
    middle = medians(runs)
    show(
        f"Respostas aplicadas: {respostas:,} por {CONEXOES} conexões (mediana de {rodadas}; "
        f"alvo: {ALVO_POR_S}/s, p99 < {ALVO_P99_MS} ms)",
        list(middle),
        [[f"{value:,.0f}" for value in middle.values()]],
    )
    keep("webhook", alvo_por_s=ALVO_POR_S, alvo_p99_ms=ALVO_P99_MS, respostas=respostas, mediana=middle, rodadas=runs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--respostas", type=int, default=4_000)
    parser.add_argument("--rodadas", type=int, default=3)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.respostas, arguments.rodadas))
