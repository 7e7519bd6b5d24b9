"""A channel dies in the middle: how long until the flow is back by the next one, and what became of every message.

    python -m bench.queda [--mensagens N] [--rodadas N]

Channel A (WhatsApp Cloud, preferred) cuts every connection from the middle message on; channel B takes over. Lost is a
message that neither arrived nor is known as uncertain; doubled is a phone that got two.
"""

import argparse
import asyncio
from collections import Counter
from typing import Any, Final

from sqlalchemy import text

from app.wiring import Programa
from bench.ambiente import Bancada, Processo, open_bancada, start
from bench.canal_meta import open_channel, seed_open
from bench.envio import plan_all, wait_sent
from bench.relato import keep, medians, show
from bench.sementes import analyze, erase

_POR_MINUTO: Final = 60_000
_STATES: Final = text("SELECT estado, count(*) AS vezes FROM mensagens GROUP BY 1")
_HEALTHY: Final = text("""
UPDATE canais SET acertos = 0, erros = 0, quedas = 0, doente_ate = NULL, fichas_em = NULL, vaga_em = NULL,
       pausado_ate = CASE WHEN :paused THEN CAST('2100-01-01' AS timestamptz) END""")


async def _pause(programa: Programa, *, paused: bool) -> None:
    async with programa.database.session_scope(programa.tenant_id) as session:
        await session.execute(_HEALTHY, {"paused": paused})


async def measure(bancada: Bancada, programa: Programa, mensagens: int) -> dict[str, Any]:
    async with start("gateway_meta", morre_em=mensagens // 2) as a, start("gateway_meta") as b:
        await open_channel(programa, [a.ready["url"], b.ready["url"]], por_minuto=_POR_MINUTO)
        await _pause(programa, paused=True)
        await seed_open(programa, 0, mensagens)
        await plan_all(programa)
        await analyze(bancada)
        async with (
            start("worker", bancada.environ, since=bancada.since),
            start("worker", bancada.environ, since=bancada.since),
        ):
            await asyncio.sleep(1.5)
            await _pause(programa, paused=False)
            await wait_sent(programa)
        first, second = await _arrived(a), await _arrived(b)
    async with programa.database.session_scope(programa.tenant_id) as session:
        states = {row.estado: row.vezes for row in await session.execute(_STATES)}
    await erase(bancada)
    phones = Counter([*first["telefones"], *second["telefones"]])
    uncertain = states.get("incerta", 0)
    died = max(first["instantes"])
    return {
        "segundos_ate_o_proximo": min(second["instantes"]) - died,
        "segundos_ate_o_fluxo": _back(second["instantes"], _POR_MINUTO / 60) - died,
        "chegaram": len(phones),
        "incertas": uncertain,
        "perdidas": mensagens - len(phones) - uncertain,
        "dobradas": sum(times > 1 for times in phones.values()),
        "falharam": states.get("falhou", 0),
    }


async def _arrived(gateway: Processo) -> dict[str, Any]:
    await gateway.say("conta")
    return await gateway.read()


def _back(instants: list[float], por_s: float) -> float:
    """Return when half a second first held half of what the channel may send in it."""
    need = int(por_s / 4)
    ordered = sorted(instants)
    for position in range(len(ordered) - need):
        if ordered[position + need] - ordered[position] <= 0.5:
            return ordered[position]
    return ordered[-1]


async def main(mensagens: int, rodadas: int) -> None:
    async with open_bancada() as bancada, bancada.open() as programa:
        runs = [await measure(bancada, programa, mensagens) for _ in range(rodadas)]
    middle = medians(runs)
    show(
        f"Canal A cai na mensagem {mensagens // 2:,} de {mensagens:,} (mediana de {rodadas}; alvo: 0 e 0)",
        list(middle),
        [[f"{value:,.2f}" if "segundos" in name else f"{value:,.0f}" for name, value in middle.items()]],
    )
    keep("queda", mensagens=mensagens, mediana=middle, rodadas=runs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mensagens", type=int, default=10_000)
    parser.add_argument("--rodadas", type=int, default=3)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.mensagens, arguments.rodadas))
