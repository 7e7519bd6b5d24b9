"""The judge of a simulated run: it knows the input and what the gateway saw, and nothing of the program.

`judge(visitas, registros, respostas, finais, de=..., ate=...)` returns a `Veredito`. A guard test keeps this
package free of the rest of `app`: a rule it shared with the program could not find the program wrong.
"""

from app.simulator.oraculo.entrada import Evento, Regras, VisitaEntrada
from app.simulator.oraculo.ficha import Achado
from app.simulator.oraculo.texto import read_texto
from app.simulator.oraculo.veredito import CRITERIOS, Veredito, judge

__all__ = ["CRITERIOS", "Achado", "Evento", "Regras", "Veredito", "VisitaEntrada", "judge", "read_texto"]
