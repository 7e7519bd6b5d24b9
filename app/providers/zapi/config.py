"""What one Z-API instance has set up, and what opens it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from app.providers.endereco import is_api_address
from app.providers.stored import read_number_or, read_switch, read_text, refuse_unknown

DEFAULT_BASE_URL: Final = "https://api.z-api.io"
DEFAULT_RATE: Final = 30
"""Half of what an instance manages at its quickest: a number that writes steadily and slowly is banned less."""
_FASTEST: Final = 60  # one second is the least space Z-API leaves between two messages
_PATH_PART: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True)
class ZapiConfig:
    base_url: str = DEFAULT_BASE_URL
    botoes: bool = False
    """Quick replies are known to vanish on the way: the text asks for "1" or "0" unless somebody tried them."""
    taxa_por_minuto: int = DEFAULT_RATE

    def __post_init__(self) -> None:
        if not is_api_address(self.base_url):
            raise ValueError("base_url: informe um endereço https sem parâmetros (http, só nesta mesma máquina)")
        if not 1 <= self.taxa_por_minuto <= _FASTEST:
            raise ValueError(f"taxa_por_minuto: informe um número entre 1 e {_FASTEST}")

    @classmethod
    def from_mapping(cls, config: Mapping[str, object]) -> Self:
        """Read a channel's stored configuration; ValueError says, in Portuguese, which key is wrong."""
        refuse_unknown(config, cls.__dataclass_fields__)
        return cls(
            base_url=(read_text(config, "base_url") or DEFAULT_BASE_URL).rstrip("/"),
            botoes=read_switch(config, "botoes"),
            taxa_por_minuto=read_number_or(config, "taxa_por_minuto", DEFAULT_RATE),
        )


@dataclass(frozen=True, slots=True)
class ZapiCredentials:
    instance_id: str = field(repr=False)
    """Not secret at Z-API, but no call of its is taken without it: so it is kept like a secret."""
    instance_token: str = field(repr=False)
    client_token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not _PATH_PART.fullmatch(self.instance_id):
            raise ValueError("instance_id: informe o ID da instância, como está no painel da Z-API")
        if not _PATH_PART.fullmatch(self.instance_token):
            raise ValueError("instance_token: informe o token da instância, como está no painel da Z-API")
        token = self.client_token
        if token is not None and not (token.isascii() and token.isprintable()):
            raise ValueError("client_token: informe o token de segurança da conta, como está no painel da Z-API")

    @classmethod
    def from_mapping(cls, credentials: Mapping[str, str]) -> Self:
        def value(key: str) -> str:
            return credentials.get(key, "").strip()

        return cls(value("instance_id"), value("instance_token"), value("client_token") or None)
