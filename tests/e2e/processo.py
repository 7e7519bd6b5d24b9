"""A worker in a process of its own, to be killed: opens a database that is there, works until it is told to stop."""

import asyncio
import json
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app import crypto
from app.config import Settings
from app.database import Database
from app.local_secrets import load_or_create_secrets
from app.providers.http import HttpClient, HttpLimits
from app.wiring import build
from app.workers.canais import Canais


async def main() -> None:
    given = json.loads(sys.argv[1])
    started, virtual = datetime.now(UTC), datetime.fromisoformat(given["now"])

    def clock() -> datetime:
        return virtual + (datetime.now(UTC) - started) + timedelta(seconds=given.get("ahead", 0))

    crypto.install(crypto.Keyring({"t1": b"0" * 32}, index_secret=b"testes" * 6))
    database = Database(given["url"], pool_size=5)
    http = HttpClient(HttpLimits(connections=20, connect_s=2, read_s=5))
    canais = Canais(database, http, clock)
    folder = Path(given["data_dir"])
    settings = Settings(data_dir=folder).with_local_secrets(load_or_create_secrets(folder))
    programa = await build(settings, database, clock, http=http, canais=canais, tenant_id=given["tenant"])
    worker = programa.worker(with_cron=False)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
    sys.stdout.write("pronto\n")
    sys.stdout.flush()
    await worker.run()
    await canais.close()
    await http.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main())
