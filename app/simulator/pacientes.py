"""Patients who answer like people: late, at breakfast, twice, in their own words, or not at all.

Everything is drawn from a hash of seed, phone, day and ordinal, so the same message gets the same reaction
whatever else happens around it and in whichever order messages arrive.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.resources import files
from statistics import NormalDist
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.simulator.oraculo.texto import Leitura, read_texto

_ROTULOS: Final[Mapping[str, float]] = {
    "confirm": 0.70,
    "cancel": 0.12,
    "reschedule": 0.08,
    "question": 0.03,
    "unclear": 0.03,
    "greeting": 0.015,
    "wrong_number": 0.01,
    "opt_out": 0.01,
    "deceased": 0.003,
    "urgent": 0.002,
}
_MUDANCAS: Final[Mapping[str, Sequence[str]]] = {
    "confirm": ("cancel", "cancel", "reschedule"),
    "cancel": ("reschedule", "confirm"),
    "reschedule": ("cancel",),
}
_SIM_NAO: Final[Mapping[str, Sequence[tuple[str, str]]]] = {  # ways to say yes or no after a letter
    "palavra": (("confirm", "sim"), ("cancel", "não")),
    "numero": (("confirm", "1"), ("cancel", "0")),
}
_NORMAL: Final = NormalDist()
_ACORDA, _DORME = 6.75, 23.0  # hours of the day, in the patient's zone


@dataclass(frozen=True, slots=True)
class Mistura:
    """How a town answers. Shares are of 1."""

    responde: float = 0.55
    responde_lembrete: float = 0.35
    responde_insistencia: float = 0.75  # to "não entendi" and "which one?"
    rotulos: Mapping[str, float] = field(default_factory=lambda: _ROTULOS)
    clara: float = 0.55  # a digit or one plain word
    idosa: float = 0.15  # people who write as on paper
    por_letra: float = 0.30  # of those asked about several visits at once
    repete: float = 0.03
    muda_de_ideia: float = 0.03
    agradece: float = 0.04
    noturna: float = 0.15  # of what would be answered at night, really is
    mediana: timedelta = timedelta(minutes=25)
    dispersao: float = 1.4
    zona: str = "America/Sao_Paulo"


MISTURA_PADRAO: Final = Mistura()


@dataclass(frozen=True, slots=True)
class Resposta:
    """One message a patient will write. `inequivoca`: so plain that it must have its effect."""

    quando: datetime
    texto: str
    rotulo: str
    inequivoca: bool
    por_letra: Mapping[str, str] = field(default_factory=dict)

    def as_registro(self, telefone: str) -> dict[str, Any]:
        """Return the row of the answers' log that the judge reads."""
        return {
            "em": self.quando.isoformat(),
            "telefone": telefone,
            "texto": self.texto,
            "rotulo_esperado": self.rotulo,
            "inequivoca": self.inequivoca,
            "por_letra": dict(self.por_letra),
        }


@dataclass(frozen=True, slots=True)
class _Sorte:
    """Named draws: each name has its own number, whoever else draws."""

    base: str

    def draw(self, nome: str) -> float:
        digest = hashlib.sha256(f"{self.base}|{nome}".encode()).digest()
        return int.from_bytes(digest[:8]) / 2**64

    def happens(self, nome: str, chance: float) -> bool:
        return self.draw(nome) < chance

    def pick(self, nome: str, opcoes: Sequence[str]) -> str:
        return opcoes[int(self.draw(nome) * len(opcoes))]

    def weigh(self, nome: str, pesos: Mapping[str, float]) -> str:
        alvo = self.draw(nome) * sum(pesos.values())
        for rotulo, peso in pesos.items():
            alvo -= peso
            if alvo < 0:
                return rotulo
        return next(iter(pesos))


def _load_falas() -> Mapping[str, Mapping[str, Sequence[str]]]:
    texto = files("app.simulator").joinpath("falas.json").read_text(encoding="utf-8")
    falas: Mapping[str, Mapping[str, Sequence[str]]] = json.loads(texto)
    return falas


FALAS: Final = _load_falas()


def reagir(
    seed: int | str,
    telefone: str,
    texto_recebido: str,
    *,
    ordinal: int,
    em: datetime,
    mistura: Mistura = MISTURA_PADRAO,
) -> list[Resposta]:
    """Return what this phone writes after the `ordinal`-th message (from 1) it received, delivered at `em`."""
    dia = em.astimezone(ZoneInfo(mistura.zona)).date()
    sorte = _Sorte(f"{seed}|{telefone}|{dia}|{ordinal}")
    leitura = read_texto(texto_recebido)
    if not leitura.pergunta:
        return _thank(sorte, em, mistura)
    if not sorte.happens("responde", _chance(texto_recebido, leitura, ordinal, mistura)):
        return []
    pessoa = _Sorte(f"{seed}|{telefone}")
    primeira = _first(sorte, pessoa, leitura, em, texto=texto_recebido, mistura=mistura)
    return [primeira, *_afterthoughts(sorte, primeira, mistura)]


