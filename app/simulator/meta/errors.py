"""How the Cloud API says no: code, HTTP status and sentence."""

from collections.abc import Mapping
from typing import Any, Final

from app.simulator.gateway import Answer

_TITLES: Final[Mapping[int, str]] = {
    100: "Invalid parameter",
    190: "Invalid OAuth access token",
    2500: "Unknown path components",
    130429: "Rate limit hit",
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
}
_UNAUTHORIZED: Final = frozenset({0, 190})
_FORBIDDEN: Final = frozenset({3, 10, *range(200, 300), 368, 131005, 131031})
_BROKEN: Final = frozenset({1, 131000, 131016, 133004})
_AWAY: Final = frozenset({2})


def refusal(
    code: int, details: str = "", *, subcode: int | None = None, status: int | None = None, title: str | None = None
) -> Answer:
    """Return the answer; `details` repeats what was sent, as the real ones do."""
    error: dict[str, Any] = {
        "message": f"(#{code}) {title or _TITLES.get(code, 'Error')}",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": details},
        "fbtrace_id": "AbCdEfGhIjKlMnOpQrStUv",
    }
    if subcode is not None:
        error["error_subcode"] = subcode
    return Answer(_status(code) if status is None else status, {"error": error})


def failure(code: int) -> dict[str, Any]:
    """Return the entry of a receipt's `errors`."""
    title = _TITLES.get(code, "Error")
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": title},
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    }


def _status(code: int) -> int:
    if code in _UNAUTHORIZED:
        return 401
    if code in _FORBIDDEN:
        return 403
    if code in _BROKEN:
        return 500
    return 503 if code in _AWAY else 400
