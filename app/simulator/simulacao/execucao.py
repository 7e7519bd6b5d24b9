"""One simulation from beginning to end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final
from zoneinfo import ZoneInfo

from app.simulator.botconversa import FaultPlan
from app.simulator.oraculo import Regras
from app.simulator.pacientes import MISTURA_PADRAO, Mistura
from app.simulator.simulacao.ambiente import Ambiente, MakeApp, open_ambiente
from app.simulator.simulacao.condutor import Andamento, Condutor
from app.simulator.simulacao.conversas import Pacientes
from app.simulator.simulacao.falhas import TAXAS, DiaRuim, Falhas
from app.simulator.simulacao.relogio import Relogio
from app.simulator.simulacao.resultado import Resultado, sum_up
from app.simulator.simulacao.roteiro import Roteiro

ZONA: Final = ZoneInfo("America/Sao_Paulo")


def _unheard(_: Andamento) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Opcoes:
    """How a simulation is played; the schedule is the script's."""

    semente: int
    falhas: bool = False
    mistura: Mistura = MISTURA_PADRAO
    zona: ZoneInfo = ZONA
    regras: Regras = field(default_factory=Regras)


async def simulate(
    roteiro: Roteiro,
    opcoes: Opcoes,
    *,
    make_app: MakeApp,
    progress: Callable[[Andamento], None] = _unheard,
) -> Resultado:
    """Play a script in virtual time through the real code, and judge it. Called from the main thread."""
    comeco = perf_counter()
    relogio = Relogio(roteiro.inicio)
    pacientes = Pacientes(opcoes.semente, opcoes.mistura, relogio)
    faults = FaultPlan(opcoes.semente, TAXAS if opcoes.falhas else {})
    async with open_ambiente(
        roteiro, pacientes, relogio, zona=opcoes.zona, make_app=make_app, faults=faults
    ) as ambiente:
        dia_ruim = _bad_day(ambiente, roteiro) if opcoes.falhas else DiaRuim()
        await Condutor(ambiente, roteiro, dia_ruim, progress=progress).run()
        return await sum_up(ambiente, roteiro, regras=opcoes.regras, segundos=perf_counter() - comeco)


def _bad_day(ambiente: Ambiente, roteiro: Roteiro) -> Falhas:
    return Falhas(ambiente, roteiro.primeiro_dia)
