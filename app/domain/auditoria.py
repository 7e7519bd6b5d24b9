"""The audit trail's lines and how each is bound to those before it (SEC-44)."""

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

INICIO: Final = b"\x00" * 32
"""What the first line is bound to."""


class Acao(StrEnum):
    """What somebody did."""

    LEU = "leu"
    LISTOU = "listou"
    CRIOU = "criou"
    ALTEROU = "alterou"
    CONFIRMOU = "confirmou"
    CANCELOU = "cancelou"
    ENVIOU = "enviou"
    EXPORTOU = "exportou"
    CORRIGIU = "corrigiu"
    APAGOU = "apagou"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinhaAuditoria:
    """One line: who, when (of the machine), from where, what, of whom. `alvo_id` is a number of ours, never a name."""

    em: datetime
    quem_tipo: str
    quem_id: int | None
    quem: str
    acao: str
    alvo: str
    alvo_id: int | None = None
    de_onde: str = ""
    pedido: str | None = None

    def content(self, tenant_id: int, numero: int) -> bytes:
        """Return what is bound: everything, in one order and one spelling."""
        parts = [
            tenant_id,
            numero,
            self.em.astimezone(UTC).isoformat(timespec="microseconds"),
            self.quem_tipo,
            self.quem_id,
            self.quem,
            self.acao,
            self.alvo,
            self.alvo_id,
            self.de_onde,
            self.pedido,
        ]
        return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Elo:
    """A line as it is kept: its number and what binds it."""

    numero: int
    linha: LinhaAuditoria
    elo: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Conferencia:
    """What an examination of a chain found: how many lines are whole, and the first that is not."""

    inteiras: int
    elo: bytes
    """What binds the last whole line: kept elsewhere, it shows later that nothing before was changed."""
    rompida: int | None = None


def bind(key: bytes, before: bytes, content: bytes) -> bytes:
    """Return what binds a line to all before it; only who has the key can make it."""
    return hmac.digest(key, before + content, "sha256")


def examine(key: bytes, tenant_id: int, elos: Iterable[Elo], *, ponta: tuple[int, bytes]) -> Conferencia:
    """Walk a chain from its first line; stop at the first that was changed, removed, added or moved.

    `ponta` is where the chain is said to end: lines missing at the end show against it.
    """
    before, expected = INICIO, 1
    for elo in elos:
        bound = bind(key, before, elo.linha.content(tenant_id, expected))
        if elo.numero != expected or not hmac.compare_digest(bound, elo.elo):
            return Conferencia(expected - 1, before, expected)
        before, expected = bound, expected + 1
    whole = ponta == (expected - 1, before)
    return Conferencia(expected - 1, before, None if whole else expected)
