"""Every gateway by its kind: adding one is a folder and a line here."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Protocol

from app.providers.base import WhatsAppProvider
from app.providers.botconversa.provider import build as build_botconversa
from app.providers.http import HttpClient


class Builder(Protocol):
    def __call__(
        self,
        config: Mapping[str, object],
        credentials: Mapping[str, str],
        http: HttpClient,
        clock: Callable[[], datetime],
        /,
    ) -> WhatsAppProvider: ...


PROVIDERS: Final[Mapping[str, Builder]] = {
    "botconversa": build_botconversa,
}


def build_provider(
    kind: str,
    config: Mapping[str, object],
    credentials: Mapping[str, str],
    *,
    http: HttpClient,
    clock: Callable[[], datetime],
) -> WhatsAppProvider:
    """Build the gateway of one channel; ValueError says, in Portuguese, what its configuration lacks."""
    builder = PROVIDERS.get(kind)
    if builder is None:
        raise ValueError(f"tipo de canal desconhecido: {kind} (há: {', '.join(sorted(PROVIDERS))})")
    return builder(config, credentials, http, clock)
