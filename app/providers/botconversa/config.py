"""What one Botconversa account has set up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self

from app.providers.endereco import is_api_address

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
        unknown = set(config) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"configuração desconhecida: {', '.join(sorted(unknown))}")
        return cls(
            base_url=(_text(config, "base_url") or DEFAULT_BASE_URL).rstrip("/"),
            modo=_modo(config),
            flow_id=_number(config, "flow_id"),
            flow_name=_text(config, "flow_name"),
            tag=_text(config, "tag"),
            campanha=_text(config, "campanha"),
            campos=_campos(config.get("campos")),
            taxa_por_minuto=_number(config, "taxa_por_minuto") or 600,
            max_paginas=_number(config, "max_paginas") or 50,
        )


def _text(config: Mapping[str, object], key: str) -> str | None:
    value = config.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"{key}: informe um texto")  # noqa: TRY004 - one error kind for a wrong setting
    return value.strip() or None


def _number(config: Mapping[str, object], key: str) -> int | None:
    value = config.get(key)
    if value is None or value == "":
        return None
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()):
        raise ValueError(f"{key}: informe um número inteiro")
    return int(text)


def _modo(config: Mapping[str, object]) -> Modo:
    text = _text(config, "modo") or Modo.NAO_OFICIAL
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
