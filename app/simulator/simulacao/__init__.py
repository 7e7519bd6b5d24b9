"""Whole days in virtual time through the real code, from the schedule file to the judge."""

from app.simulator.simulacao.condutor import Andamento
from app.simulator.simulacao.execucao import ZONA, Opcoes, simulate
from app.simulator.simulacao.resultado import Resultado
from app.simulator.simulacao.roteiro import Mudancas, Roteiro, RoteiroInvalido, write_roteiro

__all__ = [
    "ZONA",
    "Andamento",
    "Mudancas",
    "Opcoes",
    "Resultado",
    "Roteiro",
    "RoteiroInvalido",
    "simulate",
    "write_roteiro",
]
