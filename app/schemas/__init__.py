"""Shapes of what comes in and goes out."""

from app.schemas.classic import ClassicWebhookData
from app.schemas.n8n import N8NWebhookData
from app.schemas.recebida import Recebida

__all__ = ["ClassicWebhookData", "N8NWebhookData", "Recebida"]
