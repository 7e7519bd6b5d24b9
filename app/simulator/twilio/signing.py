"""How Twilio signs what it sends us; written apart from how we check it."""

import base64
import hashlib
import hmac
from collections.abc import Iterable


def sign(token: str, url: str, fields: Iterable[tuple[str, str]] = (), *, algorithm: str = "sha1") -> str:
    """Return the signature of a form; without fields that of an address alone."""
    text = url
    for name, value in sorted(set(fields)):
        text += name + value
    return base64.b64encode(hmac.new(token.encode(), text.encode(), algorithm).digest()).decode()


def with_body_hash(url: str, body: bytes) -> str:
    """Return the address of a JSON call: it holds the hash of the body."""
    return f"{url}{'&' if '?' in url else '?'}bodySHA256={hashlib.sha256(body).hexdigest()}"
