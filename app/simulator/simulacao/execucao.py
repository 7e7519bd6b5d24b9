"""One simulation from beginning to end."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from typing import Final
from zoneinfo import ZoneInfo

from app.simulator.botconversa import FaultPlan
from app.simulator.oraculo import Regras
from app.simulator.pacientes import MISTURA_PADRAO, Mistura
from app.simulator.simulacao.ambiente import MakeApp, open_ambiente
from app.simulator.simulacao.condutor import Andamento, Condutor
from app.simulator.simulacao.conversas import Pacientes
from app.simulator.simulacao.falhas import TAXAS, DiaRuim, Falhas
from app.simulator.simulacao.relogio import Relogio
from app.simulator.simulacao.resultado import Resultado, sum_up
from app.simulator.simulacao.roteiro import Roteiro
from app.wiring import Programa

_RESPOSTA_COM_FALHAS: Final = timedelta(minutes=90)
ZONA: Final = ZoneInfo("America/Sao_Paulo")  # of the simulated hospital


def _unheard(_: Andamento) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Opcoes:
    """How a simulation is played; the schedule is the script's."""

    semente: int
    falhas: bool = False
    mistura: Mistura = MISTURA_PADRAO

    @property
    def regras(self) -> Regras:
        """What the judge holds the program to; after an hour without gateway an answer may come late."""
        return Regras(resposta_ate=_RESPOSTA_COM_FALHAS) if self.falhas else Regras()


async def simulate(
    roteiro: Roteiro,
    opcoes: Opcoes,
    *,
    make_app: MakeApp,
    progress: Callable[[Andamento], None] = _unheard,
    prepare: Callable[[Programa], Awaitable[None]] | None = None,
) -> Resultado:
    """Play a script in virtual time through the real code, and judge it. Called from the main thread.

    `prepare` may change the hospital before the first instant; the judge does not know.
    """
    comeco = perf_counter()
    relogio = Relogio(roteiro.inicio)
    pacientes = Pacientes(opcoes.semente, opcoes.mistura, relogio)
    faults = FaultPlan(opcoes.semente, TAXAS if opcoes.falhas else {})
    async with open_ambiente(roteiro, pacientes, relogio, make_app=make_app, faults=faults) as ambiente:
        if prepare is not None:
            await prepare(ambiente.programa)
        dia_ruim = Falhas(ambiente, roteiro.primeiro_dia) if opcoes.falhas else DiaRuim()
        await Condutor(ambiente, roteiro, dia_ruim, progress=progress).run()
        return await sum_up(ambiente, roteiro, regras=opcoes.regras, segundos=perf_counter() - comeco)
