"""How fast a schedule comes in: the real 84,076 rows, from the file to committed rows with their history.

    python -m bench.importacao [--rodadas N] [--json ARQUIVO]

Each run has an empty database of its own; the file is imported twice, the second time changes nothing.
"""

import argparse
import asyncio
import json
import os
import platform
import resource
import secrets
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from app import crypto
from app.connectors.csv_file import read_agenda
from app.database import Database, migrate
from app.embedded import EmbeddedPostgres, create_roles
from app.services.importacao_leitura import read_all
from app.services.importacao_service import ImportacaoService, ResultadoImportacao

ARQUIVO: Final = Path("agenda_vitoria/agenda_2016_ate_05-31.csv.gz")
RESULTADO: Final = Path(__file__).parent / "resultados" / "importacao.json"
LIMITE_S: Final = 20.0
ZONA: Final = ZoneInfo("America/Sao_Paulo")
NOW: Final = datetime(2016, 4, 28, 11, tzinfo=UTC)  # before the first visit: every row is one to plan


@dataclass(frozen=True, slots=True)
class Rodada:
    """One run: the file read alone, imported, imported again."""

    linhas: int
    leitura_s: float
    primeira_s: float
    repetida_s: float
    memoria_mib: float


def data_file() -> Path:
    folder = Path(os.environ.get("CONFIRMA_DADOS") or Path(__file__).resolve().parents[2] / "shared" / "data")
    return folder / ARQUIVO


async def new_hospital(server: EmbeddedPostgres, name: str) -> tuple[Database, int]:
    password = secrets.token_urlsafe(12)
    await create_roles(server.address, server_password, owner=password, app=password, database=name)
    owner, app = (
        server.address.dsn(role, password, name).replace("postgresql:", "postgresql+asyncpg:", 1)
        for role in ("confirma_owner", "confirma_app")
    )
    await migrate(owner, app_role="confirma_app")
    database = Database(app)
    async with database.global_scope() as session:
        tenant_id = await session.scalar(text("INSERT INTO tenants (slug, nome) VALUES ('b', 'Bancada') RETURNING id"))
    return database, int(tenant_id or 0)


async def importar(service: ImportacaoService, arquivo: Path) -> tuple[float, ResultadoImportacao]:
    start = time.perf_counter()
    with read_agenda(arquivo, nome=arquivo.name, zona=ZONA) as agenda:
        resultado = await service.importar(agenda, origem="hospital", now=NOW)
    return time.perf_counter() - start, resultado


def read_only(arquivo: Path) -> float:
    start = time.perf_counter()
    with read_agenda(arquivo, nome=arquivo.name, zona=ZONA) as agenda:
        read_all(agenda, now=NOW)
    return time.perf_counter() - start


async def run(server: EmbeddedPostgres, arquivo: Path, number: int) -> Rodada:
    leitura_s = read_only(arquivo)
    database, tenant_id = await new_hospital(server, f"bancada_{number}")
    try:
        service = ImportacaoService(database, tenant_id, zona=ZONA)
        primeira_s, primeira = await importar(service, arquivo)
        repetida_s, repetida = await importar(service, arquivo)
    finally:
        await database.close()
    assert repetida.inalterados == primeira.criados
    assert not repetida.criados
    assert not repetida.atualizados
    memoria = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Rodada(primeira.criados, leitura_s, primeira_s, repetida_s, memoria)


def show(rodadas: list[Rodada]) -> None:
    table = Table(title=f"Importação da agenda (mediana de {len(rodadas)} rodadas)")
    for heading in ("etapa", "linhas", "segundos", "linhas/s"):
        table.add_column(heading, justify="left" if heading == "etapa" else "right")
    linhas = rodadas[0].linhas
    for etapa, field in (
        ("só ler o arquivo", "leitura_s"),
        (f"importar (limite: {LIMITE_S:.0f} s)", "primeira_s"),
        ("importar de novo: nada muda", "repetida_s"),
    ):
        seconds = median(rodadas, field)
        table.add_row(etapa, f"{linhas:,}", f"{seconds:.2f}", f"{linhas / seconds:,.0f}")
    Console().print(table)
    print(f"memória máxima do processo: {max(r.memoria_mib for r in rodadas):.0f} MiB")


def median(rodadas: list[Rodada], field: str) -> float:
    return float(statistics.median(getattr(rodada, field) for rodada in rodadas))


def write(rodadas: list[Rodada], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    result = {
        "limite_s": LIMITE_S,
        "linhas": rodadas[0].linhas,
        "mediana": {field: round(median(rodadas, field), 3) for field in ("leitura_s", "primeira_s", "repetida_s")},
        "memoria_mib": round(max(rodada.memoria_mib for rodada in rodadas)),
        "rodadas": [asdict(rodada) for rodada in rodadas],
        "maquina": {"nucleos": os.cpu_count(), "python": platform.python_version()},
    }
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


async def main(rodadas: int, path: Path) -> None:
    arquivo = data_file()
    if not arquivo.is_file():
        sys.exit(f"Arquivo não encontrado: {arquivo}. Diga em CONFIRMA_DADOS onde estão os dados.")
    crypto.install(crypto.Keyring({"b1": secrets.token_bytes(32)}, index_secret=secrets.token_bytes(32)))
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder) / "pg", superuser_password=server_password)
        server.start()
        try:
            results = [await run(server, arquivo, number) for number in range(rodadas)]
        finally:
            server.stop()
            server.erase()
    show(results)
    write(results, path)


server_password: Final = secrets.token_urlsafe(12)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rodadas", type=int, default=3)
    parser.add_argument("--json", type=Path, default=RESULTADO)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.rodadas, arguments.json))
