"""A hospital that does not exist and its schedule: people, phones and doctors drawn from lists of our own."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from itertools import count
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.connectors.base import AtendimentoImportado
from app.domain.confirmacao import TipoAtendimento
from app.domain.feriados import Feriados

_FIXOS, _SEM_TELEFONE, _ILEGIVEIS = 0.05, 0.03, 0.01  # shares of the patients
_FAMILIA: Final = 0.03  # of the visits open a family's turn: two children, one phone
_OUTRA_VISITA: Final = 0.12  # of the patients have a second visit on the same day
_HOJE: Final = 0.1  # of the visits are this afternoon
_DIAS: Final = 6
_HOJE_MAX: Final = 40
_POR_DIA: Final = 120  # what these doctors can see
_ENTRE_VISITAS: Final = timedelta(minutes=20)
_MANHA, _TARDE, _FIM = time(7, 30), time(13), time(17, 30)
_ALMOCO: Final = time(12)
_PRIMEIRO_NUMERO: Final = 710_001


def _load() -> Mapping[str, Any]:
    listas: Mapping[str, Any] = json.loads(
        files("app.simulator").joinpath("agenda_ficticia.json").read_text(encoding="utf-8")
    )
    return listas


LISTAS: Final = _load()
HOSPITAL: Final[Mapping[str, str]] = LISTAS["hospital"]
UNIDADES: Final[Sequence[Mapping[str, str]]] = LISTAS["unidades"]


@dataclass(frozen=True, slots=True)
class _Pessoa:
    id: str
    nome: str
    nascimento: date
    telefone: str | None
    convenio: str
    responsavel: str | None = None


@dataclass(slots=True)
class _Consultorio:
    """One doctor's day: the next free time."""

    livre: datetime

    def take(self, duracao: timedelta, not_before: datetime) -> datetime | None:
        """Return the start of the next visit, or None when the day is full."""
        inicio = max(self.livre, not_before)
        if _ALMOCO <= inicio.time() < _TARDE:
            inicio = inicio.replace(hour=_TARDE.hour, minute=0)
        if (inicio + duracao).time() > _FIM or inicio.time() >= _FIM:
            return None
        self.livre = inicio + duracao
        return inicio


@dataclass(slots=True)
class _Dia:
    abertura: datetime
    consultorios: dict[str, _Consultorio] = field(default_factory=dict)
    livres: dict[str, datetime] = field(default_factory=dict)

    def take(self, pessoa: str, medico: str, duracao: timedelta) -> datetime | None:
        """Return a time at which both can, or None."""
        consultorio = self.consultorios.setdefault(medico, _Consultorio(self.abertura))
        inicio = consultorio.take(duracao, self.livres.get(pessoa, self.abertura))
        if inicio is not None:
            self.livres[pessoa] = inicio + duracao + _ENTRE_VISITAS
        return inicio


