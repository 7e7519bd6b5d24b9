"""What a hospital may tune, with the specification's values as defaults."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from app.domain.feriados import Feriados
from app.domain.janela import HorasSemana, Intervalo, Janela, week_hours


class PoliticaInvalida(ValueError):  # noqa: N818 - named for what happened
    """A policy that cannot be kept; `erros` are sentences for the screen, all of them at once."""

    def __init__(self, erros: Iterable[str]) -> None:
        self.erros: Final = tuple(erros)
        super().__init__(" ".join(self.erros))


class TipoPasso(StrEnum):
    PEDIDO = "pedido"  # the first question
    LEMBRETE = "lembrete"  # the question again
    VESPERA = "vespera"  # no question: "tomorrow is the day"


class AoIncerta(StrEnum):
    """What to do with a question that may or may not have left, where the gateway gives no receipts."""

    AGUARDAR = "aguardar"  # the next step covers it, reception sees it
    REPETIR = "repetir"


@dataclass(frozen=True, slots=True)
class Passo:
    """One moment to speak, placed in exactly one of three ways.

    `antes`: hours before the visit. `dias_uteis`: working days before it, at the
    visit's own hour. `apos_sem_resposta`: after the question, if nobody answered.
    """

    nome: str
    tipo: TipoPasso
    antes: timedelta | None = None
    dias_uteis: int | None = None
    apos_sem_resposta: timedelta | None = None

    def __post_init__(self) -> None:
        erros = tuple(_errors_of_passo(self))
        if erros:
            raise PoliticaInvalida(erros)


_MAX_ANTES: Final = timedelta(days=30)
_MAX_DIAS_UTEIS: Final = 20
_MAX_PASSOS: Final = 6
_MAX_HORAS: Final = 24 * 30
_MAX_HORAS_AO_AGENDAR: Final = 72
_NOME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


def _errors_of_passo(passo: Passo) -> Iterable[str]:
    if not _NOME.fullmatch(passo.nome):
        yield f"O nome do passo “{passo.nome}” deve ter só letras minúsculas sem acento, números e “_”."
    ways = (passo.antes, passo.dias_uteis, passo.apos_sem_resposta)
    if sum(way is not None for way in ways) != 1:
        yield f"O passo “{passo.nome}” precisa de um prazo, e de um só: horas antes, dias úteis ou horas sem resposta."
    for prazo in (passo.antes, passo.apos_sem_resposta):
        if prazo is not None and not timedelta(0) < prazo <= _MAX_ANTES:
            yield f"O prazo do passo “{passo.nome}” deve ficar entre 1 minuto e 30 dias."
    if passo.dias_uteis is not None and not 1 <= passo.dias_uteis <= _MAX_DIAS_UTEIS:
        yield f"O passo “{passo.nome}” deve ficar entre 1 e {_MAX_DIAS_UTEIS} dias úteis antes."
    if passo.apos_sem_resposta is not None and passo.tipo is not TipoPasso.LEMBRETE:
        yield f"O passo “{passo.nome}” só pode esperar a falta de resposta se for um lembrete."


def _hours(horas: float) -> timedelta:
    return timedelta(hours=horas)


def default_passos(pedido_horas: int = 72) -> tuple[Passo, ...]:
    """Return the specification's steps, with the ask at another lead time if the hospital wants one."""
    lembretes = (
        Passo(f"lembrete_{horas}h", TipoPasso.LEMBRETE, antes=_hours(horas))
        for horas in (48, 12)
        if horas < pedido_horas
    )
    return (Passo("pedido", TipoPasso.PEDIDO, antes=_hours(pedido_horas)), *lembretes)


# One reminder close to the visit is what the trials on no-shows support; more of them add little.
_EVIDENCIA: Final = (
    Passo("pedido", TipoPasso.PEDIDO, antes=_hours(72)),
    Passo("lembrete_24h", TipoPasso.LEMBRETE, antes=_hours(24)),
)
_SEGUNDA_MENSAGEM: Final = (
    Passo("pedido", TipoPasso.PEDIDO, antes=_hours(72)),
    Passo("segunda_12h", TipoPasso.LEMBRETE, apos_sem_resposta=_hours(12)),
    Passo("lembrete_12h", TipoPasso.LEMBRETE, antes=_hours(12)),
)
PRESETS: Final[Mapping[str, tuple[Passo, ...]]] = {
    "padrao": default_passos(),
    "evidencia": _EVIDENCIA,
    "segunda_mensagem": _SEGUNDA_MENSAGEM,
}

