"""What becomes of a message by what the gateway said of it, at once or in a receipt that came later: one table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from app.domain.backoff import retry_delay
from app.domain.confirmacao import EstadoMensagem
from app.domain.entrega import Falha
from app.providers.base import (
    Ambiguous,
    Misconfigured,
    ProviderError,
    Receipt,
    Throttled,
    TooSoon,
    Unavailable,
    falha_of,
)
from app.repositories.saida import Resultado

_RETRY_BASE: Final = timedelta(seconds=30)
_TENTATIVAS: Final = 4  # a message that the gateway takes and loses as often will not arrive
NAO_ENTREGUE: Final = "nao_entregue"
PEDIU_PARA_PARAR: Final = "pediu_para_parar"
# Of a message refused for good: the reason kept with it, and why a person must look at its visits. Of any other it is
# the gateway's own word, and that it did not arrive.
_RECUSAS: Final[Mapping[Falha, tuple[str, str]]] = {
    Falha.NUMERO: ("numero_recusado", "numero_recusado"),
    Falha.JANELA: ("fora_da_conversa", NAO_ENTREGUE),
    Falha.MODELO: ("modelo_recusado", NAO_ENTREGUE),
    Falha.RETIDA: ("retida_pelo_whatsapp", NAO_ENTREGUE),
    Falha.PAROU: ("parou_no_whatsapp", PEDIU_PARA_PARAR),
}
_REPETIVEIS: Final = frozenset({Falha.RITMO, Falha.ESPERA, Falha.PASSAGEIRA})


@dataclass(frozen=True, slots=True, kw_only=True)
class Enviada:
    """A message the gateway was given."""

    mensagem_id: int
    contato_id: int
    canal_id: int | None
    tentativas: int
    sessao: bool
    """It was sent as within an open conversation, so that a template was not yet tried."""
    outro_meio: bool = False
    """A channel of last resort may take it where WhatsApp refuses its number."""


@dataclass(frozen=True, slots=True)
class Consequencia:
    """The row's new state, and what it means for others."""

    resultado: Resultado
    falha: Falha | None = None
    atencao: str | None = None

    @property
    def sem_numero(self) -> bool:
        """Whether WhatsApp has no such number."""
        return self.falha is Falha.NUMERO


def follow(enviada: Enviada, outcome: Receipt | ProviderError, *, caiu: bool, now: datetime) -> Consequencia:
    """Return what follows from the answer to a send.

    `caiu`: the channel is given up for now, and what surely did not leave goes by the next at once. One that asks for
    a pause gets it as a channel; its messages may go by another.
    """
    match outcome:
        case Receipt():
            return _state(enviada, EstadoMensagem.ENVIADA, provider_id=outcome.message_id)
        case Ambiguous():
            return _state(enviada, EstadoMensagem.INCERTA, outcome.reason)
        case Throttled() | Misconfigured():
            return _again(enviada, outcome.reason, now, contada=False)
        case TooSoon():
            return _again(enviada, outcome.reason, now + max(_wait(enviada), timedelta(seconds=outcome.retry_after)))
        case Unavailable():
            return _again(enviada, outcome.reason, now if caiu else now + _wait(enviada), contada=not caiu)
        case _:
            falha = falha_of(outcome) or Falha.RECUSADA
            return follow_falha(enviada, falha, outcome.reason, now=now)


def follow_falha(enviada: Enviada, falha: Falha, codigo: str | None, *, now: datetime) -> Consequencia:
    """Return what follows from a failure; `codigo` is the gateway's word for it."""
    motivo, atencao = _RECUSAS.get(falha, (codigo or falha.value, NAO_ENTREGUE))
    if falha in _REPETIVEIS and enviada.tentativas < _TENTATIVAS:
        return _again(enviada, motivo, now + _wait(enviada))
    mended = falha is Falha.CONFIGURACAO and enviada.tentativas < _TENTATIVAS
    if mended or (falha is Falha.NUMERO and enviada.outro_meio):
        again = _again(enviada, motivo, now)
        return Consequencia(again.resultado, falha)
    if falha is Falha.JANELA and enviada.sessao:  # we believed the conversation open: once more, with a template
        again = _again(enviada, motivo, now, exige_modelo=True)
        return Consequencia(again.resultado, falha)
    return Consequencia(_state(enviada, EstadoMensagem.FALHOU, motivo).resultado, falha, atencao)


def give_up(consequencia: Consequencia) -> Consequencia:
    """Return what follows where a message is not said again after all; what had failed for good stays as it is."""
    if consequencia.resultado.estado is not EstadoMensagem.AGENDADA:
        return consequencia
    return Consequencia(replace(consequencia.resultado, estado=EstadoMensagem.FALHOU), consequencia.falha, NAO_ENTREGUE)


def _wait(enviada: Enviada) -> timedelta:
    return retry_delay(enviada.tentativas + 1, (enviada.mensagem_id % 97) / 97, base=_RETRY_BASE)


def _state(
    enviada: Enviada, estado: EstadoMensagem, motivo: str | None = None, *, provider_id: str | None = None
) -> Consequencia:
    return Consequencia(
        Resultado(mensagem_id=enviada.mensagem_id, estado=estado, motivo=motivo, provider_id=provider_id)
    )


def _again(
    enviada: Enviada, motivo: str, quando: datetime, *, exige_modelo: bool = False, contada: bool = True
) -> Consequencia:
    resultado = Resultado(
        mensagem_id=enviada.mensagem_id,
        estado=EstadoMensagem.AGENDADA,
        motivo=motivo,
        quando=quando,
        exige_modelo=exige_modelo,
        contada=contada,
    )
    return Consequencia(resultado)
