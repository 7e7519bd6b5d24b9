"""Whether Twilio made a call: an HMAC over the address it called and the form it sent."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Final

from app.providers.base import WebhookCall
from app.providers.twilio.form import read_form

_DIGESTS: Final[Mapping[str, str]] = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_URL: Final = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#]*?)(?P<port>:[0-9]+)?(?P<rest>[/?].*)?", re.DOTALL)
_STANDARD_PORTS: Final[Mapping[str, str]] = {"https": ":443", "http": ":80"}


def is_authentic(call: WebhookCall, secrets: Sequence[str], *, account_sid: str) -> bool:
    """Tell whether the call is signed, and about this account.

    Nothing in what is signed separates the address from the form, so its end may be moved over into the query and the
    signature still holds. The account's id is the first name of every form: it cannot be moved and be there.
    """
    return is_signed(call, secrets) and (_is_json(call.body) or _account(call.body) == account_sid)


def is_signed(call: WebhookCall, secrets: Sequence[str]) -> bool:
    """Tell whether one of `secrets` (the Auth Token, or a shared key of the newer scheme) signed this call."""
    given = call.headers.get("x-twilio-signature", "")
    if not given:
        return False  # a stranger costs nothing more
    digest = _digest(call.headers.get("x-twilio-webhooks-signature-settings", ""))
    url = call.url.partition("#")[0]
    signed = _signed_body(url, call.body)
    if digest is None or signed is None:
        return False
    messages = [(address + signed).encode("utf-8", "replace") for address in _addresses(url)]
    return any(
        hmac.compare_digest(_sign(secret, message, digest), given.encode("utf-8", "replace"))
        for secret in secrets
        if secret  # an empty one, by a slip of the set-up, would let everybody in
        for message in messages
    )


def _sign(secret: str, message: bytes, digest: str) -> bytes:
    return base64.b64encode(hmac.digest(secret.encode("utf-8", "replace"), message, digest))


def _digest(settings: str) -> str | None:
    """Read `key=…,algorithm=…`; without an algorithm it is the old scheme, an unknown one is no scheme at all."""
    parts = (part.partition("=") for part in settings.split(","))
    named = {name.strip(): value.strip() for name, _, value in parts}
    return _DIGESTS.get((named.get("algorithm") or "HMAC_SHA1").upper())


def _account(body: bytes) -> str | None:
    told = (read_form(body) or {}).get("AccountSid", ())
    return told[0] if len(told) == 1 else None


def _is_json(body: bytes) -> bool:
    return body.lstrip()[:1] in {b"{", b"["}


def _signed_body(url: str, body: bytes) -> str | None:
    """Return what is signed after the address; None when no call of Twilio's has this body under this address."""
    query = read_form(url.partition("?")[2].encode("utf-8", "replace"))
    told = query.get("bodySHA256") if query is not None else None
    if told:  # of a JSON only: what a patient writes could put one beside a form
        return "" if _is_json(body) and hashlib.sha256(body).hexdigest() == told[0].lower() else None
    params = read_form(body)
    if params is None:
        return None
    return "".join(name + value for name in sorted(params) for value in sorted(set(params[name])))


def _addresses(url: str) -> set[str]:
    """Return the ways Twilio may have written our address: it names or leaves out a port as it likes."""
    found = _URL.fullmatch(url)
    if found is None:
        return {url}
    start, rest = f"{found['scheme']}://{found['host']}", found["rest"] or ""
    return {start + rest, start + (found["port"] or _STANDARD_PORTS[found["scheme"]]) + rest}
