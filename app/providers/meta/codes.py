"""Meta's error codes in our words: the one table for the answer to a send and for a receipt that comes later."""

from collections.abc import Collection, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final

import msgspec

from app.domain.entrega import Falha
from app.providers.base import (
    DEFAULT_RETRY_AFTER,
    Ambiguous,
    Misconfigured,
    ProviderError,
    Unavailable,
    error_for,
    error_from,
)
from app.providers.http import HttpResponse

_CODES: Final[Mapping[Falha, Collection[int]]] = {
    Falha.CONFIGURACAO: (
        *(0, 190, 3, 10, *range(200, 300), 131005),  # token and permissions
        *(368, 130497, 131031, 131042, 131045, 133010),  # the account, its payment, the number's registration
        *(33, 131037),  # the sending number is gone, or its display name is not approved: no message would pass
    ),
    Falha.RITMO: (4, 80007, 130429, 133016, 131048),
    Falha.ESPERA: (131056,),
    Falha.PASSAGEIRA: (1, 2, 131000, 131016, 131057, 133000, 133004),
    Falha.NUMERO: (131021, 131026),
    Falha.JANELA: (131047,),
    Falha.RETIDA: (130472, 131049),
    Falha.PAROU: (131050,),
    Falha.MODELO: (132000, 132001, 132005, 132007, 132012, 132015, 132016, 132068, 132069),
    Falha.RECUSADA: (
        *(100, 131008, 131009, 131051, 131052, 131053, 131062, 135000),
        *(131055, 134100, 134101, 134102),  # another product's: the Marketing Messages API
    ),
}
FALHAS: Final[Mapping[int, Falha]] = {code: falha for falha, codes in _CODES.items() for code in codes}

# No Retry-After is ever told. Meta asks for 4^n seconds; counting n is the queue's affair.
WAITS: Final[Mapping[int, float]] = {
    130429: 2.0,  # so many messages in one second: the next one is free
    131056: 24.0,  # to one person: four of their six-second intervals
    4: 60.0,
    80007: 60.0,
    131048: 3600.0,  # flagged as spam: whoever hammers loses the number
    133016: 3600.0,
}
_UNKNOWN_ERROR: Final = frozenset({1, 131000})
"""Answered to a send, they do not say that nothing was taken; in a receipt they do."""
_OTHER_COUNTRY: Final = 130497
_BRAZIL: Final = "55"
_NO_SUCH_OBJECT: Final = 33  # the Graph's subcode of 100 when the id in the address is wrong


def falha_of(code: int | None, phone: str = "") -> Falha:
    """Return what a code asks of us; one that nobody knows refuses its message and nothing else.

    `phone` matters to a country we may not write to: one visitor's must not stop the channel of all patients.
    """
    if code == _OTHER_COUNTRY and phone and not phone.removeprefix("+").startswith(_BRAZIL):
        return Falha.NUMERO
    return FALHAS.get(code, Falha.RECUSADA) if code is not None else Falha.RECUSADA


class _Error(msgspec.Struct):
    code: int
    error_subcode: int | None = None


class _Body(msgspec.Struct):
    error: _Error


_decoder: Final = msgspec.json.Decoder(_Body, strict=False)


def error_of(
    response: HttpResponse, *, repeatable: bool = False, phone: str = "", now: datetime | None = None
) -> ProviderError:
    """Return what a refusal means: by its code, never by its words; by the HTTP status where no code is known."""
    try:
        told = _decoder.decode(response.body).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _by_status(response, "", repeatable=repeatable, now=now)
    reason = f"código {told.code}"
    if told.code not in FALHAS:
        return _by_status(response, f", {reason}", repeatable=repeatable, now=now)
    if told.code in _UNKNOWN_ERROR and not repeatable:
        return Ambiguous(reason, requests=1)
    if told.code == 100 and told.error_subcode == _NO_SUCH_OBJECT:  # noqa: PLR2004 - Meta's code
        return Misconfigured(f"{reason}: o identificador do canal não existe na Meta", requests=1)
    return error_for(falha_of(told.code, phone), reason, wait_s=WAITS.get(told.code, DEFAULT_RETRY_AFTER))


def _by_status(response: HttpResponse, code: str, *, repeatable: bool, now: datetime | None) -> ProviderError:
    if response.status == HTTPStatus.BAD_REQUEST and not response.complete:
        return Unavailable("HTTP 400, resposta cortada", requests=1)  # throttling is a 400 too, and nothing was taken
    error = error_from(response, repeatable=repeatable, now=now)
    error.reason += code
    error.args = (error.reason,)
    error.requests = 1
    return error
