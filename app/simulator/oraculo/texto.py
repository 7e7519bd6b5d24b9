"""What a message says, read from its text alone.

A question offers the options 1 and 0, each at the beginning of a line ("*1* - Sim") or both after an imperative
("Responda *1* para confirmar ou *0* para cancelar"), or asks for letters ("Responda pela letra"). A "0" alone, in
a thank-you or a day-before note, is no question. A notice tells of a change ("precisamos cancelar", "foi
cancelada", "mudou", "novo horário"). Both cite their visits by `dd/mm` and `HH:MM` (also `14h`, `14h30`); the
lines of several visits begin with "A)" or "(A)". "Hoje", "amanhã" and weekdays are taken to be about the visits.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from app.simulator.oraculo.calendario import to_local

_DATE: Final = re.compile(r"(?<!\d)(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?(?!\d|/)")
_HOUR: Final = re.compile(r"(?<![\d/])([01]?\d|2[0-3])(?::([0-5]\d)(?!\d)|h([0-5]\d)?(?![a-z\d]))")
# "Chegue às 13:45" is not the hour of the visit.
_ARRIVAL: Final = re.compile(r"\bcheg\w*[^.\n/]{0,40}?(?<!\d)\d{1,2}(?::[0-5]\d|h(?:[0-5]\d)?)(?!\d)")
_OPENING: Final = re.compile(r"\bd[ae]s? \d{1,2}(?::\d\d|h(?:\d\d)?) [aà]s \d{1,2}(?::\d\d|h(?:\d\d)?)")
_LINES: Final = tuple(re.compile(rf"^\W*{digito}\W*[-–:=.)]", re.MULTILINE) for digito in "10")
_UM, _ZERO = (rf"(?<![\w/:.,-]){digito}(?![\dh/:])" for digito in "10")
_ASKED: Final = re.compile(
    rf"\b(?:respond|digit|envi|tecl|mand)\w*[^.\n]{{0,60}}?(?:{_UM}[^.\n]{{0,80}}?{_ZERO}|{_ZERO}[^.\n]{{0,80}}?{_UM})"
)
_LETTERS_ASKED: Final = re.compile(r"\brespond\w* pela letra")
_CHANGE: Final = re.compile(
    r"desmarcad|precisamos (?:desmarcar|cancelar)|cancelad|mudou|mudan[cç]a|alterad|alterou|transferid|remarcad"
    r"|nov[oa] (?:data|hor[aá]rio)"
)
_LETTER: Final = re.compile(r"(?:^\W*|\()([a-z])\)", re.MULTILINE)
_RANGE: Final = re.compile(r"\b(?:de )?(?:segunda|domingo|ter[cç]a)(?:-feira)? (?:a|à|até) \w+(?:-feira)?")
_WEEKDAYS: Final[Mapping[str, int]] = {
    "segunda": 0,
    "terca": 1,
    "quarta": 2,
    "quinta": 3,
    "sexta": 4,
    "sabado": 5,
    "domingo": 6,
}
_WEEKDAY: Final = re.compile(r"\b(" + "|".join(_WEEKDAYS) + r")\b")
_RELATIVE: Final = (
    (re.compile(r"\bdepois de amanha\b"), 2),
    (re.compile(r"\bamanha\b"), 1),
    (re.compile(r"\bhoje\b"), 0),
)


@dataclass(frozen=True, slots=True)
class Leitura:
    """The facts of one text: which days and hours it names, in which words."""

    dias: frozenset[tuple[int, int]]  # (day, month)
    horas: frozenset[time]
    opcoes: bool  # offers 1 and 0
    pergunta: bool  # offers them, or asks for letters
    aviso: bool
    relativos: frozenset[int]  # 0 "hoje", 1 "amanhã", 2 "depois de amanhã"
    semana: frozenset[int]
    letras: Mapping[str, time]

    def cites(self, inicio: datetime, zona: str, enviado_em: datetime) -> bool:
        """Tell whether the text names this start.

        Days in words count where no date is written; a notice may leave out the hour.
        """
        local = to_local(inicio, zona)
        if not self.horas and not self.aviso:
            return False
        if self.horas and time(local.hour, local.minute) not in self.horas:
            return False
        if self.dias:
            return (local.day, local.month) in self.dias
        return (local.date() - to_local(enviado_em, zona).date()).days in self.relativos

    def words_fit(self, dias: frozenset[date], enviado_em: date) -> bool:
        """Tell whether hoje, amanhã and the weekday are true of one of these days each."""
        distancias = {(dia - enviado_em).days for dia in dias}
        if not self.relativos <= distancias:
            return False
        return not self.semana or bool(self.semana & {dia.weekday() for dia in dias})


def read_texto(texto: str) -> Leitura:
    """Read one message. Never raises: what is not there is empty."""
    minusculo = unicodedata.normalize("NFC", texto).lower()
    sem_ruido = _OPENING.sub(" ", _ARRIVAL.sub(" ", minusculo))
    opcoes = _offers_options(minusculo)
    horas = _hours(sem_ruido) or _hours(minusculo)
    return Leitura(
        dias=frozenset((int(dia), int(mes)) for dia, mes, _ in _DATE.findall(minusculo)),
        horas=horas,
        opcoes=opcoes,
        pergunta=opcoes or _LETTERS_ASKED.search(minusculo) is not None,
        aviso=_CHANGE.search(minusculo) is not None,
        relativos=_relatives(_plain(minusculo)),
        semana=_weekdays(minusculo),
        letras=_letters(sem_ruido),
    )


def canonical(texto: str) -> str:
    """Return the text without case, spacing and formatting: what a patient would call the same message."""
    return re.sub(r"[\s*_~]+", " ", texto).strip().lower()


def _offers_options(texto: str) -> bool:
    limpo = _HOUR.sub(" ", _DATE.sub(" ", texto))
    return all(linha.search(limpo) for linha in _LINES) or _ASKED.search(limpo) is not None


def _hours(texto: str) -> frozenset[time]:
    return frozenset(time(int(hora), int(minuto or meia or 0)) for hora, minuto, meia in _HOUR.findall(texto))


def _letters(texto: str) -> dict[str, time]:
    """Return the hour written after each letter, up to the next letter."""
    pedacos = _LETTER.split(texto)[1:]  # letter, text, letter, text …
    linhas = ((letra.upper(), _HOUR.search(resto)) for letra, resto in zip(pedacos[::2], pedacos[1::2], strict=True))
    return {letra: time(int(hora[1]), int(hora[2] or hora[3] or 0)) for letra, hora in linhas if hora}


def _relatives(texto: str) -> frozenset[int]:
    achados = set()
    for padrao, distancia in _RELATIVE:
        texto, quantos = padrao.subn(" ", texto)
        achados |= {distancia} if quantos else set()
    return frozenset(achados)


def _weekdays(texto: str) -> frozenset[int]:
    return frozenset(_WEEKDAYS[nome] for nome in _WEEKDAY.findall(_plain(_RANGE.sub(" ", texto))))


def _plain(texto: str) -> str:
    decomposto = unicodedata.normalize("NFD", texto)
    return "".join(letra for letra in decomposto if not unicodedata.combining(letra))
