"""Why a message did not arrive, in our words: every gateway's codes are mapped onto these."""

from enum import StrEnum


class Falha(StrEnum):
    """What a failure asks of us, whether it is the answer to the send or a receipt that comes later."""

    NUMERO = "numero"
    """The phone has no WhatsApp, or cannot be reached there: never again this way, and reception is told."""
    JANELA = "janela"
    """A free text outside the 24 hours of a conversation: only an approved template reaches the patient."""
    RITMO = "ritmo"
    """Too fast: the channel slows down, the message waits."""
    PASSAGEIRA = "passageira"
    """Surely not delivered, and may be tried again."""
    CONFIGURACAO = "configuracao"
    """Key, sender, account or payment: the channel stops and somebody is told."""
    MODELO = "modelo"
    """The approved template is missing, paused, or was given other variables: no message with it until it is mended."""
    RETIDA = "retida"
    """WhatsApp withheld it from this person for now: not to be repeated for a day."""
    PAROU = "parou"
    """The person told WhatsApp that they want nothing from us: the phone stops."""
    RECUSADA = "recusada"
    """This message, as it is, never."""
