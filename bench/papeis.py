"""The other processes of a bench: the fake gateway, a worker, the HTTP side, and who loads them.

python -m bench.papeis PAPEL JSON
"""

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp
import uvloop
from loguru import logger

from app.api.server import ApiServer, open_socket, port_of
from app.config import load_settings
from app.main import create_app
from app.providers.http import HttpClient, HttpLimits
from app.simulator.botconversa import FakeBotconversa
from app.simulator.botconversa.options import FakeOptions
from app.simulator.gateway import Receipts, Taken
from app.simulator.meta import FakeMeta
from app.wiring import open_programa
from bench.ambiente import CHAVE, SEGREDO, shifted_clock
from bench.canal_meta import fake_options

Argumentos = Mapping[str, Any]


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def tell_logs() -> None:
    logger.remove()
    logger.add(sys.stderr, level="WARNING", format="{time:HH:mm:ss} {message} {extra}")


def stopping() -> asyncio.Event:
    event = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, event.set)
    return event


async def leave_with_parent() -> None:
    """End when the bench is gone, whatever ended it."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110  nobody tells an orphan
        await asyncio.sleep(1)
    os._exit(1)


async def gateway(arguments: Argumentos) -> None:
    """Run the fake gateway without a limit and without a log, with contacts it knows already."""
    options = FakeOptions(per_minute=None, keep_log=False, keep_conversations=False)
    fake = FakeBotconversa(shifted_clock(time.time()), CHAVE, options)
    ids = [fake.add_contact(phone).id for phone in arguments["telefones"]]
    stop = stopping()
    await fake.start()
    say(url=fake.url, ids=[str(number) for number in ids])
    await stop.wait()
    await fake.stop()


async def gateway_meta(arguments: Argumentos) -> None:
    """Run a fake Cloud API without a limit; asked on standard input, it tells what arrived and the fullest second.

    `morre_em`: from this message on every connection is cut.
    """
    fake = FakeMeta(shifted_clock(time.time()), fake_options())
    fake.keep_log, fake.receipts = False, Receipts.NEVER
    arrived: list[float] = []
    phones: list[str] = []
    deadly = arguments.get("morre_em")

    def note(taken: Taken) -> None:
        arrived.append(time.time())
        phones.append(taken.phone)
        if deadly is not None and len(arrived) >= deadly:
            fake.outage = 0

    fake.on_taken = note
    stop = stopping()
    await fake.start()
    say(url=fake.url)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while not stop.is_set() and await reader.readline():
        seconds = Counter(int(instant) for instant in arrived)
        say(total=len(arrived), pico=max(seconds.values(), default=0), instantes=arrived, telefones=phones)
        arrived.clear()
        phones.clear()
        fake.messages.clear()
    await fake.stop()


async def worker(arguments: Argumentos) -> None:
    """Run one worker as an installation does: it releases and sends until told to stop."""
    settings = load_settings(arguments["environ"], env_file=None)
    async with open_programa(settings, shifted_clock(arguments["since"])) as programa:
        running = programa.worker(with_cron=False, releases=True)
        stop = stopping()
        task = asyncio.create_task(running.run())
        say(pronto=True)
        await stop.wait()
        running.stop()
        await task


async def api(arguments: Argumentos) -> None:
    """Serve the program over HTTP on a free port."""
    settings = load_settings(arguments["environ"], env_file=None)
    async with open_programa(settings, shifted_clock(arguments["since"])) as programa:
        opened = open_socket("127.0.0.1", 0)
        server = ApiServer(create_app(programa), opened)
        await server.start()
        stop = stopping()
        say(porta=port_of(opened))
        await stop.wait()
        await server.stop()


async def carga_gateway(arguments: Argumentos) -> None:
    """Send texts over the program's own HTTP client alone: the ceiling of what can leave."""
    http = HttpClient(HttpLimits(connections=arguments["conexoes"]))
    headers = {"API-KEY": CHAVE, "Accept": "application/json", "Content-Type": "application/json"}
    body = json.dumps({"type": "text", "value": "x" * 300}).encode()

    async def post(ident: str) -> None:
        url = f"{arguments['url']}/subscriber/{ident}/send_message/"
        response = await http.request("POST", url, headers=headers, body=body, repeatable=False)
        assert response.ok

    say(**await _loaded(post, arguments["ids"], arguments["conexoes"]))
    await http.close()


async def carga_webhook(arguments: Argumentos) -> None:
    """Send each phone's answer as n8n does, over as many connections as told."""
    headers = {"X-Webhook-Secret": SEGREDO, "Content-Type": "application/json"}
    draw = random.Random(7)  # noqa: S311  whose answer comes when is no secret
    phones = list(arguments["telefones"])
    draw.shuffle(phones)
    answers = ("1", "1", "1", "sim", "confirmo", "0", "não vou poder ir")
    connector = aiohttp.TCPConnector(limit=arguments["conexoes"])
    async with aiohttp.ClientSession(connector=connector) as session:

        async def post(phone: str) -> None:
            body = {"telefone": phone.lstrip("+"), "subscriber_id": "", "resposta": draw.choice(answers)}
            async with session.post(arguments["url"], data=json.dumps(body), headers=headers) as response:
                answer = await response.json()
                if response.status != 200 or not answer["success"]:
                    raise RuntimeError(f"{response.status}: {answer}")

        say(**await _loaded(post, phones, arguments["conexoes"]))


async def _loaded(post: Callable[[str], Awaitable[None]], items: Sequence[str], connections: int) -> dict[str, Any]:
    """Call `post` for every item, so many at a time; return seconds, CPU and each call's milliseconds."""
    waiting = iter(items)
    took: list[float] = []

    async def line() -> None:
        for item in waiting:
            began = time.perf_counter()
            await post(item)
            took.append((time.perf_counter() - began) * 1000)

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(line() for _ in range(connections)))
    return {"segundos": time.perf_counter() - began, "cpu_s": time.process_time() - cpu, "ms": sorted(took)}


_PAPEIS: Final[Mapping[str, Callable[[Argumentos], Awaitable[None]]]] = {
    role.__name__: role for role in (gateway, gateway_meta, worker, api, carga_gateway, carga_webhook)
}


def read_arguments() -> Argumentos:
    arguments: dict[str, Any] = json.loads(sys.argv[2])
    if "arquivo" in arguments:  # longer than a command line may be
        arguments |= json.loads(Path(arguments["arquivo"]).read_text(encoding="utf-8"))
    return arguments


async def main(arguments: Argumentos) -> None:
    tell_logs()
    watch = asyncio.create_task(leave_with_parent())
    with contextlib.suppress(KeyboardInterrupt):
        await _PAPEIS[sys.argv[1]](arguments)
    watch.cancel()


if __name__ == "__main__":
    uvloop.run(main(read_arguments()))