_HORAS_PADRAO: Final = week_hours()
NOTA_VESPERA: Final = Passo("nota_vespera", TipoPasso.VESPERA, antes=_hours(24))

# Their mere name on a locked screen tells an illness; a hospital may add to the list or empty it.
SENSIVEIS: Final = frozenset(
    {
        "aids",
        "caps",
        "dependencia quimica",
        "dst",
        "hansen",
        "hiv",
        "infecto",
        "onco",
        "psico",
        "psiq",
        "quimio",
        "radioter",
        "saude mental",
        "tubercul",
    }
)


@dataclass(frozen=True, slots=True)
class Politica:
    """One hospital's choices. What is not here is not tunable."""

    passos: tuple[Passo, ...] = PRESETS["padrao"]
    janela: HorasSemana = _HORAS_PADRAO
    feriados_facultativos: bool = False
    usar_domingos_e_feriados: bool = True  # only when nothing else reaches the patient in time
    hora_pedido: time | None = None  # the first question of a day leaves from this local hour on
    pedir_ao_agendar_min_horas: int = 4
    corte_hora: time = time(14)
    corte_dias_uteis: int = 1
    prazo_resposta_minimo: timedelta = timedelta(hours=2)  # nobody is given up sooner after the question
    cancelamento_automatico: bool = False
    nota_vespera: bool = False
    ao_incerta: AoIncerta = AoIncerta.AGUARDAR
    mostrar_especialidade: bool = False
    mostrar_medico: bool = False
    especialidades_sensiveis: frozenset[str] = SENSIVEIS
    especialidades_reguladas: frozenset[str] = frozenset()  # a slot given up here does not come back

    def __post_init__(self) -> None:
        erros = tuple(_errors_of_politica(self))
        if erros:
            raise PoliticaInvalida(erros)
        for nome in ("especialidades_sensiveis", "especialidades_reguladas"):
            object.__setattr__(self, nome, _plain_set(getattr(self, nome)))

    def is_sensivel(self, especialidade: str | None) -> bool:
        """Tell whether naming the specialty may disclose an illness; the beginning of one of its words is enough."""
        nome = f" {_plain(especialidade or '')}"
        return any(f" {sensivel}" in nome for sensivel in self.especialidades_sensiveis)

    def shows_especialidade(self, especialidade: str | None) -> bool:
        return self.mostrar_especialidade and bool(especialidade) and not self.is_sensivel(especialidade)

    def shows_medico(self, especialidade: str | None) -> bool:
        """Tell whether the doctor may be named: who looks a name up finds the specialty."""
        return self.mostrar_medico and not self.is_sensivel(especialidade)

    def is_regulada(self, especialidade: str | None) -> bool:
        return _plain(especialidade or "") in self.especialidades_reguladas

    def build_janela(self, zona: ZoneInfo, *, uf: str | None = None, dias_locais: Iterable[str] = ()) -> Janela:
        """Return the open hours of one unit under this policy."""
        feriados = Feriados.from_texts(uf, dias_locais, facultativos=self.feriados_facultativos)
        if self.usar_domingos_e_feriados:
            return Janela(zona, self.janela, feriados)
        return Janela(zona, self.janela, feriados, emergencia=None)

    @classmethod
    def from_mapping(cls, dados: Mapping[str, Any]) -> Self:
        """Read what a screen or a file says; what is absent keeps its default, what is unknown is refused."""
        valores: dict[str, Any] = {}
        erros = [f"“{chave}” não é uma opção da política." for chave in dados if chave not in _OPTIONS]
        for chave, (read, _) in _OPTIONS.items():
            if chave not in dados:
                continue
            try:
                valores[chave] = read(dados[chave])
            except ValueError as falha:
                erros.append(f"{chave}: {falha}")
        if erros:
            raise PoliticaInvalida(erros)
        return cls(**valores)

    def to_mapping(self) -> dict[str, Any]:
        """Return plain values (JSON) from which `from_mapping` makes this policy again."""
        return {chave: write(getattr(self, chave)) for chave, (_, write) in _OPTIONS.items()}


