"""What goes wrong at the gateway, drawn by seed, phone and ordinal: the same whatever arrives first."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    LOST_ANSWER = "lost_answer"
    """Done, then the connection is cut without an answer."""
    ERROR_AFTER = "error_after"
    """Done, and answered 500."""
    REFUSED_500 = "refused_500_before"
    """Not done, answered 500."""
    RESET = "reset"
    """Not done, connection cut."""
    SLOW = "slow"
    """Done, answered late."""
    SILENT = "silent"
    """Done, and never answered while the client has patience."""
    GARBAGE = "garbage"
    """Done, and answered 200 with a page of HTML."""
    THROTTLE = "throttle"
    """Not done, answered 429."""


BEFORE: Final = frozenset({Fault.REFUSED_500, Fault.RESET, Fault.THROTTLE})
_SCALE: Final = 2**64


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Each rate is the share of calls that fail in that way."""

    seed: int = 0
    rates: Mapping[Fault, float] = field(default_factory=dict)
    only: Collection[str] | None = None
    """Operations that may fail; None means all that concern one phone."""

    def decide(self, phone: str, operation: str, ordinal: int) -> Fault | None:
        """Return what happens to the `ordinal`-th such call for `phone`."""
        if not self.rates or (self.only is not None and operation.partition(":")[0] not in self.only):
            return None
        drawn = self._draw(f"{self.seed}|{phone}|{operation}|{ordinal}")
        for fault, rate in self.rates.items():
            if drawn < rate:
                return fault
            drawn -= rate
        return None

    @staticmethod
    def _draw(text: str) -> float:
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) / _SCALE
