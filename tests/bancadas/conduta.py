"""What Confirma did when a gateway failed: played through the whole program, and written down as facts."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from app.simulator.gateway import Fault, Receipts
from tests.bancadas.base import PHONE, Bancada
from tests.bancadas.cena import Cena, Palco, open_cena

_AFTER: Final = (15, 60, 600)
"""When it is looked at again, in seconds from one look to the next: the fault has passed."""
_AN_HOUR: Final = (15, 45, 60, 120, 240, 420, 900, 900, 900)
"""While the fault goes on."""
_NEXT_STEP: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class Acidente:
    """What goes wrong at the first channel. `arrange` returns the phone to be asked, None where it cannot happen."""

    nome: str
    arrange: Callable[[Bancada], Awaitable[str | None]]
    lasts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduta:
    """Facts of one story."""

    estado: str
    """Of the message, as soon as the gateway was done with."""
    motivo: str | None
    espera: timedelta | None
    """How long it waits for its next try."""
    pausa: timedelta | None
    """How long the channel sends nothing at all."""
    pausa_motivo: str | None
    conta: bool
    """It counts against the channel's health."""
    depois: str
    """The state in the end."""
    fim_motivo: str | None
    atencao: str | None
    chegou: int
    """How often the patient got it by then."""
    pela_reserva: int
    """… of which by the second channel."""
    coberta: bool
    """A day later the next step asked again."""


def _by(fault: Fault) -> Callable[[Bancada], Awaitable[str | None]]:
    async def arrange(bancada: Bancada) -> str:
        bancada.fail_next(fault)
        return PHONE

    return arrange


async def _fall(bancada: Bancada) -> str:
    bancada.fall(503)
    return PHONE


async def _vanish(bancada: Bancada) -> str:
    await bancada.stop()
    return PHONE


async def _refuse_key(bancada: Bancada) -> str:
    bancada.refuse_key()
    return PHONE


async def _refuse_number(bancada: Bancada) -> str | None:
    return bancada.refuse_number()


ACIDENTES: Final = (
    Acidente("answers late", _by(Fault.SLOW)),
    Acidente("answers 200 with a page of HTML", _by(Fault.GARBAGE)),
    Acidente("takes it, then cuts the line", _by(Fault.LOST_ANSWER)),
    Acidente("takes it, then never answers", _by(Fault.SILENT)),
    Acidente("takes it, then answers 500", _by(Fault.ERROR_AFTER)),
    Acidente("takes nothing, cuts the line", _by(Fault.RESET)),
    Acidente("takes nothing, answers 500", _by(Fault.REFUSED_500)),
    Acidente("asks to go slower", _by(Fault.THROTTLE)),
    Acidente("answers everything with 503", _fall, lasts=True),
    Acidente("is gone: nobody listens", _vanish, lasts=True),
    Acidente("refuses the key", _refuse_key, lasts=True),
    Acidente("says that nobody has this number", _refuse_number),
)


async def play(palco: Palco, kind: str, acidente: Acidente) -> Conduta | None:
    """Play one accident; None where this gateway cannot have it."""
    now = palco.now
    async with open_cena(palco, kind) as cena:
        phone = await acidente.arrange(cena.primeiro.bancada)
        if phone is None:
            return None
        await cena.importar(phone)
        await cena.step()
        logo, canal = await _message(cena), await _canal(cena)
        for seconds in _AN_HOUR if acidente.lasts else _AFTER:
            await cena.step(seconds=seconds)
        fim = await _message(cena)
        primeiro, reserva = cena.primeiro.bancada.arrived, cena.reserva.bancada.arrived
        [visita] = await cena.rows("SELECT atencao FROM atendimentos")
        await cena.step(seconds=_NEXT_STEP)
        now_arrived = cena.primeiro.bancada.arrived + cena.reserva.bancada.arrived
        return Conduta(
            estado=logo["estado"],
            motivo=logo["motivo"],
            espera=logo["quando"] - now if logo["estado"] == "agendada" else None,
            pausa=canal["pausado_ate"] - now if canal["pausado_ate"] else None,
            pausa_motivo=canal["pausa_motivo"],
            conta=canal["erros"] > 0 or canal["quedas"] > 0,
            depois=fim["estado"],
            fim_motivo=fim["motivo"],
            atencao=visita["atencao"],
            chegou=primeiro + reserva,
            pela_reserva=reserva,
            coberta=now_arrived > primeiro + reserva,
        )


async def play_receipts(palco: Palco, kind: str, how: Receipts, *, fault: Fault | None = None) -> str | None:
    """Play one way of telling receipts; return the message's state in the end, None where this kind tells nothing."""
    async with open_cena(palco, kind) as cena:
        if not (await cena.capabilities()).receipts:
            return None
        cena.primeiro.bancada.tell(how)
        cena.eager = how is Receipts.EARLY
        if fault is not None:
            cena.primeiro.bancada.fail_next(fault)
        await cena.importar()
        for seconds in (0, 15, 60, 600):
            await cena.step(seconds=seconds)
        if set(cena.ouvinte.statuses) - {200} or cena.primeiro.bancada.arrived != 1:
            raise AssertionError(f"{kind}, {how}: {cena.ouvinte.statuses}, {cena.primeiro.bancada.arrived}×")
        return str((await _message(cena))["estado"])


async def _message(cena: Cena) -> Mapping[str, Any]:
    rows = await cena.rows("SELECT estado, motivo, quando FROM mensagens ORDER BY id DESC LIMIT 1")
    return rows[0]


async def _canal(cena: Cena) -> Mapping[str, Any]:
    [row] = await cena.rows(
        "SELECT pausado_ate, pausa_motivo, erros, quedas FROM canais WHERE id = :c", c=cena.primeiro.id
    )
    return row
