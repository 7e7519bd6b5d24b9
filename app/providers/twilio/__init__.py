"""Twilio: WhatsApp and, by the same account, SMS through Programmable Messaging."""

from app.providers.twilio.config import TwilioConfig
from app.providers.twilio.provider import TwilioProvider, TwilioSmsProvider

__all__ = ["TwilioConfig", "TwilioProvider", "TwilioSmsProvider"]
