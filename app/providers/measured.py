"""How long a call to a gateway took, for the trace of a message and for the gateway's health."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import TypeVar

from app.providers.base import GatewayHealth, ProviderError, Receipt, StepResult

_Told = TypeVar("_Told")


def milliseconds_since(started: float) -> float:
    """Return the time since a reading of `perf_counter`, to the microsecond."""
    return round((perf_counter() - started) * 1000, 3)


async def judge(
    question: Awaitable[_Told],
    refusals: Sequence[tuple[type[ProviderError], str]],
    verdict: Callable[[_Told], tuple[bool, str]],
) -> GatewayHealth:
    """Ask a gateway how it is: `verdict` reads its answer, `refusals` put the first error that fits into words.

    An error without words of its own is told by its reason.
    """
    started = perf_counter()
    try:
        told = await question
    except ProviderError as error:
        detail = next((text for kind, text in refusals if isinstance(error, kind)), error.reason)
        return GatewayHealth(ok=False, detail=detail, ms=milliseconds_since(started))
    ok, detail = verdict(told)
    return GatewayHealth(ok=ok, detail=detail, ms=milliseconds_since(started))


async def hand_over(step: str, sending: Awaitable[Receipt], *, detail: str) -> Receipt:
    """Send in one request; how long it took stands in the receipt's steps, or in those of the error."""
    started = perf_counter()
    try:
        receipt = await sending
    except ProviderError as error:
        failed = StepResult(step, ok=False, ms=milliseconds_since(started), detail=error.reason)
        error.traced(error.requests, (failed,), None)
        raise
    taken = StepResult(step, ok=True, ms=milliseconds_since(started), detail=detail, id=receipt.message_id)
    return replace(receipt, steps=(taken,))
