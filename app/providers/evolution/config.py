"""What one Evolution instance has set up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from app.providers.endereco import is_api_address

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
        unknown = set(config) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"configuração desconhecida: {', '.join(sorted(unknown))}")
        return cls(
            base_url=_text(config, "base_url").rstrip("/"),
            instancia=_text(config, "instancia"),
            botoes=_switch(config, "botoes"),
            titulo=_text(config, "titulo") or "Confirmação",
            digitando_ms=_number(config, "digitando_ms", _DEFAULT_TYPING_MS),
            taxa_por_minuto=_number(config, "taxa_por_minuto", _DEFAULT_RATE),
        )


def _text(config: Mapping[str, object], key: str) -> str:
    value = config.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{key}: informe um texto")  # noqa: TRY004 - one error kind for a wrong setting
    return value.strip()


def _number(config: Mapping[str, object], key: str, default: int) -> int:
    value = config.get(key)
    if value is None or value == "":
        return default
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()):
        raise ValueError(f"{key}: informe um número inteiro")
    return int(text)


def _switch(config: Mapping[str, object], key: str) -> bool:
    value = config.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise ValueError(f"{key}: informe true ou false")  # noqa: TRY004 - one error kind for a wrong setting
    return value
