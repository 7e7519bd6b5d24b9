"""What one business number at the Cloud API has set up."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from app.providers.endereco import is_api_address
from app.providers.stored import read_number_or, read_switch, read_text, refuse_unknown

DEFAULT_BASE_URL: Final = "https://graph.facebook.com"
DEFAULT_VERSION: Final = "v24.0"
ORDINARY_RATE: Final = 80 * 60
HIGHEST_RATE: Final = 1000 * 60
_MOST_PAGES: Final = 100
_VERSION: Final = re.compile(r"v[0-9]{1,3}\.[0-9]{1,2}")
_ID: Final = re.compile(r"[0-9]{1,32}")


@dataclass(frozen=True, slots=True)
class MetaConfig:
    phone_number_id: str
    """Meta's id of the sending number: not the number itself."""
    waba_id: str | None = None
    """The WhatsApp Business Account; without it templates cannot be listed."""
    base_url: str = DEFAULT_BASE_URL
    versao: str = DEFAULT_VERSION
    botoes: bool = True
    """Questions inside the 24 hours carry reply buttons."""
    taxa_por_minuto: int = ORDINARY_RATE
    max_paginas: int = 50

    def __post_init__(self) -> None:
        if not is_api_address(self.base_url):
            raise ValueError("base_url: informe um endereço https sem parâmetros (http, só nesta mesma máquina)")
        if not _ID.fullmatch(self.phone_number_id):
            raise ValueError("phone_number_id: informe o identificador do número na Meta, só algarismos")
        if self.waba_id is not None and not _ID.fullmatch(self.waba_id):
            raise ValueError("waba_id: informe o identificador da conta do WhatsApp Business, só algarismos")
        if not _VERSION.fullmatch(self.versao):
            raise ValueError("versao: informe a versão da API, por exemplo v24.0")
        if not 1 <= self.taxa_por_minuto <= HIGHEST_RATE:
            raise ValueError(f"taxa_por_minuto: informe um número entre 1 e {HIGHEST_RATE}")
        if not 1 <= self.max_paginas <= _MOST_PAGES:
            raise ValueError(f"max_paginas: informe um número entre 1 e {_MOST_PAGES}")

    @property
    def root(self) -> str:
        """Return the address that ids are appended to."""
        return f"{self.base_url}/{self.versao}/"

    @classmethod
    def from_mapping(cls, config: Mapping[str, object]) -> Self:
        """Read a channel's stored configuration; ValueError says, in Portuguese, which key is wrong."""
        refuse_unknown(config, cls.__dataclass_fields__)
        return cls(
            phone_number_id=_id(config, "phone_number_id") or "",
            waba_id=_id(config, "waba_id"),
            base_url=(read_text(config, "base_url") or DEFAULT_BASE_URL).rstrip("/"),
            versao=read_text(config, "versao") or DEFAULT_VERSION,
            botoes=read_switch(config, "botoes", default=True),
            taxa_por_minuto=read_number_or(config, "taxa_por_minuto", ORDINARY_RATE),
            max_paginas=read_number_or(config, "max_paginas", 50),
        )


def _id(config: Mapping[str, object], key: str) -> str | None:
    value = config.get(key)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else read_text(config, key)