def make_agenda(
    quantos: int, *, semente: int, agora: datetime, zona: ZoneInfo, uf: str | None = None
) -> list[AtendimentoImportado]:
    """Return `quantos` visits from this afternoon on, over the next working days; the same seed, the same people."""
    secretaria = _Secretaria(Random(semente), agora)  # noqa: S311  plausible, not secret
    dias = _working_days(agora.astimezone(zona).date(), Feriados(uf), quantos)
    hoje, *outros = dias
    vagas = [(hoje, min(round(quantos * _HOJE), _HOJE_MAX))]
    resto = quantos - vagas[0][1]
    vagas += [(dia, resto // len(outros) + (n < resto % len(outros))) for n, dia in enumerate(outros)]
    for dia, quantas in vagas:
        abertura = datetime.combine(dia, _TARDE if dia == hoje else _MANHA, zona)
        secretaria.fill(_Dia(abertura), quantas)
    return secretaria.marcados


def _working_days(hoje: date, feriados: Feriados, quantos: int) -> list[date]:
    precisos = max(_DIAS, -(-quantos // _POR_DIA))
    proximos = (hoje + timedelta(days=n) for n in count(1))
    uteis = (dia for dia in proximos if feriados.is_dia_util(dia))
    return [hoje, *(next(uteis) for _ in range(precisos))]


class _Secretaria:
    """Books people into the doctors' days."""

    def __init__(self, sorte: Random, agora: datetime) -> None:
        self._sorte = sorte
        self._agora = agora
        self._agendas: Sequence[Mapping[str, Any]] = LISTAS["agendas"]
        self._pesos = [agenda["peso"] for agenda in self._agendas]
        self._fones = iter(_shuffled_phones(sorte))
        self.marcados: list[AtendimentoImportado] = []

    def fill(self, dia: _Dia, quantas: int) -> None:
        """Book `quantas` visits into one day, as far as the doctors have time."""
        alvo = len(self.marcados) + quantas
        falhas = 0
        while len(self.marcados) < alvo and falhas < quantas:
            antes = len(self.marcados)
            for pessoa, agenda in self._turn(alvo - antes):
                self._book(dia, pessoa, agenda)
            falhas += len(self.marcados) == antes

    def _turn(self, cabem: int) -> Iterator[tuple[_Pessoa, Mapping[str, Any]]]:
        if cabem > 1 and self._sorte.random() < _FAMILIA:
            agenda = next(agenda for agenda in self._agendas if agenda["especialidade"] == "Pediatria")
            yield from ((filho, agenda) for filho in self._family())
            return
        agenda = self._sorte.choices(self._agendas, self._pesos)[0]
        pessoa = self._person(agenda.get("pacientes"))
        yield pessoa, agenda
        if cabem > 1 and agenda["tipo"] == "consulta" and self._sorte.random() < _OUTRA_VISITA:
            exame = self._sorte.choice([outra for outra in self._agendas if outra["tipo"] == "exame"])
            yield pessoa, exame

    def _book(self, dia: _Dia, pessoa: _Pessoa, agenda: Mapping[str, Any]) -> None:
        medico = self._sorte.choice(agenda["medicos"])
        inicio = dia.take(pessoa.id, medico, timedelta(minutes=agenda["duracao"]))
        if inicio is None:
            return
        self.marcados.append(
            AtendimentoImportado(
                nr_seq_agenda=str(_PRIMEIRO_NUMERO + len(self.marcados)),
                nome_paciente=pessoa.nome,
                nome_medico=medico,
                especialidade=agenda["especialidade"],
                data_consulta=inicio.astimezone(UTC),
                linha=len(self.marcados) + 1,
                id_paciente=pessoa.id,
                data_nascimento=pessoa.nascimento,
                telefone=pessoa.telefone,
                responsavel=pessoa.responsavel,
                tipo=TipoAtendimento(agenda["tipo"]),
                convenio=pessoa.convenio,
                unidade=agenda["unidade"],
                sala=f"Sala {1 + self._sorte.randrange(12)}",
                duracao_min=agenda["duracao"],
                chegar_antes_min=agenda.get("chegar"),
                preparo=agenda.get("preparo"),
                agendado_em=self._agora - timedelta(days=self._sorte.randrange(4, 40)),
            )
        )

    def _person(self, grupo: str | None) -> _Pessoa:
        if grupo == "criancas":
            return self._child(self._surnames(), self._phone(), self._sorte.choice(LISTAS["convenios"]))
        grupo = grupo or self._sorte.choice(("mulheres", "homens"))
        nome = f"{self._sorte.choice(LISTAS[grupo])} {self._surnames()}"
        convenio = self._sorte.choice(LISTAS["convenios"])
        return _Pessoa(self._id(), nome, self._born(18, 88), self._phone(), convenio)

    def _family(self) -> list[_Pessoa]:
        """Return two children who share their mother's phone."""
        sobrenomes, telefone, convenio = self._surnames(), next(self._fones), self._sorte.choice(LISTAS["convenios"])
        return [self._child(sobrenomes, telefone, convenio) for _ in range(2)]

    def _child(self, sobrenomes: str, telefone: str | None, convenio: str) -> _Pessoa:
        mae = f"{self._sorte.choice(LISTAS['mulheres'])} {sobrenomes.rsplit(maxsplit=1)[-1]}"
        nome = f"{self._sorte.choice(LISTAS['criancas'])} {sobrenomes}"
        return _Pessoa(self._id(), nome, self._born(1, 11), telefone, convenio, responsavel=mae)

    def _surnames(self) -> str:
        return " ".join(self._sorte.sample(LISTAS["sobrenomes"], 2))

    def _born(self, de: int, ate: int) -> date:
        return self._agora.date() - timedelta(days=self._sorte.randrange(de * 365, ate * 365))

    def _id(self) -> str:
        return f"P{self._sorte.randrange(10**8):08d}"

    def _phone(self) -> str | None:
        """Return a mobile, or for some people what hospitals' registers really hold."""
        drawn = self._sorte.random()
        if drawn < _SEM_TELEFONE:
            return None
        if drawn < _SEM_TELEFONE + _ILEGIVEIS:
            return "não informado"
        if drawn < _SEM_TELEFONE + _ILEGIVEIS + _FIXOS:
            return f"(31) 35{self._sorte.randrange(50, 60)}-{self._sorte.randrange(10_000):04d}"
        return next(self._fones)


def _shuffled_phones(sorte: Random) -> Iterator[str]:
    """Yield different mobiles, written as receptions write them."""
    formas = ("({ddd}) 9{a}-{b}", "{ddd} 9{a}-{b}", "{ddd}9{a}{b}", "55{ddd}9{a}{b}", "({ddd}) 9 {a}-{b}")
    for numero in sorte.sample(range(100_000), 100_000):
        ddd = 31 + numero % 3
        yield sorte.choice(formas).format(ddd=ddd, a=f"98{numero // 10_000:02d}", b=f"{numero % 10_000:04d}")
