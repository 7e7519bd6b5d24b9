"""Who may call a webhook: every way a channel can be told from a stranger, over the raw bytes."""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

SECRET_HEADER: Final = "x-webhook-secret"  # noqa: S105  a header's name
_TOLERANCE_S: Final = 300  # Standard Webhooks: five minutes either way
_STAMP: Final = re.compile(r"[0-9]{1,12}")
_WHSEC: Final = "whsec_"


def is_authentic(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], *, signature_header: str, now: datetime
) -> bool:
    """Tell whether the call satisfies any one way with any one of `secrets` (two are valid while one is replaced).

    `headers` have lower-case names. HMAC-SHA256 of the body in hexadecimal with an optional `sha256=` or `v1=`, the
    secret itself in X-Webhook-Secret (a Botconversa block cannot sign), or Standard Webhooks.
    """
    return any(
        _same_secret(headers, secret)
        or _signed(headers, body, secret, signature_header)
        or _standard(headers, body, secret, now)
        for secret in secrets
        if secret  # an empty one, by a slip of the set-up, would let everybody in
    )


def _same_secret(headers: Mapping[str, str], secret: str) -> bool:
    given = headers.get(SECRET_HEADER)
    return given is not None and hmac.compare_digest(given.encode(), secret.encode())


def _signed(headers: Mapping[str, str], body: bytes, secret: str, signature_header: str) -> bool:
    given = headers.get(signature_header.lower())
    if given is None:
        return False
    value = given.strip().removeprefix("sha256=").removeprefix("v1=").lower()
    wanted = hmac.digest(secret.encode(), body, "sha256").hex()
    return hmac.compare_digest(value.encode(), wanted.encode())


def _standard(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bool:
    ident, stamp = headers.get("webhook-id"), headers.get("webhook-timestamp", "")
    if ident is None or not _STAMP.fullmatch(stamp) or abs(now.timestamp() - int(stamp)) > _TOLERANCE_S:
        return False
    digest = hmac.digest(_standard_key(secret), f"{ident}.{stamp}.".encode() + body, "sha256")
    wanted = base64.b64encode(digest).decode()
    given = (
        part.removeprefix("v1,") for part in headers.get("webhook-signature", "").split() if part.startswith("v1,")
    )
    return any(hmac.compare_digest(signature.encode(), wanted.encode()) for signature in given)


def _standard_key(secret: str) -> bytes:
    try:
        return (
            base64.b64decode(secret.removeprefix(_WHSEC), validate=True)
            if secret.startswith(_WHSEC)
            else secret.encode()
        )
    except binascii.Error:
        return secret.encode()
