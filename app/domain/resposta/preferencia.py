"""What somebody who wants another date would rather have: days, parts of the day, dates; for a person to look at."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.domain.resposta.normalizacao import normalize_resposta

_DIAS: Final[Mapping[str, str]] = {
    "segunda": "segunda",
    "terca": "terça",
    "quarta": "quarta",
    "quinta": "quinta",
    "sexta": "sexta",
    "sabado": "sábado",
    "domingo": "domingo",
}
_PERIODOS: Final[Mapping[str, re.Pattern[str]]] = {
    "manhã": re.compile(r"\bmanha\b|\bcedo\b"),
    "tarde": re.compile(r"\b(?:de|a|pela|na parte da|da|so|na|parte da) tarde\b|\bdepois do almoco\b"),
    "noite": re.compile(r"\b(?:de|a|pela|da) noite\b|\bdepois do (?:trabalho|servico)\b"),
}
_SEMANAS: Final[Mapping[str, re.Pattern[str]]] = {
    "semana que vem": re.compile(r"\bsemana que vem\b|\bproxima semana\b|\boutra semana\b"),
    "mês que vem": re.compile(r"\bmes que vem\b|\bproximo mes\b|\boutro mes\b"),
    "mais cedo": re.compile(r"\bantecip\w+|\bantes (?:dessa|desta|da) data\b|\bmais cedo\b"),
    "mais tarde": re.compile(r"\bmais tarde\b|\badiar\b|\bmais para frente\b"),
}
# "Não posso na quinta", "quinta não dá", "menos sexta": the day that does not suit.
_NAO_SERVE: Final = r"(?:nao (?:posso|consigo|da|pode|tenho como|vou poder|quero|ser)(?: ir| ser)?|menos|exceto|fora)"
_TAMBEM_NAO: Final = r"(?: [.])?(?: feira)?(?: [.])? (?:eu )?nao (?:posso|consigo|da|pode|serve|tenho)"
_DATA: Final = re.compile(r"(?<![\d/])([0-3]?\d)/([01]?\d)(?:/\d{2,4})?(?![\d/])")
_DIA_DO_MES: Final = re.compile(r"\bdia ([0-3]?\d)\b")
_HORA: Final = re.compile(r"(?<![\d/:])([01]?\d|2[0-3]) ?(?:h|hs|hrs|horas|:)(?: ?([0-5]\d))?\b", re.IGNORECASE)
_MAX_DIA: Final = 31
_MAX_MES: Final = 12
_MAIS: Final = 5


@dataclass(frozen=True, slots=True)
class Preferencia:
    """Days and hours a person would like, in the words of a calendar; none of it is booked by us."""

    dias: tuple[str, ...] = ()
    nao_serve: tuple[str, ...] = ()
    periodos: tuple[str, ...] = ()
    quando: tuple[str, ...] = ()
    datas: tuple[str, ...] = ()
    horas: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any((self.dias, self.nao_serve, self.periodos, self.quando, self.datas, self.horas))

    def tell(self) -> str:
        """Return the sentence reception reads."""
        partes = [
            ", ".join((*self.dias, *self.datas)),
            f"não: {', '.join(self.nao_serve)}" if self.nao_serve else "",
            " ou ".join(self.periodos),
            ", ".join(self.quando),
            f"às {', '.join(self.horas)}" if self.horas else "",
        ]
        return "; ".join(filter(None, partes))


def read_preferencia(texto: str) -> Preferencia:
    """Return what the words say of another date; an empty one where they say nothing."""
    corrido = re.sub(r"\s+", " ", normalize_resposta(texto).corrido.replace("mais tarde", "mais_tarde"))
    corrido = corrido.replace("mais cedo", "mais_cedo")
    recusados = tuple(dito for dia, dito in _DIAS.items() if _is_refused(dia, corrido))
    bruto = texto[:700]
    return Preferencia(
        dias=tuple(
            dito for dia, dito in _DIAS.items() if re.search(rf"\b{dia}s?\b", corrido) and dito not in recusados
        ),
        nao_serve=recusados,
        periodos=tuple(dito for dito, padrao in _PERIODOS.items() if padrao.search(corrido)),
        quando=tuple(dito for dito, padrao in _SEMANAS.items() if padrao.search(corrido.replace("_", " "))),
        datas=_dates(bruto),
        horas=tuple(dict.fromkeys(f"{int(hora):02}:{minuto or '00'}" for hora, minuto in _HORA.findall(bruto)))[:_MAIS],
    )


def _is_refused(dia: str, corrido: str) -> bool:
    antes = rf"\b{_NAO_SERVE} (?:(?:na|nas|as|de|em|a) )?{dia}"
    return re.search(rf"{antes}\b|\b{dia}s?{_TAMBEM_NAO}\b", corrido.replace("#", "")) is not None


def _dates(texto: str) -> tuple[str, ...]:
    datas = [
        f"{int(dia):02}/{int(mes):02}"
        for dia, mes in _DATA.findall(texto)
        if 1 <= int(dia) <= _MAX_DIA and 1 <= int(mes) <= _MAX_MES
    ]
    datas += [f"dia {int(dia)}" for dia in _DIA_DO_MES.findall(texto.lower()) if 1 <= int(dia) <= _MAX_DIA]
    return tuple(dict.fromkeys(datas))[:_MAIS]
