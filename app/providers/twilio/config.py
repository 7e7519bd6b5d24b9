"""What one Twilio account has set up."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from app.providers.endereco import is_api_address
from app.providers.stored import read_number_or, read_text, refuse_unknown
from app.providers.twilio.medium import Medium

DEFAULT_BASE_URL: Final = "https://api.twilio.com"
DEFAULT_CONTENT_URL: Final = "https://content.twilio.com"
CONTENT_SID: Final = re.compile(r"HX[0-9a-fA-F]{32}")
_ACCOUNT_SID: Final = re.compile(r"AC[0-9a-fA-F]{32}")
_SERVICE_SID: Final = re.compile(r"MG[0-9a-fA-F]{32}")
_OF_TEMPLATES: Final = frozenset({"content_url", "modelos_com_payload"})
_MOST_PER_MINUTE: Final = 1_000_000
_MOST_PAGES: Final = 1000


@dataclass(frozen=True, slots=True)
class TwilioConfig:
    account_sid: str
    remetente: str | None = None
    """Without `whatsapp:`."""
    messaging_service_sid: str | None = None
    base_url: str = DEFAULT_BASE_URL
    content_url: str = DEFAULT_CONTENT_URL
    modelos_com_payload: frozenset[str] = frozenset()
    """Contents whose button ids are variables of their own, after those of the text."""
    taxa_por_minuto: int = 60
    max_paginas: int = 50

    @classmethod
    def from_mapping(cls, config: Mapping[str, object], medium: Medium) -> Self:
        """Read a channel's stored configuration; ValueError says, in Portuguese, which key is wrong."""
        known = set(cls.__dataclass_fields__) - (set() if medium.templates else _OF_TEMPLATES)
        refuse_unknown(config, known)
        account_sid = _sid(config, "account_sid", _ACCOUNT_SID)
        if account_sid is None:
            raise ValueError("account_sid: informe o Account SID da Twilio, que começa com AC")
        sender, service = _sender(config, medium), _sid(config, "messaging_service_sid", _SERVICE_SID)
        if (sender is None) == (service is None):
            raise ValueError("remetente ou messaging_service_sid: informe um dos dois")
        return cls(
            account_sid=account_sid,
            remetente=sender,
            messaging_service_sid=service,
            base_url=_url(config, "base_url", DEFAULT_BASE_URL),
            content_url=_url(config, "content_url", DEFAULT_CONTENT_URL),
            modelos_com_payload=_contents(config.get("modelos_com_payload")),
            taxa_por_minuto=_number(config, "taxa_por_minuto", medium.rate_per_minute, _MOST_PER_MINUTE),
            max_paginas=_number(config, "max_paginas", 50, _MOST_PAGES),
        )


def _sid(config: Mapping[str, object], key: str, shape: re.Pattern[str]) -> str | None:
    text = read_text(config, key)
    if text is not None and not shape.fullmatch(text):
        raise ValueError(f"{key}: são {shape.pattern[:2]} e 32 algarismos hexadecimais")
    return text


def _sender(config: Mapping[str, object], medium: Medium) -> str | None:
    text = (read_text(config, "remetente") or "").removeprefix(medium.prefix)
    if text and not medium.sender.fullmatch(text):
        raise ValueError(f"remetente: {medium.sender_hint}")
    return text or None


def _url(config: Mapping[str, object], key: str, default: str) -> str:
    url = (read_text(config, key) or default).rstrip("/")
    if not is_api_address(url):
        raise ValueError(f"{key}: informe um endereço https sem parâmetros (http, só nesta mesma máquina)")
    return url


def _number(config: Mapping[str, object], key: str, default: int, most: int) -> int:
    number = read_number_or(config, key, default)
    if not 1 <= number <= most:
        raise ValueError(f"{key}: informe um número entre 1 e {most}")
    return number


def _contents(value: object) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) and CONTENT_SID.fullmatch(v) for v in value):
        raise ValueError("modelos_com_payload: informe uma lista de ContentSid, que começam com HX")
    return frozenset(value)
