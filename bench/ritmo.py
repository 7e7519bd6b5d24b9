"""How many patients a minute an account of Botconversa reaches: 600 requests, several per patient.

    python -m bench.ritmo

Beside what the gateway's price list says, what the release and the worker do in virtual time: a clock moved by hand in
steps of a second, the channel's own rate, and a fake gateway that counts and refuses what is above it.
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text

from app.simulator.botconversa import FakeBotconversa
from app.simulator.botconversa.options import FakeOptions
from app.wiring import Programa, open_programa
from bench.ambiente import CHAVE, INICIO, open_bancada
from bench.relato import keep, show
from bench.sementes import erase, phone, seed

POR_MINUTO: Final = 600
MINUTOS: Final = 2
_PASSO: Final = timedelta(seconds=1)
_CAMPOS: Final = {"id_tabela": "id_tabela", "nr_seq_agenda": "nr_seq_agenda"}
_CASOS: Final[tuple[tuple[str, bool, dict[str, str]], ...]] = (
    ("contato conhecido, só a mensagem", True, {}),
    ("contato conhecido, 2 campos", True, _CAMPOS),
    ("contato novo, só a mensagem", False, {}),
    ("contato novo, 2 campos", False, _CAMPOS),
)
_BUSY: Final = text("SELECT EXISTS (SELECT FROM mensagens WHERE estado IN ('na_fila', 'em_envio'))")
_SENT: Final = text("SELECT count(*) FROM mensagens WHERE estado = 'enviada'")


@dataclass(slots=True)
class RelogioDeMao:
    now: datetime = INICIO

    def __call__(self) -> datetime:
        return self.now


async def wait_idle(programa: Programa) -> None:
    while True:
        async with programa.database.session_scope(programa.tenant_id) as session:
            if not await session.scalar(_BUSY):
                return
        await asyncio.sleep(0.005)


async def measure(programa: Programa, fake: FakeBotconversa, relogio: RelogioDeMao, *, known: bool) -> dict[str, Any]:
    """Send for some virtual minutes as fast as the channel allows; return patients and requests of a minute."""
    phones = [phone(number) for number in range(POR_MINUTO * MINUTOS)]
    ids = [str(fake.add_contact(number).id) for number in phones] if known else None
    await seed(programa, phones, ids, now=relogio.now)
    await programa.scheduler.run_all()
    requests = fake.requests
    for _ in range(int(timedelta(minutes=MINUTOS) / _PASSO)):
        await programa.scheduler.release()
        await wait_idle(programa)
        relogio.now += _PASSO
    async with programa.database.session_scope(programa.tenant_id) as session:
        sent = int(await session.scalar(_SENT) or 0)
    return {
        "pacientes_por_minuto": sent / MINUTOS,
        "requisicoes_por_minuto": (fake.requests - requests) / MINUTOS,
        "requisicoes_por_paciente": (fake.requests - requests) / sent,
    }


async def run_case(known: bool, campos: dict[str, str]) -> dict[str, Any]:  # noqa: FBT001  a row of the table
    relogio = RelogioDeMao()
    fake = FakeBotconversa(relogio, CHAVE, FakeOptions(per_minute=POR_MINUTO, keep_conversations=False))
    await fake.start()
    async with (
        open_bancada(BOTCONVERSA_API_URL=fake.url) as bancada,
        open_programa(bancada.settings, relogio) as programa,
    ):
        config = json.dumps({"base_url": fake.url, "campos": campos})
        async with programa.database.session_scope(programa.tenant_id) as session:
            await session.execute(text("UPDATE canais SET config = CAST(:config AS jsonb)"), {"config": config})
        worker = programa.worker(with_cron=False, releases=False)
        task = asyncio.create_task(worker.run())
        try:
            figures = await measure(programa, fake, relogio, known=known)
        finally:
            worker.stop()
            await task
        costs = (await programa.canais.vias())[programa.tenant_id].values()
        most = max(cost.custo(known, False) for cost in costs)  # noqa: FBT003
        figures["custo_maximo"] = most
        figures["recusas_429"] = sum(row["status"] == 429 for row in fake.log)
        await erase(bancada)
    await fake.stop()
    return figures


async def main() -> None:
    results = {nome: await run_case(known, campos) for nome, known, campos in _CASOS}
    show(
        f"Pacientes por minuto a {POR_MINUTO} requisições por minuto ({MINUTOS} minutos virtuais)",
        ("caso", "pacientes/min", "requisições/min", "req. por paciente", "custo máximo", "429"),
        [
            (
                nome,
                f"{figures['pacientes_por_minuto']:,.0f}",
                f"{figures['requisicoes_por_minuto']:,.0f}",
                f"{figures['requisicoes_por_paciente']:.2f}",
                figures["custo_maximo"],
                figures["recusas_429"],
            )
            for nome, figures in results.items()
        ],
    )
    keep("ritmo", por_minuto=POR_MINUTO, minutos=MINUTOS, casos=results)


if __name__ == "__main__":
    asyncio.run(main())
