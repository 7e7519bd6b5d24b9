"""One WhatsApp Cloud channel at its highest tier: 1,000 messages/s held, and three times that in receipts beside it.

    python -m bench.pleno [--segundos N] [--recibos-por-s N] [--sem-recibos]

Two workers, the API, PostgreSQL and the fake gateway share this machine; the load of receipts is made by `wrk`, whose
CPU is printed apart. First the channel sends alone, then it sends as much again while receipts of what left before come
in. Every message is an approved text with signed quick replies. The limit is the channel's own: what is released is
read from the channel's row, once a second.
"""

import argparse
import asyncio
import json
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from app.simulator.meta import sign
from app.simulator.meta.inbound import Desk
from app.wiring import Programa
from bench.ambiente import INICIO, Bancada, Processo, open_bancada, start
from bench.canal_meta import APP_SECRET, META, PUBLIC_ID, open_channel, seed_open
from bench.envio import plan_all
from bench.relato import keep, show
from bench.sementes import analyze

POR_S: Final = 1_000
RECIBOS_POR_S: Final = 3_000
_CONEXOES: Final = 128
_RELEASED: Final = text("""
SELECT (SELECT count(*) FROM mensagens WHERE estado NOT IN ('agendada', 'cancelada')) AS liberadas,
       (SELECT vaga_em FROM canais WHERE public_id = :canal) AS vaga_em""")
_KEYS: Final = text("SELECT dia, id FROM mensagens WHERE estado <> 'agendada' ORDER BY id LIMIT :limite")
_LEFT: Final = text("SELECT count(*) FROM recibos")
_PROVED: Final = text("SELECT count(*) FROM mensagens WHERE estado = 'lida'")
_SCRIPT: Final = Path(__file__).with_name("recibos.lua")


class Amostras:
    """What was released, by the channel's own row, once a second."""

    def __init__(self, programa: Programa) -> None:
        self._programa = programa
        self.rows: list[tuple[int, float]] = []

    async def run(self) -> None:
        while True:
            async with self._programa.database.session_scope(self._programa.tenant_id) as session:
                row = (await session.execute(_RELEASED, {"canal": PUBLIC_ID})).one()
            if row.vaga_em is not None:
                self.rows.append((row.liberadas, row.vaga_em.timestamp()))
            await asyncio.sleep(1.0)

    def most_per_s(self) -> float:
        """Return the densest second of places in the channel's row: never above its rate."""
        pairs = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(self.rows, self.rows[1:], strict=False) if b[1] > a[1]]
        return max((count / seconds for count, seconds in pairs), default=0.0)


async def hold(
    bancada: Bancada, programa: Programa, gateway: Processo, *, segundos: int, recibos: int
) -> dict[str, Any]:
    """Let two workers send for so many seconds, with so many receipts a second beside them; return the figures."""
    async with AsyncExitStack() as stack:
        workers = [
            await stack.enter_async_context(start("worker", bancada.environ, since=bancada.since)) for _ in range(2)
        ]
        api = await stack.enter_async_context(start("api", bancada.environ, since=bancada.since)) if recibos else None
        arquivo = str(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "recibos.txt")
        if api:
            await _write_receipts(programa, arquivo, recibos * segundos // 3)
        await asyncio.sleep(1.5)  # connections, prepared statements
        amostras = Amostras(programa)
        sampling = asyncio.create_task(amostras.run())
        before = _cpu(workers, bancada, gateway, api)
        await _pause(programa, paused=False)
        began, since = time.perf_counter(), time.time()
        told = await _wrk(api, arquivo, segundos, recibos) if api else await asyncio.sleep(segundos, {})
        seconds, until = time.perf_counter() - began, time.time()
        await _pause(programa, paused=True)
        after = _cpu(workers, bancada, gateway, api)
        sampling.cancel()
        applied = await _applied(programa) if api else 0.0
        await asyncio.sleep(2.0)  # what was released leaves
    taken = await _arrivals(gateway)
    cpu = {name: (after[name] - before[name]) / seconds for name in before}
    return {
        "segundos": seconds,
        "enviadas_por_s": sum(since <= instant <= until for instant in taken["instantes"]) / seconds,
        "liberadas_max_por_s": amostras.most_per_s(),
        "pico_no_gateway_por_s": taken["pico"],
        "nucleos": {name: round(value, 2) for name, value in cpu.items()},
        **told,
        "aplicados_apos_s": applied,
    }


def _cpu(workers: Sequence[Processo], bancada: Bancada, gateway: Processo, api: Processo | None) -> dict[str, float]:
    return {
        "trabalhadores": sum(worker.cpu_s for worker in workers),
        "api": api.cpu_s if api else 0.0,
        "postgres": bancada.postgres_cpu_s(),
        "gateway": gateway.cpu_s,
    }


async def _pause(programa: Programa, *, paused: bool) -> None:
    until = "CAST('2100-01-01' AS timestamptz)" if paused else "NULL"
    async with programa.database.session_scope(programa.tenant_id) as session:
        await session.execute(text(f"UPDATE canais SET pausado_ate = {until}"))  # noqa: S608  one of two constants


async def _arrivals(gateway: Processo) -> dict[str, Any]:
    """Return how many messages arrived since the last time, and the fullest second."""
    await gateway.say("conta")
    return await gateway.read()


async def _wrk(api: Processo, arquivo: str, segundos: int, por_s: int) -> dict[str, Any]:
    """Post signed receipts at a steady rate with `wrk`; return what it says, and its CPU."""
    url = f"http://127.0.0.1:{api.ready['porta']}/webhook/{PUBLIC_ID}"
    environ = {"PATH": os.environ["PATH"], "RECIBOS": arquivo, "POR_S": str(por_s)}
    command = ["wrk", "-t1", f"-c{_CONEXOES}", f"-d{segundos}s", "--timeout", "10s", "-s", str(_SCRIPT), url]
    before = os.times()
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environ)
    out, _ = await process.communicate()
    after = os.times()
    told: dict[str, Any] = json.loads(out.decode().strip().splitlines()[-1])
    load = after.children_user + after.children_system - before.children_user - before.children_system
    return {**told, "carga_nucleos": round(load / segundos, 2)}


