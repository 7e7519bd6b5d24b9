"""E-mail over SMTP: a last resort for those whom WhatsApp does not reach, where the hospital allows it."""

from app.providers.email.config import EmailConfig, EmailCredentials, Tls
from app.providers.email.provider import EmailProvider

__all__ = ["EmailConfig", "EmailCredentials", "EmailProvider", "Tls"]
