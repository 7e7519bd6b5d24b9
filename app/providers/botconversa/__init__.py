"""Botconversa: contacts by id, texts, flows and custom fields over a REST API."""

from app.providers.botconversa.catalog import Catalog, Kind
from app.providers.botconversa.client import BotconversaClient, Named, Subscriber
from app.providers.botconversa.config import BotconversaConfig, Modo
from app.providers.botconversa.provider import BotconversaProvider

__all__ = [
    "BotconversaClient",
    "BotconversaConfig",
    "BotconversaProvider",
    "Catalog",
    "Kind",
    "Modo",
    "Named",
    "Subscriber",
]
