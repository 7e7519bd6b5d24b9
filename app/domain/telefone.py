"""Phones as hospitals write them, turned into E.164, or refused with the reason.

Brazilian numbers are decided by the few rules below: they cost microseconds, and a property test holds
them against `phonenumbers`. What is foreign goes to the library itself.
Nothing is cached: a phone is personal data, and would outlive its row in the process's memory.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import phonenumbers


class TipoTelefone(StrEnum):
    CELULAR = "celular"
    FIXO = "fixo"
    ESTRANGEIRO = "estrangeiro"


@dataclass(frozen=True, slots=True)
class Telefone:
    """A number that exists. `ajustado`: the ninth digit was missing and we put it there."""

    e164: str
    tipo: TipoTelefone
    ajustado: bool = False


@dataclass(frozen=True, slots=True)
class TelefoneRecusado:
    """`motivo` is a stable code, `mensagem` a sentence for reception; neither holds the number."""

    motivo: str
    mensagem: str


_MENSAGENS: Final = {
    "vazio": "Telefone não informado.",
    "texto": "O telefone não tem números.",
    "repetido": "O telefone repete um só algarismo: parece um preenchimento, não um número.",
    "curto": "O telefone tem algarismos de menos.",
    "sem_ddd": "O telefone está sem DDD.",
    "longo": "O telefone tem algarismos demais.",
    "ddd_inexistente": "O DDD do telefone não existe.",
    "invalido": "O telefone não é um número que exista.",
    "notacao_cientifica": "O telefone veio em notação científica: formate a coluna como texto.",
}
# Detail for people; to programs these are the same reason.
_CODIGOS: Final = {"sem_ddd": "curto", "notacao_cientifica": "invalido"}

_DDD: Final = re.compile(r"[14689][1-9]|2[12478]|3[1-578]|5[13-5]|7[13-579]")
# Long-distance carrier codes, dialled between the 0 and the DDD.
_OPERADORA: Final = re.compile(r"1[245]|2[1235]|31|4[13]|[56]5|99")

_FIXO_LEN: Final = 10  # DDD + 8: a landline, or a mobile written without the ninth digit
_CELULAR_LEN: Final = 11  # DDD + 9
_LOCAL_LENS: Final = (8, 9)  # a number without its DDD
_ITU_MAX: Final = 15  # more digits than any one number has: several run together

_NAO_DIGITOS: Final = re.compile(r"[^0-9]+")
_ENTRE_NUMEROS: Final = re.compile(r"[^0-9+().\s-]+|[\r\n]+|(?=\+)")
_EMENDADOS: Final = re.compile(r"(?<![0-9])\(?0?[1-9][0-9]\)?[\s.-]*(?:9[\s.-]?)?[0-9]{4}[\s.-]*[0-9]{4}(?![0-9])")
_PLANILHA: Final = re.compile(r"[0-9]+\.0+")  # a number column saved as text: 11987654321.0
_CIENTIFICA: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+")


def parse_telefone(texto: str | None) -> Telefone | TelefoneRecusado:
    """Read one cell. Of several numbers in it, the first mobile wins, else the first valid one."""
    limpo = _plain(texto)
    if not limpo:
        return _recusa("vazio")
    if _CIENTIFICA.fullmatch(limpo):
        return _recusa("notacao_cientifica")
    fixo_ou_fora: Telefone | None = None
    recusa: TelefoneRecusado | None = None
    for leitura in map(_read, _candidatos(limpo)):
        if isinstance(leitura, TelefoneRecusado):
            recusa = recusa or leitura
        elif leitura.tipo is TipoTelefone.CELULAR:
            return leitura
        else:
            fixo_ou_fora = fixo_ou_fora or leitura
    return fixo_ou_fora or recusa or _recusa("texto")


def chave_telefone(texto: str) -> str:
    """Return the key under which a phone is the same line with and without its ninth digit.

    Only the 9 put before an old mobile (6-9) goes: cutting to eight digits would make
    a mobile `9 3xxx-xxxx` and the landline `3xxx-xxxx` of its DDD one contact.
    """
    digitos = _NAO_DIGITOS.sub("", texto).lstrip("0")
    if digitos.startswith("55") and len(digitos) in (12, 13):
        digitos = digitos[2:]
    if len(digitos) == _CELULAR_LEN and digitos[2] == "9" and digitos[3] in "6789":
        return digitos[:2] + digitos[3:]
    return digitos


def mask_telefone(e164: str) -> str:
    """Show the last four digits, and nothing of a number too short to hide behind them."""
    digitos = _NAO_DIGITOS.sub("", e164)
    return f"***{digitos[-4:]}" if len(digitos) in range(8, _ITU_MAX + 1) else "***"


def _recusa(detalhe: str) -> TelefoneRecusado:
    return TelefoneRecusado(_CODIGOS.get(detalhe, detalhe), _MENSAGENS[detalhe])


def _plain(texto: str | None) -> str:
    if texto is None:
        return ""
    limpo = (texto if texto.isascii() else unicodedata.normalize("NFKC", texto)).strip()
    return limpo.split(".", 1)[0] if _PLANILHA.fullmatch(limpo) else limpo


def _candidatos(texto: str) -> Iterator[str]:
    for pedaco in _ENTRE_NUMEROS.split(texto):
        digitos = _NAO_DIGITOS.sub("", pedaco)
        if len(digitos) > _ITU_MAX and len(set(digitos)) > 1:
            yield from _EMENDADOS.findall(pedaco) or [pedaco]
        elif digitos:
            yield pedaco.strip()


def _read(candidato: str) -> Telefone | TelefoneRecusado:
    digitos = _NAO_DIGITOS.sub("", candidato)
    brasileiro = _read_nacional(_nacional(digitos), digitos)
    if candidato.startswith("+") and not digitos.startswith("55"):
        return _read_estrangeiro(f"+{digitos}") or brasileiro  # "+11 9..." is a DDD with a stray plus
    if isinstance(brasileiro, TelefoneRecusado) and digitos.startswith("00"):
        return _read_estrangeiro(f"+{digitos.lstrip('0')}") or brasileiro
    return brasileiro


def _nacional(digitos: str) -> str:
    """Drop the country code, the trunk zero and the carrier, wherever they were written."""
    nacional = digitos.lstrip("0")
    if nacional.startswith("55") and len(nacional) > _CELULAR_LEN:  # up to 11 digits, 55 is a DDD
        digitos = nacional[2:]
        nacional = digitos.lstrip("0")
    com_zero = len(nacional) < len(digitos)
    if com_zero and len(nacional) in (12, 13) and _OPERADORA.match(nacional):
        return nacional[2:]
    return nacional


def _read_nacional(nacional: str, digitos: str) -> Telefone | TelefoneRecusado:
    problema = _problem(nacional, digitos)
    if problema:
        return _recusa(problema)
    if len(nacional) == _CELULAR_LEN:
        return Telefone(f"+55{nacional}", TipoTelefone.CELULAR)
    if nacional[2] in "2345":
        return Telefone(f"+55{nacional}", TipoTelefone.FIXO)
    return Telefone(f"+55{nacional[:2]}9{nacional[2:]}", TipoTelefone.CELULAR, ajustado=True)


def _problem(nacional: str, digitos: str) -> str | None:
    tamanho = len(nacional)
    if len(digitos) >= min(_LOCAL_LENS) and len(set(nacional)) <= 1:
        return "repetido"
    if tamanho < _FIXO_LEN:
        return "sem_ddd" if tamanho in _LOCAL_LENS else "curto"
    if tamanho > _CELULAR_LEN:
        return "longo"
    if not _DDD.match(nacional):
        return "ddd_inexistente"
    return None if nacional[2] in ("9" if tamanho == _CELULAR_LEN else "23456789") else "invalido"


def _read_estrangeiro(internacional: str) -> Telefone | None:
    try:
        numero = phonenumbers.parse(internacional)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(numero):
        return None
    e164 = phonenumbers.format_number(numero, phonenumbers.PhoneNumberFormat.E164)
    return Telefone(e164, TipoTelefone.ESTRANGEIRO)
