"""The first stage: from what was typed to words the grammar knows, in bounded work."""

import re
import unicodedata
from typing import Final

from app.domain.resposta.citacao import strip_citacao
from app.domain.resposta.grafia import correct_palavra
from app.domain.resposta.tipos import Palavra, Texto

MAX_CARACTERES: Final = 700  # nobody confirms in more; the rest is not read, and what is cut never acts
_MAX_BRUTO: Final = 2_000  # NFKC may make one character eighteen

# Bidirectional marks, zero-width characters, variation selectors, skin tones, keycap frame, gender signs.
_INVISIVEIS: Final = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\u20e3"
    "\u2640\u2642\ud800-\udfff\U0001f3fb-\U0001f3ff\U000e0000-\U000e007f]"
)
_MARCAS: Final = str.maketrans(dict.fromkeys("*_~`\"'“”‘’«»´^ª", " "))
_ACENTOS: Final = {
    code: base
    for code in range(0xC0, 0x250)
    if (base := unicodedata.normalize("NFD", chr(code))[0]) != chr(code) and base.isascii()
}

EMOJIS: Final = {
    **dict.fromkeys("👍👌✅✔☑🆗🤝", "emojisim"),
    **dict.fromkeys("👎❌🚫✖❎", "emojinao"),
    **dict.fromkeys(
        "🙏❤😊😍🥰😘😀😃😄😁☺🙂🤗🌹🌷🌸🌻💐💕💖💗💙💚💛💜🤍🧡♥😇🙌👏💪☀🌞🌺✨🎉😉🥺😔😢😞😭😥😓😕☹🙁😪😩😷🤒",
        "emojineutro",
    ),
}
_TOKEN: Final = re.compile(
    r"(?P<hora>[0-9]{1,2}(?::[0-9]{2}(?: ?(?:hs?|hrs|horas|min)\b)?| ?(?:h|hs|hrs|horas?)\b(?:[0-9]{2})?"
    r"|h[0-9]{2}(?:min)?\b))"
    r"|(?P<data>[0-9]{1,2}/[0-9]{1,2}(?:/[0-9]{2,4})?(?![0-9/]))"
    r"|(?P<palavra>[^\W\d_]+)"
    r"|(?P<numero>(?<!\b[^\W\d_])[0-9]+(?![^\W_]))"
    r"|(?P<pergunta>[?¿]+)"
    r"|(?P<sinal>(?<!\S)-(?=[0-9]))"
    r"|(?P<pausa>[.,;:!¡()\n…–—\[\]-]+)"
    r"|(?P<outro>\S)",
)
# A zero or one in a date's shape is a choice between both, not a date.
_ESCOLHA: Final = re.compile(r"^0?[01]/0?[01]$")
_ANTES_DO_ACENTO: Final = {
    "é": "eh",
    "ñ": "nao",
    "ñao": "nao",
    "çim": "sim",
    "vô": "avo",
    "vó": "avo",
    "dá": "#da",
    "nós": "nois",
}


def normalize_resposta(texto: str) -> Texto:
    """Return `texto` ready for the stages; any string is accepted."""
    limpo = unicodedata.normalize("NFKC", _INVISIVEIS.sub("", texto[:_MAX_BRUTO])).strip()
    limpo = _INVISIVEIS.sub("", limpo)
    cortado = len(limpo) > MAX_CARACTERES or len(texto) > _MAX_BRUTO
    trecho = limpo[:MAX_CARACTERES]
    proprio, citado = strip_citacao(trecho)
    palavras = tuple(read_palavras(proprio))
    return Texto(
        trecho=proprio.strip(),
        palavras=palavras,
        corrido=" ".join(palavra.texto for palavra in palavras),
        cortado=cortado,
        citado=citado,
    )


def read_palavras(texto: str) -> list[Palavra]:
    """Return the tokens: corrected words, `#hora`, `#data`, numbers, `?`, `.` for any pause, `#outro`."""
    palavras: list[Palavra] = []
    for achado in _TOKEN.finditer(texto.translate(_MARCAS)):
        palavras.extend(_token(achado))
    return palavras


def _token(achado: re.Match[str]) -> tuple[Palavra, ...]:
    bruto = achado.group()
    match achado.lastgroup:
        case "palavra":
            minusculo = bruto.lower()
            dobrado = _ANTES_DO_ACENTO.get(minusculo) or minusculo.translate(_ACENTOS)
            return (Palavra(correct_palavra(dobrado, minusculo), maiuscula=bruto[0].isupper(), digitada=minusculo),)
        case "numero":
            return (Palavra(bruto),)
        case "data" if _ESCOLHA.match(bruto):
            return (Palavra("#outro"),)
        case "hora" | "data":
            return (Palavra(f"#{achado.lastgroup}"),)
        case "pergunta":
            return (Palavra("?"),)
        case "pausa":
            return (Palavra("."),)
        case "outro" if bruto == "+":
            return (Palavra("mais"),)
        case _:  # an emoji is a sentence of its own
            return (Palavra("."), Palavra(EMOJIS.get(bruto, "#outro")), Palavra("."))
