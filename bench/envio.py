"""How fast messages leave: due rows → released → rendered → HTTP → recorded with their history.

    python -m bench.envio [--mensagens N] [--rodadas N]

Contacts, patients and appointments are written in bulk SQL; every message is planned by the real planner, and from
there on nothing is spared: release on the channel's row, jobs on the queue, the last look, encryption, HTTP to the
fake gateway in a process of its own, results and history. The channel's limit is lifted.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from sqlalchemy import text

from app.wiring import Programa
from bench.ambiente import Bancada, Processo, open_bancada, start
from bench.relato import cpu_ceiling, keep, medians, show
from bench.sementes import analyze, erase, phone, seed

ALVO_POR_S: Final = 1_500
ALVO_MIB: Final = 200
_LIMITE_S: Final = 180.0
_CAMPOS: Final = {"id_tabela": "id_tabela", "nr_seq_agenda": "nr_seq_agenda"}
_LEFT: Final = text("SELECT EXISTS (SELECT FROM mensagens WHERE estado IN ('agendada', 'na_fila', 'em_envio'))")
_STATES: Final = text("SELECT estado, count(*) FROM mensagens GROUP BY 1")


@asynccontextmanager
async def argument_file(**content: Any) -> AsyncIterator[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        yield file.name


async def set_channel(programa: Programa, *, paused: bool, campos: Mapping[str, str]) -> None:
    config = json.dumps({"base_url": str(programa.settings.botconversa.api_url), "campos": dict(campos)})
    async with programa.database.session_scope(programa.tenant_id) as session:
        await session.execute(
            text("""UPDATE canais SET taxa_por_minuto = NULL, config = CAST(:config AS jsonb),
                    pausado_ate = CASE WHEN :paused THEN CAST('2100-01-01' AS timestamptz) END"""),
            {"paused": paused, "config": config},
        )


async def plan_all(programa: Programa) -> float:
    """Plan everything that is due; return the seconds."""
    began = time.perf_counter()
    await programa.scheduler.run_all()
    return time.perf_counter() - began


async def wait_sent(programa: Programa) -> None:
    deadline = time.monotonic() + _LIMITE_S
    while time.monotonic() < deadline:
        async with programa.database.session_scope(programa.tenant_id) as session:
            if not await session.scalar(_LEFT):
                return
        await asyncio.sleep(0.05)
    raise TimeoutError("messages are still waiting")


async def measure(
    bancada: Bancada, programa: Programa, gateway: Processo, *, workers: int, campos: Mapping[str, str], mensagens: int
) -> dict[str, Any]:
    """Send everything that is planned with so many workers; return the figures of one run."""
    phones = [phone(number) for number in range(mensagens)]
    await seed(programa, phones, gateway.ready["ids"][:mensagens], now=bancada.clock())
    await set_channel(programa, paused=True, campos=campos)
    planning_s = await plan_all(programa)
    await analyze(bancada)
    async with AsyncExitStack() as stack:
        environ = {**bancada.environ, "BOTCONVERSA_API_URL": gateway.ready["url"]}
        ours = [await stack.enter_async_context(start("worker", environ, since=bancada.since)) for _ in range(workers)]
        await asyncio.sleep(1.0)  # connections, prepared statements
        before = sum(worker.cpu_s for worker in ours), bancada.postgres_cpu_s(), gateway.cpu_s
        began = time.perf_counter()
        await set_channel(programa, paused=False, campos=campos)
        await wait_sent(programa)
        seconds = time.perf_counter() - began
        after = sum(worker.cpu_s for worker in ours), bancada.postgres_cpu_s(), gateway.cpu_s
        memory = max(worker.memory_mib for worker in ours)
    async with programa.database.session_scope(programa.tenant_id) as session:
        states = {row[0]: row[1] for row in await session.execute(_STATES)}
    if states != {"enviada": mensagens}:
        raise RuntimeError(f"not everything was sent: {states}")
    await erase(bancada)
    cpu = [1e6 * (end - start) / mensagens for start, end in zip(before, after, strict=True)]
    return {
        "mensagens_por_s": mensagens / seconds,
        "segundos": seconds,
        "nosso_us": cpu[0],
        "postgres_us": cpu[1],
        "gateway_us": cpu[2],
        "teto_cpu_por_s": cpu_ceiling(*cpu),
        "memoria_mib": memory,
        "planejadas_por_s": mensagens / planning_s,
    }


async def ceiling(gateway: Processo, mensagens: int, conexoes: int = 200) -> dict[str, Any]:
    """Return what the HTTP client alone manages against the same gateway."""
    ids = gateway.ready["ids"][:mensagens]
    async with argument_file(ids=ids) as arquivo:
        before = gateway.cpu_s
        async with start("carga_gateway", url=gateway.ready["url"], conexoes=conexoes, arquivo=arquivo) as load:
            told = load.ready
        return {
            "mensagens_por_s": mensagens / told["segundos"],
            "nosso_us": 1e6 * told["cpu_s"] / mensagens,
            "gateway_us": 1e6 * (gateway.cpu_s - before) / mensagens,
        }


async def main(mensagens: int, rodadas: int) -> None:
    casos: tuple[tuple[str, int, Mapping[str, str]], ...] = (
        ("1 trabalhador, 1 requisição", 1, {}),
        ("2 trabalhadores, 1 requisição", 2, {}),
        ("1 trabalhador, 2 campos (3 req.)", 1, _CAMPOS),
    )
    phones = [phone(number) for number in range(mensagens)]
    results: dict[str, list[dict[str, Any]]] = {}
    async with (
        argument_file(telefones=phones) as arquivo,
        start("gateway", arquivo=arquivo) as gateway,
        open_bancada(BOTCONVERSA_API_URL=gateway.ready["url"]) as bancada,
        bancada.open() as programa,
    ):
        for _ in range(rodadas):
            results.setdefault("só o cliente HTTP", []).append(await ceiling(gateway, mensagens))
            for nome, workers, campos in casos:
                rodada = await measure(bancada, programa, gateway, workers=workers, campos=campos, mensagens=mensagens)
                results.setdefault(nome, []).append(rodada)
    report(results, mensagens, rodadas)


def report(results: Mapping[str, list[dict[str, Any]]], mensagens: int, rodadas: int) -> None:
    middle = {nome: medians(runs) for nome, runs in results.items()}
    show(
        f"Envio de {mensagens:,} mensagens (mediana de {rodadas}; alvo: {ALVO_POR_S}/s, memória < {ALVO_MIB} MiB)",
        (
            "caso",
            "mensagens/s",
            "nosso µs",
            "PostgreSQL µs",
            "gateway falso µs",
            "teto da CPU/s",
            "memória MiB",
            "planejadas/s",
        ),
        [
            (
                nome,
                *(
                    f"{figures[field]:,.0f}" if field in figures else "–"
                    for field in (
                        "mensagens_por_s",
                        "nosso_us",
                        "postgres_us",
                        "gateway_us",
                        "teto_cpu_por_s",
                        "memoria_mib",
                        "planejadas_por_s",
                    )
                ),
            )
            for nome, figures in middle.items()
        ],
    )
    keep("envio", alvo_por_s=ALVO_POR_S, alvo_mib=ALVO_MIB, mensagens=mensagens, mediana=middle, rodadas=results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mensagens", type=int, default=20_000)
    parser.add_argument("--rodadas", type=int, default=3)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.mensagens, arguments.rodadas))
