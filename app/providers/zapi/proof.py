"""Who called: the secret in Z-API's header, or in the address we registered, which Z-API calls as it stands."""

import hmac
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import parse_qs

from app.providers.base import WebhookCall

TOKEN_HEADER: Final = "z-api-token"  # noqa: S105  a header's name
PARAMETER: Final = "segredo"
_MOST_PARAMETERS: Final = 20


def is_proven(call: WebhookCall, secrets: Sequence[str]) -> bool:
    """Tell whether the caller knows one of `secrets`; a channel without any is nobody's to call.

    Both places are looked into: whether Z-API sends the header is unconfirmed, and an address can be read on the way.
    """
    told = tuple(_told(call))
    return any(
        same(given, secret)
        for secret in secrets
        if secret  # an empty one, by a slip of the set-up, would let everybody in
        for given in told
    )


def same(given: str, ours: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), ours.encode("utf-8", "surrogatepass"))


def _told(call: WebhookCall) -> Iterator[str]:
    if TOKEN_HEADER in call.headers:
        yield call.headers[TOKEN_HEADER]
    try:
        query = parse_qs(call.url.partition("#")[0].partition("?")[2], max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return
    yield from query.get(PARAMETER, ())
