"""The demonstration's clock: it runs faster than the real one, stops, jumps, and is kept in the database."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert

from app.database import Database
from app.domain.feriados import Feriados
from app.models import Relogio

Clock = Callable[[], datetime]
VELOCIDADE: Final = 60.0
ABERTURA: Final = time(8)
_ROW: Final = 1
_FARTHEST: Final = 30  # days: longer than any run of holidays


def first_morning(real: datetime, zona: ZoneInfo, uf: str | None) -> datetime:
    """Return 08:00 at the unit on the next working day."""
    feriados = Feriados(uf)
    hoje = real.astimezone(zona).date()
    proximos = (hoje + timedelta(days=n) for n in range(1, _FARTHEST))
    dia = next(dia for dia in proximos if feriados.is_dia_util(dia))
    return datetime.combine(dia, ABERTURA, zona).astimezone(real.tzinfo)


def next_morning(agora: datetime, zona: ZoneInfo) -> datetime:
    """Return 08:00 at the unit on the day after."""
    dia = agora.astimezone(zona).date() + timedelta(days=1)
    return datetime.combine(dia, ABERTURA, zona).astimezone(agora.tzinfo)


class RelogioVirtual:
    """Called, it says what time it is in the demonstration. Virtual time never goes back."""

    def __init__(self, real: Clock, virtual_em: datetime) -> None:
        """Stand still at `virtual_em` until told to go on."""
        self._real = real
        self._virtual_em = virtual_em
        self._real_em = real()
        self._velocidade = 0.0

    def __call__(self) -> datetime:
        passou = max(self._real() - self._real_em, timedelta(0))  # somebody may set the real clock back
        return self._virtual_em + passou * self._velocidade

    @property
    def velocidade(self) -> float:
        """How many times as fast as real time; 0 while stopped."""
        return self._velocidade

    def run_at(self, velocidade: float) -> None:
        """Go on from the present moment at another speed."""
        self.set(self())
        self._velocidade = velocidade

    def set(self, virtual_em: datetime) -> None:
        self._virtual_em, self._real_em = virtual_em, self._real()

    async def load(self, database: Database) -> bool:
        """Take up where the last demonstration on this database ended; False when there was none."""
        async with database.global_scope() as session:
            row = await session.get(Relogio, _ROW)
        if row is None:
            return False
        self._velocidade = row.velocidade
        self.set(row.virtual_em)  # the time in between does not count
        return True

    async def save(self, database: Database) -> None:
        agora = {"virtual_em": self(), "real_em": self._real(), "velocidade": self._velocidade}
        row = insert(Relogio).values(id=_ROW, **agora)
        async with database.global_scope() as session:
            await session.execute(row.on_conflict_do_update(index_elements=["id"], set_=agora))
