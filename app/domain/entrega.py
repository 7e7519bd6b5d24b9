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
    ESPERA = "espera"
    """Too many to this one person: their message waits, the channel goes on."""
    PASSAGEIRA = "passageira"
    """Surely not delivered, and may be tried again."""
    CONFIGURACAO = "configuracao"
    """Key, sender, account or payment: the channel stops and somebody is told."""
    MODELO = "modelo"
    """The approved template is missing, paused, or was given other variables: this message fails and reception is told.

    The template itself stops by the gateway's own news of it, or when it is next asked (hourly): a single patient's
    long value fails so too, and must not stop everybody's.
    """
    RETIDA = "retida"
    """WhatsApp withheld it from this person for now: this message is not repeated, the next step is another."""
    PAROU = "parou"
    """The person told WhatsApp that they want nothing from us: the phone stops."""
    RECUSADA = "recusada"
    """This message, as it is, never."""
