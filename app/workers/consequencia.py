"""What becomes of a message by what the gateway answered: one table, for answers to a send."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.backoff import retry_delay
from app.domain.confirmacao import EstadoMensagem
from app.domain.entrega import Falha
from app.providers.base import Ambiguous, Misconfigured, ProviderError, Receipt, Throttled, Unavailable, falha_of
from app.repositories.saida import Resultado
from app.workers.chunk import Enviada

_RETRY_BASE: Final = timedelta(seconds=30)
NAO_ENTREGUE: Final = "nao_entregue"
# Of a message refused for good: the reason kept with it, and why a person must look at its visits.
RECUSAS: Final[Mapping[Falha, tuple[str, str]]] = {
    Falha.NUMERO: ("numero_recusado", "numero_recusado"),
    Falha.JANELA: ("fora_da_conversa", NAO_ENTREGUE),
    Falha.MODELO: ("modelo_recusado", NAO_ENTREGUE),
    Falha.RETIDA: ("retida_pelo_whatsapp", NAO_ENTREGUE),
    Falha.PAROU: ("parou_no_whatsapp", "pediu_para_parar"),
}


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


def follow(
    enviada: Enviada, outcome: Receipt | ProviderError, *, outro_meio: bool, caiu: bool, now: datetime
) -> Consequencia:
    """Return what follows.

    `outro_meio`: a channel of last resort may take what WhatsApp refuses for
    its number. `caiu`: the channel is given up for now, and what surely did not
    leave goes by the next at once.
    """
    match outcome:
        case Receipt():
            return _state(enviada, EstadoMensagem.ENVIADA, provider_id=outcome.message_id)
        case Ambiguous():
            return _state(enviada, EstadoMensagem.INCERTA, outcome.reason)
        case Throttled():
            return _again(enviada, outcome.reason, now + timedelta(seconds=outcome.retry_after))
        case Misconfigured():
            return _again(enviada, outcome.reason, now)
        case Unavailable():
            wait = retry_delay(enviada.tentativas + 1, (enviada.mensagem_id % 97) / 97, base=_RETRY_BASE)
            return _again(enviada, outcome.reason, now if caiu else now + wait)
        case _:
            return _refused(enviada, outcome, outro_meio=outro_meio, now=now)


def _refused(enviada: Enviada, error: ProviderError, *, outro_meio: bool, now: datetime) -> Consequencia:
    falha = falha_of(error)
    if falha is Falha.JANELA and enviada.sessao:  # we believed the conversation open: once more, with a template
        resultado = Resultado(
            mensagem_id=enviada.mensagem_id,
            estado=EstadoMensagem.AGENDADA,
            motivo=RECUSAS[falha][0],
            quando=now,
            exige_modelo=True,
        )
        return Consequencia(resultado, falha)
    motivo, atencao = RECUSAS.get(falha, (error.reason, None)) if falha else (error.reason, None)
    if falha is Falha.NUMERO and outro_meio:
        again = _again(enviada, motivo, now)
        return Consequencia(again.resultado, falha)
    return Consequencia(_state(enviada, EstadoMensagem.FALHOU, motivo).resultado, falha, atencao)


def _state(
    enviada: Enviada, estado: EstadoMensagem, motivo: str | None = None, *, provider_id: str | None = None
) -> Consequencia:
    return Consequencia(
        Resultado(mensagem_id=enviada.mensagem_id, estado=estado, motivo=motivo, provider_id=provider_id)
    )


def _again(enviada: Enviada, motivo: str, quando: datetime) -> Consequencia:
    estado = EstadoMensagem.AGENDADA
    return Consequencia(Resultado(mensagem_id=enviada.mensagem_id, estado=estado, motivo=motivo, quando=quando))
