"""What Z-API's refusals mean: one table for the answer to a send and for the news that comes later.

Z-API numbers nothing: it writes a sentence, and for some failures an `errorCode`. A sentence may repeat a patient's
number, so only the names of this table leave here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from app.domain.entrega import Falha
from app.providers.base import Ambiguous, ProviderError, Unavailable, error_for, error_from
from app.providers.http import HttpResponse


@dataclass(frozen=True, slots=True)
class Code:
    name: str
    """Z-API's `errorCode` where it has one, else our name for its sentence."""
    falha: Falha
    fragments: tuple[str, ...] = ()
    """Lower case; any of them in the sentence."""


CODES: Final = (
    # First: a restricted account is told that its patients' numbers do not exist.
    Code("SHADOW_BAN", Falha.CONFIGURACAO, ("shadow ban", "shadowban")),
    Code("CLIENT_TOKEN", Falha.CONFIGURACAO, ("client-token", "null not allowed")),
    Code("INSTANCE_NOT_FOUND", Falha.CONFIGURACAO, ("instance not found",)),
    Code("SUBSCRIPTION", Falha.CONFIGURACAO, ("must subscribe",)),
    Code("NOT_CONNECTED", Falha.CONFIGURACAO, ("to be connected", "not connected", "disconnected")),
    Code("QUEUE_FULL", Falha.CONFIGURACAO, ("queue is full", "queue limit")),
    Code(
        "PHONE_NOT_EXISTS",
        Falha.NUMERO,
        ("number does not exist", "number not exist", "not on whatsapp", "invalid phone", "phone number invalid"),
    ),
    Code("REJECTED_BY_WHATSAPP", Falha.RETIDA, ("rejected sending", "did not allow")),
)
UNKNOWN: Final = Code("UNKNOWN", Falha.RECUSADA)

_BY_STATUS: Final[Mapping[int, Falha]] = {  # the address or the account, not this message
    HTTPStatus.PAYMENT_REQUIRED: Falha.CONFIGURACAO,
    HTTPStatus.NOT_FOUND: Falha.CONFIGURACAO,
    HTTPStatus.METHOD_NOT_ALLOWED: Falha.CONFIGURACAO,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Falha.CONFIGURACAO,
}
_TOLD: Final = re.compile(r"[A-Z][A-Z_]{1,39}")


def find_code(data: Mapping[str, Any]) -> Code | None:
    """Return what the error in an answer or an event is, UNKNOWN for one nobody listed, None where there is none."""
    told, sentence = data.get("errorCode"), _sentence(data)
    if not sentence and not told:
        return None
    named = next((code for code in CODES if code.name == told), None)
    if named is not None:
        return named
    found = next((code for code in CODES if any(fragment in sentence for fragment in code.fragments)), None)
    if found is not None:
        return found
    return Code(told, UNKNOWN.falha) if isinstance(told, str) and _TOLD.fullmatch(told) else UNKNOWN


def refusal(response: HttpResponse, data: Mapping[str, Any], *, now: datetime) -> ProviderError:
    """Return what an answer that is not 2xx to a send means."""
    if not HTTPStatus.BAD_REQUEST <= response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return error_from(response, repeatable=False, now=now)
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return error_from(response, now=now)
    code = find_code(data)
    if code is not None and code.name != UNKNOWN.name:
        return error_for(code.falha, f"HTTP {response.status} {code.name}")
    if response.status in _BY_STATUS:
        return error_for(_BY_STATUS[response.status], f"HTTP {response.status}")
    if not response.complete:  # nothing was taken, and the reason got lost
        return Unavailable(f"HTTP {response.status}")
    return error_from(response)


def refusal_in_acceptance(data: Mapping[str, Any]) -> ProviderError | None:
    """Return what a 2xx means that holds an error and no id; None where it is an acceptance after all."""
    code = find_code(data) if data.get("error") else None
    if code is None:
        return None
    reason = f"HTTP 200 {code.name}"
    return error_for(code.falha, reason) if code in CODES else Ambiguous(reason, requests=1)


def _sentence(data: Mapping[str, Any]) -> str:
    error = data.get("error")
    if isinstance(error, Mapping):
        return _sentence(error)
    if error and not isinstance(error, str):
        return "error"
    words = error.strip() if isinstance(error, str) else ""
    said = data.get("message")
    return (words or (said.strip() if isinstance(said, str) else "")).lower()
