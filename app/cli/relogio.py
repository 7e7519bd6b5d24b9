"""What time it is for a command: the demonstration's time on a demonstration's data, else the real one."""

import fcntl
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from app.database import Database
from app.models import Relogio
from app.wiring import system_clock


class RelogioDoBanco:
    """The real time, until `follow` finds that the database keeps a clock of its own."""

    def __init__(self) -> None:
        """Tell the real time."""
        self._row: Relogio | None = None
        self._is_running = False

    def __call__(self) -> datetime:
        real, row = system_clock(), self._row
        if row is None:
            return real
        return row.virtual_em + (real - row.real_em) * row.velocidade if self._is_running else row.virtual_em

    async def follow(self, database: Database, data_dir: Path) -> None:
        """Take over the demonstration's clock, if there is one; it stands still while no demonstration runs."""
        async with database.global_scope() as sessao:
            self._row = (await sessao.scalars(select(Relogio).limit(1))).first()
        self._is_running = self._row is not None and _is_held(data_dir / "demo.lock")


def _is_held(lock: Path) -> bool:
    try:
        with lock.open() as opened:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
