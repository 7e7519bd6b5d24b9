"""Evolution API: an unofficial WhatsApp connection on the hospital's own server."""

from app.providers.evolution.config import EvolutionConfig
from app.providers.evolution.provider import EvolutionProvider

__all__ = ["EvolutionConfig", "EvolutionProvider"]