def _errors_of_politica(politica: Politica) -> Iterable[str]:
    tipos = [passo.tipo for passo in politica.passos]
    nomes = [passo.nome for passo in politica.passos]
    rules = (
        (1 <= len(tipos) <= _MAX_PASSOS, f"A cadência deve ter de 1 a {_MAX_PASSOS} passos."),
        (
            tipos[:1] == [TipoPasso.PEDIDO] and tipos.count(TipoPasso.PEDIDO) == 1,
            "A cadência deve começar por um pedido, e ter um só.",
        ),
        (
            TipoPasso.VESPERA not in tipos and NOTA_VESPERA.nome not in nomes,
            "A nota de véspera não é um passo: ligue “nota_vespera”.",
        ),
        (len(set(nomes)) == len(nomes), "Dois passos não podem ter o mesmo nome."),
        (
            len(politica.janela) == len(_DIAS) and any(politica.janela),
            "A janela precisa de pelo menos um dia com horário aberto.",
        ),
        (
            1 <= politica.pedir_ao_agendar_min_horas <= _MAX_HORAS_AO_AGENDAR,
            f"O mínimo para pedir ao agendar deve ficar entre 1 e {_MAX_HORAS_AO_AGENDAR} horas.",
        ),
        (
            1 <= politica.corte_dias_uteis <= _MAX_DIAS_UTEIS,
            f"O corte deve ficar entre 1 e {_MAX_DIAS_UTEIS} dias úteis antes da consulta.",
        ),
        (
            timedelta(0) <= politica.prazo_resposta_minimo <= timedelta(days=1),
            "O prazo mínimo de resposta deve ficar entre 0 e 24 horas.",
        ),
    )
    return (sentence for holds, sentence in rules if not holds)


def _plain(texto: str) -> str:
    """Return bare words, without accents, case or punctuation: hospitals spell a specialty in many ways."""
    decomposto = unicodedata.normalize("NFKD", texto.casefold())
    return " ".join(_WORD.findall("".join(letra for letra in decomposto if not unicodedata.combining(letra))))


def _plain_set(textos: Iterable[str]) -> frozenset[str]:
    return frozenset(plain for plain in map(_plain, textos) if plain)


# From here on: plain values (JSON, a form) to a policy and back. One row per option, so that neither way forgets one.

_DIAS: Final = ("seg", "ter", "qua", "qui", "sex", "sab", "dom")
_WORD: Final = re.compile(r"[a-z0-9]+")
_HORA: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_SEGUNDOS_HORA: Final = 3600


def _refusal(frase: str) -> PoliticaInvalida:
    return PoliticaInvalida((frase,))


def _read_bool(valor: object) -> bool:
    if not isinstance(valor, bool):
        raise _refusal("use verdadeiro ou falso.")
    return valor


def _read_int(valor: object) -> int:
    if isinstance(valor, bool) or not isinstance(valor, int):
        raise _refusal("use um número inteiro.")
    return valor


def _read_horas(valor: object) -> timedelta:
    """Read a number of hours; huge ones are refused here because a timedelta cannot hold them."""
    if isinstance(valor, bool) or not isinstance(valor, int | float) or not 0 <= valor <= _MAX_HORAS:
        raise _refusal(f"use um número de horas entre 0 e {_MAX_HORAS}.")
    return timedelta(hours=valor)


def _write_horas(prazo: timedelta) -> float:
    horas = prazo.total_seconds() / _SEGUNDOS_HORA
    return int(horas) if horas.is_integer() else horas


def _read_hora(valor: object) -> time:
    achado = _HORA.fullmatch(valor) if isinstance(valor, str) else None
    if achado is None:
        raise _refusal("escreva a hora como HH:MM.")
    return time(int(achado[1]), int(achado[2]))


def _write_hora(hora: time) -> str:
    return f"{hora:%H:%M}"


def _read_textos(valor: object) -> frozenset[str]:
    if not isinstance(valor, list | tuple | set | frozenset) or not all(isinstance(texto, str) for texto in valor):
        raise _refusal("use uma lista de nomes.")
    return frozenset(valor)


def _read_ao_incerta(valor: object) -> AoIncerta:
    if not isinstance(valor, str) or valor not in tuple(AoIncerta):
        raise _refusal("escolha entre “aguardar” e “repetir”.")
    return AoIncerta(valor)


_WAYS: Final[Mapping[str, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]]] = {
    "antes_horas": ("antes", _read_horas, _write_horas),
    "dias_uteis": ("dias_uteis", _read_int, int),
    "apos_sem_resposta_horas": ("apos_sem_resposta", _read_horas, _write_horas),
}


