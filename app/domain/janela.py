"""When a unit may write to its patients, by the unit's own clock."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.feriados import Feriados

# A time that falls on closed hours moves to the last open moment before them, minus this: early-morning visits all
# land on that moment, and a channel that takes a few requests per second needs minutes to drain them before it closes.
MARGEM_FECHAMENTO: Final = timedelta(minutes=15)

# However a hospital tunes its hours, nobody is woken.
NOITE_ATE: Final = time(6)
NOITE_DESDE: Final = time(22)

_LIMITE_BUSCA: Final = 31  # days: longer than any run of holidays
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_DIAS: Final = (
    "segunda-feira",
    "terça-feira",
    "quarta-feira",
    "quinta-feira",
    "sexta-feira",
    "sábado",
    "domingo",
)


@dataclass(frozen=True, slots=True, order=True)
class Intervalo:
    """Half-open hours of one day: `inicio` is open, `fim` is closed."""

    inicio: time
    fim: time

    def __post_init__(self) -> None:
        if self.inicio >= self.fim:
            raise ValueError(f"O horário {self} termina antes de começar.")
        if self.inicio < NOITE_ATE or self.fim > NOITE_DESDE:
            raise ValueError(f"O horário {self} invade a noite: use entre 06:00 e 22:00.")

    def __contains__(self, hora: time) -> bool:
        return self.inicio <= hora < self.fim

    def __str__(self) -> str:
        return f"{self.inicio:%H:%M}-{self.fim:%H:%M}"


HorasSemana = tuple[tuple[Intervalo, ...], ...]  # seven days, Monday first
_HoursOf = Callable[[date], Sequence[Intervalo]]


def week_hours(inicio: time = time(8), fim: time = time(20), *, sabado_ate: time | None = time(13)) -> HorasSemana:
    """Return the same hours from Monday to Friday, a shorter Saturday (None: closed) and no Sunday."""
    sabado = () if sabado_ate is None or sabado_ate <= inicio else (Intervalo(inicio, min(sabado_ate, fim)),)
    return ((Intervalo(inicio, fim),),) * 5 + (sabado, ())


@dataclass(frozen=True, slots=True)
class Janela:
    """The open hours of one unit, and what to do with a time outside them.

    Instants go in and come out aware, the latter in UTC. `emergencia` are the
    hours that a closed day (Sunday, holiday) lends when nothing else reaches the
    patient in time; None lends nothing.
    """

    zona: ZoneInfo
    horas: HorasSemana
    feriados: Feriados
    emergencia: Intervalo | None = Intervalo(time(8), time(20))

    def local(self, instant: datetime) -> datetime:
        return instant.astimezone(self.zona)

    def dia_local(self, instant: datetime) -> date:
        return instant.astimezone(self.zona).date()

    def at(self, dia: date, hora: time) -> datetime:
        """Return the instant, in UTC, at which the unit's clock shows `hora` on `dia`."""
        return datetime.combine(dia, hora, tzinfo=self.zona).astimezone(UTC)

    def is_open(self, instant: datetime) -> bool:
        return _holds(self._open_hours, self.local(instant))

    def in_emergencia(self, instant: datetime) -> bool:
        """Tell whether `instant` is in the hours lent by a Sunday or holiday."""
        return _holds(self._lent_hours, self.local(instant))

    def may_send(self, now: datetime, *, planned: datetime) -> bool:
        """Tell whether a message planned for `planned` may leave now: only one planned for lent hours may use them."""
        return self.is_open(now) or (self.in_emergencia(now) and self.in_emergencia(planned))

    def next_opening(self, instant: datetime) -> datetime | None:
        """Return the first open instant from `instant` on, or None if no hours are set at all."""
        return self._first_from(instant, self._open_hours)

    def opening_after_day(self, instant: datetime) -> datetime | None:
        """Return the first open instant of a later local day: where a contact who got today's message is held to."""
        return self.next_opening(self.at(self.dia_local(instant) + timedelta(days=1), time(0)))

    def fit(
        self,
        quando: datetime,
        *,
        not_before: datetime | None = None,
        ate: datetime | None = None,
        emergencia: bool = True,
    ) -> datetime | None:
        """Move `quando` to a time at which a message may leave, in `[not_before, ate)`, or return None.

        Earlier is better than later: a question asked the evening before still
        finds the patient, one asked after the opening may find the slot gone.
        The lent hours of a closed day are the last resort.
        """
        alvo = quando if not_before is None else max(quando, not_before)
        if ate is not None and alvo >= ate:
            return None
        for candidato in self._candidates(alvo, not_before, emergencia=emergencia):
            if candidato is not None and (ate is None or candidato < ate):
                return candidato
        return None

    def palavra_do_dia(self, now: datetime, data_consulta: datetime) -> str:
        """Name the visit's day as a person at the unit would say it now."""
        dia = self.dia_local(data_consulta)
        match (dia - self.dia_local(now)).days:
            case 0:
                return "hoje"
            case 1:
                return "amanhã"
            case _:
                return f"{_DIAS[dia.weekday()]}, {dia:%d/%m}"

    def _candidates(
        self, alvo: datetime, not_before: datetime | None, *, emergencia: bool
    ) -> Iterator[datetime | None]:
        for hours in (self._open_hours, self._lent_hours) if emergencia else (self._open_hours,):
            yield self._last_until(alvo, hours, not_before)
            yield self._first_from(alvo, hours)

    def _open_hours(self, dia: date) -> Sequence[Intervalo]:
        horas = self.horas[dia.weekday()]
        return () if not horas or self.feriados.is_feriado(dia) else horas

    def _lent_hours(self, dia: date) -> Sequence[Intervalo]:
        return () if self.emergencia is None or self._open_hours(dia) else (self.emergencia,)

    def _last_until(self, alvo: datetime, hours: _HoursOf, not_before: datetime | None) -> datetime | None:
        """Return `alvo` if it is within hours, else the nearest earlier time within them, not before `not_before`."""
        local = self.local(alvo)
        if _holds(hours, local):
            return alvo.astimezone(UTC)
        for dia in _days(local.date(), step=-1):
            for intervalo in reversed(hours(dia)):
                fim = self.at(dia, intervalo.fim)
                if fim <= alvo:
                    candidato = max(self.at(dia, intervalo.inicio), fim - MARGEM_FECHAMENTO, not_before or _NEVER)
                    return candidato if candidato < fim else None
        return None

    def _first_from(self, alvo: datetime, hours: _HoursOf) -> datetime | None:
        local = self.local(alvo)
        if _holds(hours, local):
            return alvo.astimezone(UTC)
        for dia in _days(local.date(), step=1):
            for intervalo in hours(dia):
                inicio = self.at(dia, intervalo.inicio)
                if inicio >= alvo:
                    return inicio
        return None


def _holds(hours: _HoursOf, local: datetime) -> bool:
    intervalos = hours(local.date())
    hora = local.time()
    return any(hora in intervalo for intervalo in intervalos)


def _days(dia: date, *, step: int) -> Iterator[date]:
    return (dia + timedelta(days=step * n) for n in range(_LIMITE_BUSCA))
