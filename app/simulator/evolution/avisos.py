"""How Evolution calls the hospital: what it gives up at once, what it tries again, what it signs."""

import asyncio
import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from app.simulator.gateway import Aviso, Avisos

_GIVES_UP: Final = frozenset({400, 401, 403, 404, 422})
_LONGEST_PAUSE: Final = 60  # in first pauses: 5 s grow to 300 s
_TOKEN_S: Final = 600


class EvolutionAvisos(Avisos):
    """Ten tries with growing pauses, none after an answer that says the call itself is wrong."""

    def __init__(self, *, tries: int = 10, pause_s: float = 0.001, timeout_s: float = 30.0) -> None:
        super().__init__(tries=tries, pause_s=pause_s, timeout_s=timeout_s)

    async def post(self, aviso: Aviso) -> int:
        status = 0
        for attempt in range(self._tries):
            status = await self._once(aviso)
            if 200 <= status < 300 or status in _GIVES_UP:  # noqa: PLR2004
                break
            await asyncio.sleep(self._pause_s * min(2**attempt, _LONGEST_PAUSE))
        return status


def bearer(key: str, now: datetime, *, head: Mapping[str, object] | None = None, **claims: object) -> str:
    """Return the Authorization header made for `jwt_key`; `head` and `claims` spoil it."""
    issued = int(now.timestamp())
    told = {"iat": issued, "exp": issued + _TOKEN_S, "app": "evolution", "action": "webhook", **claims}
    signed = f"{_packed(head or {'alg': 'HS256', 'typ': 'JWT'})}.{_packed(told)}"
    return f"Bearer {signed}.{_base64(hmac.digest(key.encode(), signed.encode(), 'sha256'))}"


def _packed(data: object) -> str:
    return _base64(msgspec.json.encode(data))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