def _chance(texto: str, leitura: Leitura, ordinal: int, mistura: Mistura) -> float:
    if _is_insistencia(texto) or not leitura.opcoes:
        return mistura.responde_insistencia
    return mistura.responde if ordinal <= 1 else mistura.responde_lembrete


def _is_insistencia(texto: str) -> bool:
    return "não entendi" in texto.lower()


def _first(sorte: _Sorte, pessoa: _Sorte, leitura: Leitura, em: datetime, *, texto: str, mistura: Mistura) -> Resposta:
    quando = em + _delay(sorte, em, mistura)
    if leitura.letras and (not leitura.opcoes or sorte.happens("por letra", mistura.por_letra)):
        return _by_letter(sorte, sorted(leitura.letras), quando)
    if _is_insistencia(texto):
        rotulo = sorte.weigh("insistência", {"confirm": 0.85, "cancel": 0.15})
        return Resposta(quando, FALAS[rotulo]["claras"][0], rotulo, inequivoca=True)
    rotulo = sorte.weigh("rótulo", mistura.rotulos)
    fala, clara = _phrase(sorte, pessoa, rotulo, mistura)
    return Resposta(quando, fala, rotulo, inequivoca=clara)


def _phrase(sorte: _Sorte, pessoa: _Sorte, rotulo: str, mistura: Mistura) -> tuple[str, bool]:
    falas = FALAS[rotulo]
    if falas["idosas"] and pessoa.happens("idosa", mistura.idosa):
        return sorte.pick("fala", falas["idosas"]), False
    if falas["claras"] and sorte.happens("clara", mistura.clara):
        return sorte.pick("fala", falas["claras"]), True
    return sorte.pick("fala", falas["livres"]), False


def _by_letter(sorte: _Sorte, letras: Sequence[str], quando: datetime) -> Resposta:
    modo = dict(_SIM_NAO[sorte.pick("modo", tuple(_SIM_NAO))])
    escolhas = {letra: sorte.weigh(f"letra {letra}", {"confirm": 0.75, "cancel": 0.25}) for letra in letras}
    texto = ", ".join(f"{letra} {modo[rotulo]}" for letra, rotulo in escolhas.items())
    rotulos = set(escolhas.values())
    # Two visits answered differently are nobody's single label: the letters say it.
    rotulo = rotulos.pop() if len(rotulos) == 1 else "unclear"
    return Resposta(quando, texto, rotulo, inequivoca=True, por_letra=escolhas)


def _afterthoughts(sorte: _Sorte, primeira: Resposta, mistura: Mistura) -> list[Resposta]:
    depois = []
    if sorte.happens("repete", mistura.repete):
        segundos = timedelta(seconds=5 + int(sorte.draw("repete quando") * 55))
        depois.append(
            Resposta(
                primeira.quando + segundos,
                primeira.texto,
                primeira.rotulo,
                inequivoca=primeira.inequivoca,
                por_letra=primeira.por_letra,
            )
        )
    opcoes = _MUDANCAS.get(primeira.rotulo, ())
    if opcoes and not primeira.por_letra and sorte.happens("muda de ideia", mistura.muda_de_ideia):
        rotulo = sorte.pick("novo rótulo", opcoes)
        quando = primeira.quando + timedelta(minutes=30 + int(sorte.draw("muda quando") * 20 * 60))
        fala = sorte.pick("nova fala", FALAS[rotulo]["claras"])
        depois.append(Resposta(_awake(sorte, quando, mistura), fala, rotulo, inequivoca=True))
    return depois


def _thank(sorte: _Sorte, em: datetime, mistura: Mistura) -> list[Resposta]:
    if not sorte.happens("agradece", mistura.agradece):
        return []
    quando = _awake(sorte, em + timedelta(seconds=30 + int(sorte.draw("agradece quando") * 600)), mistura)
    return [Resposta(quando, sorte.pick("agradecimento", FALAS["greeting"]["livres"]), "greeting", inequivoca=False)]


def _delay(sorte: _Sorte, em: datetime, mistura: Mistura) -> timedelta:
    """Return a lognormal wait: many answer within the hour, some in the evening, a few the next day."""
    desvio = _NORMAL.inv_cdf(min(max(sorte.draw("atraso"), 0.001), 0.999))
    segundos = mistura.mediana.total_seconds() * math.exp(mistura.dispersao * desvio)
    quando = em + timedelta(seconds=int(min(max(segundos, 20), 20 * 3600)))
    return _awake(sorte, quando, mistura) - em


def _awake(sorte: _Sorte, quando: datetime, mistura: Mistura) -> datetime:
    """Return the instant itself, or breakfast time for most of what would be written at night."""
    local = quando.astimezone(ZoneInfo(mistura.zona))
    hora = local.hour + local.minute / 60
    if _ACORDA <= hora < _DORME or sorte.happens("noturna", mistura.noturna):
        return quando
    manha = local.replace(hour=6, minute=45, second=0, microsecond=0) + timedelta(days=1 if hora >= _DORME else 0)
    return (manha + timedelta(seconds=int(sorte.draw("manhã") * 2.5 * 3600))).astimezone(quando.tzinfo)
