"""How a measure is shown and kept: one table, one JSON file, and the machine it was taken on."""

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

RESULTADOS: Final = Path(__file__).parent / "resultados"


def median(rodadas: Sequence[Mapping[str, Any]], field: str) -> float:
    return statistics.median(float(rodada[field]) for rodada in rodadas)


def medians(rodadas: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the median of every figure the runs have in common."""
    figures = [name for name, value in rodadas[0].items() if isinstance(value, (int, float))]
    return {name: median(rodadas, name) for name in figures}


def show(title: str, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    table = Table(title=title, title_justify="left")
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="right" if position else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    Console(width=140).print(table)


def keep(name: str, **content: Any) -> None:
    """Write `bench/resultados/<name>.json`."""
    RESULTADOS.mkdir(exist_ok=True)
    whole = {**content, "em": datetime.now(UTC).isoformat(timespec="seconds"), "maquina": machine()}
    text = json.dumps(whole, indent=2, ensure_ascii=False, default=str)
    (RESULTADOS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def cpu_ceiling(*microseconds: float) -> float:
    """Return how many units a second all cores could do at these costs: on a shared machine, the steadier figure."""
    return (os.cpu_count() or 1) * 1e6 / sum(microseconds)


def machine() -> dict[str, Any]:
    """Return what a figure depends on, with the load before us: the machine may be shared."""
    return {
        "nucleos": os.cpu_count(),
        "python": platform.python_version(),
        "sistema": f"{platform.system()} {platform.machine()}",
        "carga_1min": round(os.getloadavg()[0], 2),
    }
