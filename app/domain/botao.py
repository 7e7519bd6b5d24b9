"""The quick replies under a question, and what touching one means."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.resposta.tipos import Intencao


class Botao(StrEnum):
    """What can be answered with one touch."""

    SIM = "sim"
    NAO = "nao"
    REMARCAR = "remarcar"


# At most twenty characters: the shortest limit of all gateways.
TITULOS: Final[Mapping[Botao, str]] = {
    Botao.SIM: "Confirmar",
    Botao.NAO: "Não posso ir",
    Botao.REMARCAR: "Remarcar",
}
INTENCOES: Final[Mapping[Botao, Intencao]] = {
    Botao.SIM: Intencao.CONFIRM,
    Botao.NAO: Intencao.CANCEL,
    Botao.REMARCAR: Intencao.RESCHEDULE,
}


@dataclass(frozen=True, slots=True)
class Toque:
    """A touched button: of which of our messages, and whether we gave it to this very phone."""

    botao: Botao
    mensagem_id: int
    autentico: bool
