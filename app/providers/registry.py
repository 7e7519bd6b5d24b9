"""Every gateway by its kind: adding one is a folder and a line here."""

from collections.abc import Callable, Mapping
from typing import Final

from app.providers.base import Setup, WhatsAppProvider
from app.providers.botconversa.provider import build as build_botconversa
from app.providers.email.provider import build as build_email
from app.providers.zapi.provider import build as build_zapi

PROVIDERS: Final[Mapping[str, Callable[[Setup], WhatsAppProvider]]] = {
    "botconversa": build_botconversa,
    "email": build_email,
    "zapi": build_zapi,
}


def build_provider(kind: str, setup: Setup) -> WhatsAppProvider:
    """Build the gateway of one channel; ValueError says, in Portuguese, what its configuration lacks."""
    builder = PROVIDERS.get(kind)
    if builder is None:
        raise ValueError(f"tipo de canal desconhecido: {kind} (há: {', '.join(sorted(PROVIDERS))})")
    return builder(setup)
