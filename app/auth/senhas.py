"""Passwords as Argon2id, off the event loop and few at a time: each takes 64 MiB and a tenth of a second."""

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_SIMULTANEAS: Final = 2
_HASHER: Final = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1)


class Senhas:
    """Hashes and verifies; `contadas` is how many hashes were computed."""

    def __init__(self, hasher: PasswordHasher = _HASHER) -> None:
        """Compute nothing yet but the hash that stands in for accounts that do not exist."""
        self._hasher = hasher
        self._vez = asyncio.Semaphore(_SIMULTANEAS)
        self._primeira = asyncio.Lock()
        self._ninguem: str | None = None
        self.contadas = 0

    async def hash(self, senha: str) -> str:
        """Return what is kept of a password."""
        async with self._vez:
            self.contadas += 1
            return await asyncio.to_thread(self._hasher.hash, senha)

    async def verify(self, guardada: str | None, senha: str) -> bool:
        """Tell whether it is the password; without a kept one as much work is done, for nothing (SEC-12)."""
        async with self._vez:
            ninguem = await self._nobodys()
            self.contadas += 1
            matches = await asyncio.to_thread(self._matches, guardada or ninguem, senha)
        return matches and guardada is not None

    def is_outdated(self, guardada: str) -> bool:
        """Tell whether it was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(guardada)

    async def _nobodys(self) -> str:
        """Return the hash that stands in; it is made once, by the first who comes, while the others wait."""
        async with self._primeira:
            if self._ninguem is None:
                self._ninguem = await asyncio.to_thread(self._hasher.hash, "ninguém entra com esta")
            return self._ninguem

    def _matches(self, guardada: str, senha: str) -> bool:
        try:
            return self._hasher.verify(guardada, senha)
        except (VerificationError, InvalidHashError):
            return False
