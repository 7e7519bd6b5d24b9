"""Random secrets that name their hospital, kept as hashes only."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Final

_BYTES: Final = 32  # 256 bits: a hash without salt is then enough
_LETTERS: Final = 43
_SHOWN: Final = 6
_SHAPE: Final = re.compile(r"([a-z]{3})_([0-9a-f]{1,15})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Segredo:
    """A secret just made: shown once, kept as `hash`."""

    texto: str = field(repr=False)
    hash: bytes = field(repr=False)

    @property
    def inicio(self) -> str:
        """What a person may see of it later."""
        return self.texto[: -_LETTERS + _SHOWN]


def new_secret(kind: str, tenant_id: int) -> Segredo:
    """Return a new secret of a kind (three letters) and a hospital."""
    texto = f"{kind}_{tenant_id:x}_{secrets.token_urlsafe(_BYTES)}"
    return Segredo(texto, hash_of(texto))


def hash_of(texto: str) -> bytes:
    """Return what is kept of a secret."""
    return hashlib.sha256(texto.encode("utf-8", "surrogatepass")).digest()


def tenant_of(texto: str, kind: str) -> int | None:
    """Return the hospital a secret of this kind names, or None where it is none."""
    shape = _SHAPE.fullmatch(texto)
    return int(shape.group(2), 16) if shape and shape.group(1) == kind else None
