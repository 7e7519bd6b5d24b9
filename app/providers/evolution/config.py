"""What one Evolution instance has set up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from app.providers.endereco import is_api_address
from app.providers.stored import read_number_or, read_switch, read_text, refuse_unknown

_DEFAULT_TYPING_MS: Final = 1200
_LONGEST_TYPING_MS: Final = 8000  # the answer comes after it: longer, and a slow send would look lost
_DEFAULT_RATE: Final = 20


@dataclass(frozen=True, slots=True)
class EvolutionConfig:
    base_url: str
    instancia: str
    botoes: bool = False
    """Many phones do not show buttons of an unofficial connection: off unless somebody tried it."""
    titulo: str = "Confirmação"
    """Stands in bold above a text with buttons; the gateway wants one."""
    digitando_ms: int = _DEFAULT_TYPING_MS
    """How long the patient sees "composing" before a message: a robot's haste gets a number banned."""
    taxa_por_minuto: int = _DEFAULT_RATE

    def __post_init__(self) -> None:
        if not is_api_address(self.base_url, lan=True):
            raise ValueError(
                "base_url: informe o endereço https do servidor da Evolution, sem parâmetros (http, só num IP da rede "
                "interna ou nesta mesma máquina)"
            )
        if not self.instancia:
            raise ValueError("instancia: informe o nome da instância na Evolution")
        if self.digitando_ms > _LONGEST_TYPING_MS:
            raise ValueError(f"digitando_ms: informe no máximo {_LONGEST_TYPING_MS}")
        if not 1 <= self.taxa_por_minuto <= 600:  # noqa: PLR2004 - a sane range, not a rule
            raise ValueError("taxa_por_minuto: informe um número entre 1 e 600")

    @classmethod
    def from_mapping(cls, config: Mapping[str, object]) -> Self:
        """Read a channel's stored configuration; ValueError says, in Portuguese, which key is wrong."""
        refuse_unknown(config, cls.__dataclass_fields__)
        return cls(
            base_url=(read_text(config, "base_url") or "").rstrip("/"),
            instancia=read_text(config, "instancia") or "",
            botoes=read_switch(config, "botoes"),
            titulo=read_text(config, "titulo") or "Confirmação",
            digitando_ms=read_number_or(config, "digitando_ms", _DEFAULT_TYPING_MS),
            taxa_por_minuto=read_number_or(config, "taxa_por_minuto", _DEFAULT_RATE),
        )
