"""The account's flows, tags, campaigns, sequences and fields, found by name and remembered."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.providers.botconversa.client import BotconversaClient, Named


class Kind(StrEnum):
    FLUXO = "fluxo"
    ETIQUETA = "etiqueta"
    CAMPANHA = "campanha"
    CAMPO = "campo"
    SEQUENCIA = "sequencia"


_LISTS: Final[Mapping[Kind, Callable[[BotconversaClient], Awaitable[Sequence[Named]]]]] = {
    Kind.FLUXO: BotconversaClient.list_flows,
    Kind.ETIQUETA: BotconversaClient.list_tags,
    Kind.CAMPANHA: BotconversaClient.list_campaigns,
    Kind.CAMPO: BotconversaClient.list_custom_fields,
    Kind.SEQUENCIA: BotconversaClient.list_sequences,
}
_ASK_AGAIN_AFTER: Final = timedelta(minutes=5)
"""A name the account does not have costs one list in this time, not one a message."""


@dataclass(slots=True)
class _Shelf:
    ids: Mapping[str, int] | None = None
    loaded_at: datetime | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Catalog:
    """Loads each list once, whoever asks first paying for it; `drop` makes the next question load again."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.version = 0
        self._shelves = {kind: _Shelf() for kind in Kind}

    def is_loaded(self, kind: Kind) -> bool:
        return self._shelves[kind].ids is not None

    def drop(self, version: int) -> None:
        """Forget what was known as of `version`: of many messages that met one dead id, the first drops."""
        if version != self.version:
            return
        self.version += 1
        for shelf in self._shelves.values():
            shelf.ids = None

    async def find(self, kind: Kind, name: str, client: BotconversaClient) -> int | None:
        """Return the id of `name`, case and outer spaces aside, or None when the account has no such thing."""
        shelf, key = self._shelves[kind], _key(name)
        if shelf.ids is not None and key in shelf.ids:
            return shelf.ids[key]
        async with shelf.lock:
            if shelf.ids is None or (key not in shelf.ids and self._is_old(shelf)):
                items = await _LISTS[kind](client)
                shelf.ids = {_key(item.name): item.id for item in reversed(items)}  # of two namesakes, the first
                shelf.loaded_at = self._clock()
            return shelf.ids.get(key)

    def _is_old(self, shelf: _Shelf) -> bool:
        return shelf.loaded_at is None or self._clock() - shelf.loaded_at >= _ASK_AGAIN_AFTER


def _key(name: str) -> str:
    return name.strip().casefold()
