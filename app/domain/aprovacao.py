"""What becomes of an approved text when its gateway is asked about it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class EstadoAprovacao(StrEnum):
    """What a gateway says of a text; nobody asked it yet: `desconhecido`."""

    APROVADO = "aprovado"
    PENDENTE = "pendente"
    RECUSADO = "recusado"
    PAUSADO = "pausado"
    DESATIVADO = "desativado"
    DESCONHECIDO = "desconhecido"


class Alerta(StrEnum):
    """What somebody should look at: until then the text carries nothing, or costs more."""

    PERDIDA = "aprovacao_perdida"
    CATEGORIA = "categoria_mudou"


@dataclass(frozen=True, slots=True)
class AprovacaoLida:
    """A text as the gateway lists it; `variaveis` are names, or "1", "2" … where they go by order."""

    estado: EstadoAprovacao
    categoria: str | None = None
    variaveis: Sequence[str] = ()
    botoes: int = 0
    motivo: str | None = None


@dataclass(frozen=True, slots=True)
class Aprovacao:
    """A text as it is kept from now on."""

    estado: EstadoAprovacao
    categoria: str | None
    botoes: int
    motivo: str | None = None
    alerta: Alerta | None = None


NAO_ENCONTRADO: Final = "nao_encontrado"
VARIAVEIS_DIFERENTES: Final = "variaveis_diferentes"
_MARKETING: Final = "marketing"  # costs several times as much, and WhatsApp withholds it from people
_BEM: Final = frozenset({EstadoAprovacao.APROVADO, EstadoAprovacao.PENDENTE})


def read_aprovacao(atual: Aprovacao, lida: AprovacaoLida | None, variaveis: Sequence[str]) -> Aprovacao:
    """Return what to keep of a text that the gateway tells so, or tells nothing of.

    `variaveis` are those we have values for: with others the gateway would refuse
    every single message.
    """
    if lida is None:
        return _alert(atual, Aprovacao(EstadoAprovacao.DESATIVADO, atual.categoria, atual.botoes, NAO_ENCONTRADO))
    categoria = lida.categoria or atual.categoria
    if lida.estado is EstadoAprovacao.APROVADO and set(lida.variaveis) != set(variaveis):
        return _alert(atual, Aprovacao(EstadoAprovacao.DESATIVADO, categoria, lida.botoes, VARIAVEIS_DIFERENTES))
    return _alert(atual, Aprovacao(lida.estado, categoria, lida.botoes, lida.motivo))


def _alert(atual: Aprovacao, nova: Aprovacao) -> Aprovacao:
    alerta = None
    if nova.estado not in _BEM and nova.estado is not atual.estado:
        alerta = Alerta.PERDIDA
    elif nova.categoria == _MARKETING and atual.categoria != _MARKETING:
        alerta = Alerta.CATEGORIA
    return Aprovacao(nova.estado, nova.categoria, nova.botoes, nova.motivo, alerta)
