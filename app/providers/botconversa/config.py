"""What one Botconversa account has set up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self

from app.providers.endereco import is_api_address
from app.providers.stored import read_number, read_number_or, read_text, refuse_unknown

DEFAULT_BASE_URL: Final = "https://backend.botconversa.com.br/api/v1/webhook"
_EMPTY: Final[Mapping[str, str]] = MappingProxyType({})


class Modo(StrEnum):
    """How a message reaches the patient."""

    NAO_OFICIAL = "nao_oficial"
    """Connection by QR code: plain text at any time."""
    OFICIAL = "oficial"
    """Meta's connection: outside the 24 hours of a conversation only a flow gets through."""
    MENSAGEM_E_FLUXO = "mensagem_e_fluxo"
    """The text, then the flow that waits for the answer and forwards it."""


@dataclass(frozen=True, slots=True)
class BotconversaConfig:
    base_url: str = DEFAULT_BASE_URL
    modo: Modo = Modo.NAO_OFICIAL
    flow_id: int | None = None
    flow_name: str | None = None
    tag: str | None = None
    campanha: str | None = None
    campos: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    """Our field name -> the custom field's name in the account; only these are written."""
    taxa_por_minuto: int = 600
    max_paginas: int = 50

    def __post_init__(self) -> None:
        if not is_api_address(self.base_url):
            raise ValueError("base_url: informe um endereço https sem parâmetros (http, só nesta mesma máquina)")
        if not 1 <= self.taxa_por_minuto <= 1_000_000:  # noqa: PLR2004 - a sane range, not a rule
            raise ValueError("taxa_por_minuto: informe um número entre 1 e 1000000")
        if self.max_paginas < 1:
            raise ValueError("max_paginas: informe ao menos 1")

    @classmethod
    def from_mapping(cls, config: Mapping[str, object]) -> Self:
        """Read a channel's stored configuration; ValueError says, in Portuguese, which key is wrong."""
        refuse_unknown(config, cls.__dataclass_fields__)
        return cls(
            base_url=(read_text(config, "base_url") or DEFAULT_BASE_URL).rstrip("/"),
            modo=_modo(config),
            flow_id=read_number(config, "flow_id"),
            flow_name=read_text(config, "flow_name"),
            tag=read_text(config, "tag"),
            campanha=read_text(config, "campanha"),
            campos=_campos(config.get("campos")),
            taxa_por_minuto=read_number_or(config, "taxa_por_minuto", 600),
            max_paginas=read_number_or(config, "max_paginas", 50),
        )


def _modo(config: Mapping[str, object]) -> Modo:
    text = read_text(config, "modo") or Modo.NAO_OFICIAL
    try:
        return Modo(text)
    except ValueError:
        raise ValueError(f"modo: use um destes: {', '.join(Modo)}") from None


def _campos(value: object) -> Mapping[str, str]:
    if value is None:
        return _EMPTY
    if not isinstance(value, Mapping) or not all(isinstance(v, str) and v for pair in value.items() for v in pair):
        raise ValueError("campos: informe um objeto {nosso nome: nome do campo na Botconversa}")
    return MappingProxyType(dict(value))
