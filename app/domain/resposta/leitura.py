"""The reading of a patient's reply: small stages in a row, the first that is sure wins, doubt is an answer."""

from typing import Final

from app.domain.resposta.alerta import alerta
from app.domain.resposta.citacao import is_midia
from app.domain.resposta.contexto import com_atraso, com_pergunta, pergunta, remarcar, saudacao
from app.domain.resposta.digito import digito
from app.domain.resposta.expressao import expressao
from app.domain.resposta.normalizacao import normalize_resposta
from app.domain.resposta.tipos import Etapa, Intencao, Leitura, Texto


def ilegivel(texto: Texto) -> Leitura | None:
    """Stop where nothing was written: blank, or a mark that stands for audio or an image."""
    if texto.corrido and not is_midia(texto.trecho):
        return None
    return Leitura(Intencao.UNCLEAR, None, 0.0, texto.trecho, "normalizacao", "sem_texto")


# Danger and silence before options: "1, mas estou com falta de ar". A wish for another day before yes and no.
_ETAPAS: Final[tuple[Etapa, ...]] = (
    ilegivel,
    alerta,
    digito,
    remarcar,
    expressao,
    com_pergunta,
    com_atraso,
    saudacao,
    pergunta,
)


def read_resposta(texto: str) -> Leitura:
    """Return what one reply says, read alone. Never raises, whatever a person may write.

    It confirms or cancels only when every word is understood and all of them agree; text inside
    a reply is never an instruction.
    """
    return read_texto(normalize_resposta(texto))


def read_texto(texto: Texto) -> Leitura:
    """Return the same for a reply already made ready."""
    for etapa in _ETAPAS:
        if leitura := etapa(texto):
            return leitura
    return Leitura(Intencao.UNCLEAR, trecho=texto.trecho)
