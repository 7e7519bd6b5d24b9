"""What each code of the gateway asks of us: a refused send, a failed receipt, a lost connection."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from app.domain.entrega import Falha
from app.providers.base import Ambiguous, ProviderError, error_for, error_from, retry_after
from app.providers.http import HttpResponse

# Invented here where the gateway has no code but a sentence; the sentence itself may hold a number.
NO_WHATSAPP: Final = "exists:false"
CLOSED: Final = "connection_closed"
BROKE: Final = "exception"

FALHAS: Final[Mapping[str, Falha]] = {
    NO_WHATSAPP: Falha.NUMERO,
    CLOSED: Falha.PASSAGEIRA,
    "400": Falha.RECUSADA,
    "401": Falha.CONFIGURACAO,
    "403": Falha.CONFIGURACAO,
    "404": Falha.CONFIGURACAO,  # the instance does not exist
    "429": Falha.RITMO,  # of a proxy before it: the gateway itself counts nothing
    # messages.update. Its ERROR was seen on messages that had arrived, so it never invites a second one.
    "ERROR": Falha.RECUSADA,
    # connection.update: the reasons after which the gateway does not reconnect by itself, and all others.
    "close:401": Falha.CONFIGURACAO,
    "close:402": Falha.CONFIGURACAO,
    "close:403": Falha.CONFIGURACAO,
    "close:406": Falha.CONFIGURACAO,
    "close:*": Falha.PASSAGEIRA,
    "refused:*": Falha.CONFIGURACAO,  # nobody read the QR code
}

_CLOSED_SENTENCE: Final = re.compile(r"(?:error: )?connection closed|the .* instance is not connected", re.IGNORECASE)
_EXCEPTION: Final = re.compile(r"\w*(?:Error|Exception)\b|\[object ")


def error_of(response: HttpResponse, now: datetime) -> ProviderError:
    """Return what a refused send means."""
    code = code_of(response)
    reason = f"HTTP {response.status} {code}" if code != str(response.status) else f"HTTP {code}"
    if code == BROKE:
        return Ambiguous(reason, requests=1)
    falha = FALHAS.get(code)
    if falha is not None:
        return error_for(falha, reason, wait_s=retry_after(response, now))
    error = error_from(response, repeatable=False, now=now)
    error.requests = 1
    return error


def code_of(response: HttpResponse) -> str:
    """Name the cause of a refusal.

    A 400 is not always a refusal: whatever breaks after the message left, such as the gateway's own database, is
    answered 400 with the exception's text. A closed connection is noticed before anything leaves, whatever the status.
    """
    said = _said(response.body)
    if any(isinstance(item, dict) and item.get("exists") is False for item in said):
        return NO_WHATSAPP
    sentences = [item.strip() for item in said if isinstance(item, str)]
    if any(_CLOSED_SENTENCE.fullmatch(sentence) for sentence in sentences):
        return CLOSED
    broke = not response.complete or any(_EXCEPTION.match(sentence) for sentence in sentences)
    if response.status == 400 and broke:  # noqa: PLR2004
        return BROKE
    return str(response.status)


def falha_of_connection(state: str, reason: str | None) -> Falha | None:
    """Return what a state of the connection asks of us; None where nothing is wrong."""
    return FALHAS.get(f"{state}:{reason}") or FALHAS.get(f"{state}:*")


def _said(body: bytes) -> list[object]:
    """Return `response.message`, which is a list or a bare sentence."""
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return []
    response = data.get("response") if isinstance(data, dict) else None
    message = response.get("message") if isinstance(response, dict) else None
    return message if isinstance(message, list) else [message]
