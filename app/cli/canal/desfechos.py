"""What became of a test message, in plain words: one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.domain.entrega import Falha
from app.providers.base import (
    Ambiguous,
    BadNumber,
    Misconfigured,
    OutsideWindow,
    ProviderError,
    Rejected,
    Stopped,
    TemplateRefused,
    Throttled,
    TooSoon,
    Unavailable,
    Withheld,
)

ACEITA: Final = "aceita"
INCERTA: Final = "incerta"


@dataclass(frozen=True, slots=True)
class Desfecho:
    """`resultado` is a stable word for scripts."""

    resultado: str
    frase: str


# The nearest kind counts: a BadNumber is a Rejected too.
_TABLE: Final[Mapping[type[ProviderError], Desfecho]] = {
    BadNumber: Desfecho(Falha.NUMERO, "Este número não tem WhatsApp, ou não pode ser alcançado por este canal."),
    OutsideWindow: Desfecho(
        Falha.JANELA,
        "Este número não escreveu ao canal nas últimas 24 horas, e fora delas só chega um modelo aprovado. Escreva "
        "do celular ao número do canal e use --conversa-aberta, ou escolha um modelo com --modelo.",
    ),
    TemplateRefused: Desfecho(
        Falha.MODELO, "O modelo não existe na conta, não está aprovado, ou espera variáveis: escolha um sem variáveis."
    ),
    Withheld: Desfecho(Falha.RETIDA, "O WhatsApp não entrega a este número por ora: não insista antes de amanhã."),
    Stopped: Desfecho(Falha.PAROU, "Esta pessoa pediu para não receber mensagens deste canal."),
    Rejected: Desfecho(Falha.RECUSADA, "O gateway recusou esta mensagem."),
    Throttled: Desfecho(Falha.RITMO, "A conta está no limite de mensagens: nada saiu. Espere um pouco e repita."),
    TooSoon: Desfecho(Falha.ESPERA, "Este número recebeu mensagens demais em pouco tempo: espere um minuto e repita."),
    Misconfigured: Desfecho(
        Falha.CONFIGURACAO,
        "O gateway recusou a credencial, o remetente, um nome ou a situação da conta: nada saiu. Confira com "
        "`canal mostrar` e troque com `canal credenciais` ou `canal alterar`.",
    ),
    Unavailable: Desfecho(
        Falha.PASSAGEIRA, "O gateway está fora do ar ou inacessível: nada saiu. Repita em alguns minutos."
    ),
    Ambiguous: Desfecho(
        INCERTA, "O gateway não disse se aceitou: a mensagem pode ter chegado. Olhe o celular antes de repetir."
    ),
}


def desfecho_of(error: ProviderError) -> Desfecho:
    """Return what a failure means to whoever tries a channel."""
    return next(_TABLE[kind] for kind in type(error).__mro__ if kind in _TABLE)