def _read_passo(valor: object) -> Passo:
    if not isinstance(valor, Mapping) or not isinstance(valor.get("nome"), str):
        raise _refusal("cada passo precisa de “nome”, “tipo” e um prazo.")
    if valor.get("tipo") not in tuple(TipoPasso):
        raise _refusal(f"o tipo do passo “{valor['nome']}” deve ser “pedido” ou “lembrete”.")
    unknown = valor.keys() - {"nome", "tipo", *_WAYS}
    if unknown:
        raise _refusal(f"o passo “{valor['nome']}” não tem a opção “{min(map(str, unknown))}”.")
    prazos = {campo: read(valor[chave]) for chave, (campo, read, _) in _WAYS.items() if valor.get(chave) is not None}
    return Passo(valor["nome"], TipoPasso(valor["tipo"]), **prazos)


def _write_passo(passo: Passo) -> dict[str, Any]:
    prazos = ((chave, getattr(passo, campo), write) for chave, (campo, _, write) in _WAYS.items())
    return {
        "nome": passo.nome,
        "tipo": passo.tipo.value,
        **{chave: write(prazo) for chave, prazo, write in prazos if prazo is not None},
    }


def _read_passos(valor: object) -> tuple[Passo, ...]:
    if isinstance(valor, str):
        if valor not in PRESETS:
            raise _refusal(f"“{valor}” não é um modelo de cadência: escolha entre {', '.join(PRESETS)}.")
        return PRESETS[valor]
    if not isinstance(valor, list | tuple):
        raise _refusal("use o nome de um modelo ou uma lista de passos.")
    return tuple(map(_read_passo, valor))


def _write_passos(passos: tuple[Passo, ...]) -> str | list[dict[str, Any]]:
    names = (nome for nome, preset in PRESETS.items() if preset == passos)
    return next(names, None) or [_write_passo(passo) for passo in passos]


def _read_intervalo(texto: object) -> Intervalo:
    inicio, separador, fim = texto.partition("-") if isinstance(texto, str) else ("", "", "")
    if not separador:
        raise _refusal("escreva os horários como “08:00-20:00”.")
    return Intervalo(_read_hora(inicio.strip()), _read_hora(fim.strip()))


def _read_dia(valor: object) -> tuple[Intervalo, ...]:
    if not isinstance(valor, list | tuple):
        raise _refusal("use uma lista de horários; vazia para um dia fechado.")
    intervalos = tuple(sorted(map(_read_intervalo, valor)))
    if any(depois.inicio < antes.fim for antes, depois in pairwise(intervalos)):
        raise _refusal("os horários de um dia não podem se sobrepor.")
    return intervalos


def _read_janela(valor: object) -> HorasSemana:
    """Read hours by day; a day that is not named keeps its default."""
    if not isinstance(valor, Mapping) or not valor.keys() <= set(_DIAS):
        raise _refusal(f"use os dias {', '.join(_DIAS)}.")
    return tuple(
        _read_dia(valor[dia]) if dia in valor else padrao for dia, padrao in zip(_DIAS, _HORAS_PADRAO, strict=True)
    )


def _write_janela(horas: HorasSemana) -> dict[str, list[str]]:
    return {dia: [str(intervalo) for intervalo in dos] for dia, dos in zip(_DIAS, horas, strict=True)}


_OPTIONS: Final[Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]]] = {
    "passos": (_read_passos, _write_passos),
    "janela": (_read_janela, _write_janela),
    "feriados_facultativos": (_read_bool, bool),
    "usar_domingos_e_feriados": (_read_bool, bool),
    "hora_pedido": (
        lambda valor: None if valor is None else _read_hora(valor),
        lambda hora: None if hora is None else _write_hora(hora),
    ),
    "pedir_ao_agendar_min_horas": (_read_int, int),
    "corte_hora": (_read_hora, _write_hora),
    "corte_dias_uteis": (_read_int, int),
    "prazo_resposta_minimo": (_read_horas, _write_horas),
    "cancelamento_automatico": (_read_bool, bool),
    "nota_vespera": (_read_bool, bool),
    "ao_incerta": (_read_ao_incerta, str),
    "mostrar_especialidade": (_read_bool, bool),
    "mostrar_medico": (_read_bool, bool),
    "especialidades_sensiveis": (_read_textos, sorted),
    "especialidades_reguladas": (_read_textos, sorted),
}
