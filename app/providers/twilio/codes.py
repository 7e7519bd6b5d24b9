"""Twilio's error codes in our words: one table for the answer to a send and for a receipt that comes later."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final

import msgspec

from app.domain.entrega import Falha
from app.providers.base import Misconfigured, ProviderError, error_for, error_from, retry_after
from app.providers.http import HttpResponse

_F = Falha

FALHAS: Final[Mapping[int, Falha]] = {
    # too fast, or its queue is full
    **dict.fromkeys((20429, 21611, 30001, 63017, 63018), _F.RITMO),
    # theirs, and over soon; 30003: the phone is off; 30008: the carrier does not say
    **dict.fromkeys((20500, 20503, 30003, 30008, 63009, 63010, 63012), _F.PASSAGEIRA),
    # no such phone, not on WhatsApp, a landline, blocked by its carrier, or outside the sandbox
    **dict.fromkeys((21211, 21612, 21614, 21635, 30004, 30005, 30006, 63003, 63015, 63024), _F.NUMERO),
    # the person blocked us, or wrote STOP
    **dict.fromkeys((21610, 63014, 63033), _F.PAROU),
    63016: _F.JANELA,
    # Meta keeps it from this person for now
    **dict.fromkeys((63032, 63049, 63062), _F.RETIDA),
    # the content is unknown, not approved, paused, or was given other variables
    **dict.fromkeys((21654, 21655, 21656, 63005, 63013, 63021, 63027, 63028, 63036, 63040, 63041), _F.MODELO),
    # account, key, sender, payment or region
    **dict.fromkeys((20003, 20404, 21212, 21408, 21603, 21606, 21608, 21659, 21660), _F.CONFIGURACAO),
    **dict.fromkeys((21703, 21704, 21705, 21910, 30002), _F.CONFIGURACAO),
    **dict.fromkeys((63001, 63002, 63006, 63007, 63008, 63019, 63020, 63022, 63023), _F.CONFIGURACAO),
    **dict.fromkeys((63025, 63029, 63030, 63031), _F.CONFIGURACAO),
    # this text: missing, too long, or filtered by a carrier
    **dict.fromkeys((21602, 21617, 30007), _F.RECUSADA),
}


def falha_of(code: int | None) -> Falha:
    """Return what a code in a receipt means; one we do not know says no more than that it did not arrive."""
    return FALHAS.get(code or 0, Falha.RECUSADA)


def read_code(value: object) -> int | None:
    """Return an error code however it is written; 0 and everything else is none."""
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) or None if text.isascii() and text.isdigit() and len(text) <= 6 else None  # noqa: PLR2004


def error_of(response: HttpResponse, *, repeatable: bool, now: datetime) -> ProviderError:
    """Return what a refusal means: its code where we know it, else its status.

    After a 5xx nobody knows what was done, whatever code it names.
    """
    code = _told_code(response)
    reason = f"HTTP {response.status}" if code is None else f"HTTP {response.status}, código {code}"
    falha = FALHAS.get(code or 0)
    if falha is not None and HTTPStatus.BAD_REQUEST <= response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return error_for(falha, reason, wait_s=retry_after(response, now))
    if response.status == HTTPStatus.NOT_FOUND and code is None:
        return Misconfigured(reason, requests=1)  # not Twilio's own 404: the address is wrong
    error = error_from(response, repeatable=repeatable, now=now)
    error.reason, error.requests = reason, 1
    return error


def _told_code(response: HttpResponse) -> int | None:
    data = decode(response)
    return read_code(data.get("code")) if isinstance(data, dict) else None


def decode(response: HttpResponse) -> object:
    """Return the JSON of an answer, None when it is cut or something else."""
    try:
        return msgspec.json.decode(response.body) if response.complete else None
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