async def _write_receipts(programa: Programa, arquivo: str, messages: int) -> None:
    """Prepare the calls about messages that left before: signing them meanwhile would take a core from the senders."""
    async with programa.database.session_scope(programa.tenant_id) as session:
        keys = [(row.dia, row.id) for row in await session.execute(_KEYS, {"limite": messages})]
    Path(arquivo).write_text("".join(_receipts(keys)), encoding="ascii")  # noqa: ASYNC240  nothing else runs yet


def _receipts(keys: Sequence[tuple[Any, int]]) -> Sequence[str]:
    """Return one line a call: the signature, a tab, the body; sent, delivered and read of every message."""
    desk = Desk(waba_id=META["waba_id"], phone_number_id=META["phone_number_id"], display_phone="553130000000")
    lines = []
    for state in ("sent", "delivered", "read"):
        for dia, ident in keys:
            status = {
                "id": f"wamid.bancada{ident:012d}",
                "status": state,
                "timestamp": str(int(INICIO.timestamp())),
                "recipient_id": "5527990000000",
                "biz_opaque_callback_data": f"{dia:%Y%m%d}-{ident}",
                "pricing": {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"},
            }
            body = desk.statuses([status])
            signature = sign(body, APP_SECRET).headers["X-Hub-Signature-256"]
            lines.append(f"{signature}\t{body.decode('ascii')}\n")
    return lines


async def _applied(programa: Programa, limit_s: float = 120.0) -> float:
    """Return how many seconds it takes until every stored receipt is applied."""
    began = time.perf_counter()
    while time.perf_counter() - began < limit_s:
        async with programa.database.session_scope(programa.tenant_id) as session:
            if not await session.scalar(_LEFT):
                return time.perf_counter() - began
        await asyncio.sleep(0.25)
    raise TimeoutError("receipts are still waiting")


async def main(segundos: int, recibos_por_s: int, *, alone: bool) -> None:
    if not alone and shutil.which("wrk") is None:
        raise SystemExit("Falta o wrk: apt install wrk (ou --sem-recibos).")
    mensagens = POR_S * segundos + 4 * POR_S
    async with (
        start("gateway_meta") as gateway,
        open_bancada() as bancada,
        bancada.open() as programa,
    ):
        await open_channel(programa, [gateway.ready["url"]], por_minuto=POR_S * 60)
        await _pause(programa, paused=True)
        results: dict[str, Any] = {}
        for nome, recibos in (("sozinho", 0), *(() if alone else (("com recibos", recibos_por_s),))):
            await seed_open(programa, len(results) * mensagens, mensagens)
            await plan_all(programa)
            await analyze(bancada)
            results[nome] = await hold(bancada, programa, gateway, segundos=segundos, recibos=recibos)
        async with programa.database.session_scope(programa.tenant_id) as session:
            lidas = await session.scalar(_PROVED)
    report(results, segundos, recibos_por_s, lidas or 0)


def report(results: dict[str, Any], segundos: int, recibos_por_s: int, lidas: int) -> None:
    show(
        f"WhatsApp Cloud a {POR_S}/s por {segundos} s, dois trabalhadores (alvo: ≥ 95 % do limite, nunca acima)",
        (
            "caso",
            "enviadas/s",
            "liberadas/s máx",
            "pico no gateway/s",
            "trabalhadores",
            "API",
            "PostgreSQL",
            "gateway falso",
        ),
        [
            (
                nome,
                f"{figures['enviadas_por_s']:,.0f}",
                f"{figures['liberadas_max_por_s']:,.1f}",
                figures["pico_no_gateway_por_s"],
                *(f"{figures['nucleos'][part]:.2f}" for part in ("trabalhadores", "api", "postgres", "gateway")),
            )
            for nome, figures in results.items()
        ],
    )
    told = results.get("com recibos")
    if told:
        show(
            f"Recibos a {recibos_por_s}/s enquanto isso (alvo: p50 ≤ 250 ms, < 1 % acima de 1 s, aplicados em 60 s)",
            (
                "recibos/s",
                "outros que 200",
                "p50 ms",
                "p99 ms",
                "acima de 1 s",
                "wrk núcleos",
                "aplicados após s",
                "lidas",
            ),
            [
                (
                    f"{told['por_s']:,.0f}",
                    told["recusados"],
                    f"{told['p50_ms']:.1f}",
                    f"{told['p99_ms']:.1f}",
                    f"{told['acima_de_1s']:.2%}",
                    told["carga_nucleos"],
                    f"{told['aplicados_apos_s']:.1f}",
                    f"{lidas:,}",
                )
            ],
        )
    keep(
        "pleno", alvo_por_s=POR_S, alvo_recibos_por_s=recibos_por_s, segundos=segundos, resultados=results, lidas=lidas
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segundos", type=int, default=60)
    parser.add_argument("--recibos-por-s", type=int, default=RECIBOS_POR_S)
    parser.add_argument("--sem-recibos", action="store_true")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.segundos, arguments.recibos_por_s, alone=arguments.sem_recibos))
