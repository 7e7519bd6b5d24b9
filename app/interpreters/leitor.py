"""Reading a reply with all that can be read here: the rules, then the local model where they are not sure."""

from functools import cache
from typing import Final

from loguru import logger

from app.domain.resposta.leitura import read_resposta, read_texto
from app.domain.resposta.normalizacao import normalize_resposta
from app.domain.resposta.tipos import Leitura
from app.interpreters.conciliacao import reconcile
from app.interpreters.local.modelo import ModeloInvalido, ModeloLocal, default_model


class Leitor:
    """One model beside the rules; safe to share, it keeps nothing of what it reads."""

    def __init__(self, modelo: ModeloLocal) -> None:
        self._modelo: Final = modelo

    def read(self, texto: str) -> Leitura:
        """Return what one reply says, read alone. Never raises, whatever a person may write; bounded work.

        Where `age` is false, the patient must be asked back before anything is done (rule 8).
        """
        pronto = normalize_resposta(texto)
        regra = read_texto(pronto)
        modelo = self._modelo
        return reconcile(regra, lambda: modelo.probabilities(pronto), modelo.ficha.limiares, pronto)


@cache
def _default() -> Leitor | None:
    try:
        return Leitor(default_model())
    except ModeloInvalido as error:
        logger.bind(error=str(error)).error("leitura.model_refused")
        return None


def read(texto: str) -> Leitura:
    """Read a reply with the model that comes with the program; by the rules alone where it cannot be loaded."""
    leitor = _default()
    return leitor.read(texto) if leitor else read_resposta(texto)
