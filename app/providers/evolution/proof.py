"""Who called: the secret in a header of ours, or the short-lived token the gateway signs with it."""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from app.providers.assinatura import SECRET_HEADER

_LEEWAY_S: Final = 30
_BEARER: Final = "bearer "
_PARTS: Final = 3


def is_proven(headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> bool:
    """Tell whether the caller knows one of `secrets`. The `apikey` inside the body proves nothing: often it is null."""
    return any(
        _same_secret(headers, secret) or _signed_token(headers, secret, now)
        for secret in secrets
        if secret  # an empty one, by a slip of the set-up, would let everybody in
    )


def _same_secret(headers: Mapping[str, str], secret: str) -> bool:
    given = headers.get(SECRET_HEADER)
    return given is not None and hmac.compare_digest(_bytes(given), _bytes(secret))


def _signed_token(headers: Mapping[str, str], secret: str, now: datetime) -> bool:
    given = headers.get("authorization", "")
    parts = given[len(_BEARER) :].strip().split(".")
    if not given.lower().startswith(_BEARER) or len(parts) != _PARTS or not given.isascii():
        return False
    head, claims, signature = parts
    wanted = hmac.digest(_bytes(secret), f"{head}.{claims}".encode(), "sha256")
    if not hmac.compare_digest(_unpacked(signature), wanted):
        return False
    return _object(head).get("alg") == "HS256" and _is_current(_object(claims), now)


def _is_current(claims: Mapping[str, Any], now: datetime) -> bool:
    expires = claims.get("exp")
    timely = isinstance(expires, int | float) and now.timestamp() < expires + _LEEWAY_S
    return timely and claims.get("app") == "evolution"


def _object(part: str) -> Mapping[str, Any]:
    try:
        data = msgspec.json.decode(_unpacked(part))
    except (msgspec.DecodeError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _unpacked(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
