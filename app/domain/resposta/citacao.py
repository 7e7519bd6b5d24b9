"""What is in a reply but was not written by the patient: quotations, our own reminder, media marks."""

import re
from typing import Final

_LINHA_CITADA: Final = re.compile(r"^[ \t]*(?:>|\[\d{1,2}[/:]\d{1,2}[^\]\n]{0,30}\])[^\n]*$", re.MULTILINE)
# "Responda 1 para confirmar ou 0 para cancelar", in the wordings hospitals use.
_NOSSO_LEMBRETE: Final = re.compile(
    r"\b(?:responda|digite|envie|tecle|aperte|mande)\b[^\w\n]{0,4}(?:com )?[^\w\n]{0,4}1[^\w\n]{0,4}"
    r"(?:para|pra|p/?|se)[^\w\n]{1,3}(?:você )?(?:confirm|vir|sim)\w{0,6}[^\n]{0,60}?\b0[^\w\n]{0,4}"
    r"(?:para|pra|p/?|se)[^\w\n]{1,3}(?:você )?(?:(?:cancel|desmarc)\w{0,6}|não\b)"
    r"(?: (?:o|a|sua?|seu|minha|consulta|exame|agendamento|atendimento|presença)){0,3}[.!*_]{0,3}",
    re.IGNORECASE,
)
_ENTRE_ASPAS: Final = re.compile(r"^\s*[\"“”«][^\"“”«»\n]{8,300}[\"“”»]\s*(?=\S)")
_MIDIA: Final = re.compile(
    r"^\W*(?:mensagem de (?:áudio|voz|vídeo)|áudio|audio(?: message)?|vídeo|video|imagem|foto|figurinha|sticker"
    r"|gif|documento"
    r"|localização|contato|mídia|media)(?: (?:oculta|omitid[oa]|ocultad[oa]|enviad[oa]"
    r"|omitted))?\W*(?:\(?\d+:\d+\)?)?\W*$"
    r"|^\W*(?:esta )?mensagem (?:foi )?apagada\W*$|^\W*você apagou esta mensagem\W*$|^\W*chamada de (?:voz"
    r"|vídeo)[^\n]{0,20}$",
    re.IGNORECASE,
)
_TRANSCRICAO: Final = re.compile(r"^\s*\[(?:áudio|audio|voz)[^\]\n]{0,20}transcri[^\]\n]{0,20}\]:?", re.IGNORECASE)


def is_midia(texto: str) -> bool:
    """Tell whether the text only stands for something that is not text."""
    return _MIDIA.match(texto) is not None


def strip_citacao(texto: str) -> tuple[str, bool]:
    """Return what the sender added, and whether anything quoted was taken away.

    What stands before a pasted reminder is the rest of our own message (its greeting, date and
    hour), so only what follows it is the patient's.
    """
    proprio = _LINHA_CITADA.sub("", texto)
    proprio = _ENTRE_ASPAS.sub("", proprio)
    fim = 0
    for lembrete in _NOSSO_LEMBRETE.finditer(proprio):
        fim = lembrete.end()
    proprio = _TRANSCRICAO.sub("", proprio[fim:])
    return proprio, proprio != texto
