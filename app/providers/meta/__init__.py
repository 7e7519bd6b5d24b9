"""WhatsApp Business Cloud API of Meta: approved templates at any time, free texts and buttons inside 24 hours."""

from app.providers.meta.config import MetaConfig
from app.providers.meta.provider import MetaProvider

__all__ = ["MetaConfig", "MetaProvider"]
