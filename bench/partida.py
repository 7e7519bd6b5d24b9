"""How long until one can look: from `confirma demo --sem-navegador` on an installed machine to `pronto`.

    python -m bench.partida [--rodadas N]

First start (empty folder: initdb, migrations, a fictitious schedule) and second start on the same data.
"""

import argparse
import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import psutil

from bench.relato import keep, medians, show

ALVO_S: Final = 10.0
_LIMITE_S: Final = 120.0
_ROOT: Final = Path(__file__).resolve().parents[1]
_SYSTEM_HOME: Final = Path("/var/lib/confirma")


async def start_once(dados: Path) -> dict[str, float]:
    """Start the demonstration, wait for its line, end it; return the seconds and the memory of its own process."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from app.cli import main; main()",  # what the installed `confirma` does
        "demo",
        "--sem-navegador",
        "--porta",
        "0",
        "--dados",
        str(dados),
        cwd=_ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(dados), "PYTHONPATH": str(_ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        seconds = await asyncio.wait_for(_until_ready(process, began), _LIMITE_S)
        memory = psutil.Process(process.pid).memory_info().rss / 2**20
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            await asyncio.wait_for(process.wait(), _LIMITE_S)
    return {"segundos": seconds, "memoria_mib": memory}


async def _until_ready(process: asyncio.subprocess.Process, began: float) -> float:
    assert process.stdout is not None
    async for line in process.stdout:
        if line.startswith(b"pronto:"):
            return time.perf_counter() - began
    raise RuntimeError("the demonstration ended before it was ready")


def erase(dados: Path) -> None:
    """Remove the folder, and the cluster that a root's start keeps elsewhere."""
    for marker in dados.rglob("postgres.id"):
        shutil.rmtree(_SYSTEM_HOME / marker.read_text().strip(), ignore_errors=True)
    shutil.rmtree(dados, ignore_errors=True)


async def run(rodadas: int) -> dict[str, list[dict[str, Any]]]:
    results: dict[str, list[dict[str, Any]]] = {"primeira": [], "seguinte": []}
    for _ in range(rodadas):
        dados = Path(tempfile.mkdtemp(prefix="confirma-partida-"))
        try:
            results["primeira"].append(await start_once(dados))
            results["seguinte"].append(await start_once(dados))
        finally:
            erase(dados)
    return results


def main(rodadas: int) -> None:
    results = asyncio.run(run(rodadas))
    middle = {nome: medians(runs) for nome, runs in results.items()}
    show(
        f"De `confirma demo` a `pronto` (mediana de {rodadas}; alvo: < {ALVO_S:.0f} s)",
        ("partida", "segundos", "memória MiB"),
        [(nome, f"{figures['segundos']:.1f}", f"{figures['memoria_mib']:.0f}") for nome, figures in middle.items()],
    )
    keep("partida", alvo_s=ALVO_S, mediana=middle, rodadas=results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rodadas", type=int, default=3)
    main(parser.parse_args().rodadas)
