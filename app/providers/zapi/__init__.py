"""Z-API: a WhatsApp number of the hospital's own, connected by QR code, behind a REST API."""

from app.providers.zapi.config import ZapiConfig, ZapiCredentials
from app.providers.zapi.provider import ZapiProvider

__all__ = ["ZapiConfig", "ZapiCredentials", "ZapiProvider"]
