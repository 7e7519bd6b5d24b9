"""Encryption of personal values at rest, and the keyed hashes by which they are found again.

A value is stored as `version(1) | length of key id(1) | key id | nonce(12) | ciphertext and tag`, AES-256-GCM with the
hospital and the column's name bound as associated data: a value copied to another hospital or column does not open.
"""

import hashlib
import hmac
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION: Final = b"\x02"  # the first one bound the column alone
_NONCE: Final = 12
_HASH: Final = 16  # bytes kept of HMAC-SHA256: 128 bits are plenty for finding rows
_WORD = re.compile(r"[a-z0-9]+")


class UndecipherableError(ValueError):
    """A stored value does not open with the keys at hand."""


class Keyring:
    """The keys of one installation: the first encrypts, all of them decrypt; `index_secret` makes the hashes."""

    def __init__(self, keys: Mapping[str, bytes], *, index_secret: bytes) -> None:
        """Take 32-byte keys by id, the one that encrypts first, and the secret behind the search hashes."""
        if not keys:
            raise ValueError("at least one encryption key is needed")
        self._ciphers = {name.encode(): AESGCM(key) for name, key in keys.items()}
        first = next(iter(self._ciphers))
        self._cipher = self._ciphers[first]
        self._head = _VERSION + bytes([len(first)]) + first
        self._index_secret = index_secret

    def encrypt(self, text: str, column: str, tenant_id: int) -> bytes:
        """Return the stored form of `text` for `column` of a hospital."""
        nonce = os.urandom(_NONCE)
        sealed = self._cipher.encrypt(nonce, text.encode("utf-8", "surrogatepass"), _place(column, tenant_id))
        return self._head + nonce + sealed

    def decrypt(self, stored: bytes, column: str, tenant_id: int) -> str:
        """Return the text behind `stored`, or raise UndecipherableError."""
        if stored[:1] != _VERSION:
            raise UndecipherableError(column)
        try:
            start = 2 + stored[1]
            cipher = self._ciphers[bytes(stored[2:start])]
            clear = cipher.decrypt(stored[start : start + _NONCE], stored[start + _NONCE :], _place(column, tenant_id))
        except (InvalidTag, KeyError, IndexError, ValueError) as error:  # for the caller all mean the same
            raise UndecipherableError(column) from error
        return clear.decode("utf-8", "surrogatepass")

    @property
    def current(self) -> str:
        """The id of the key that encrypts."""
        return self._head[2:].decode()

    def is_current(self, stored: bytes) -> bool:
        """Tell whether a value was stored by the key that encrypts now."""
        return stored.startswith(self._head)

    def reseal(self, stored: bytes, column: str, tenant_id: int) -> bytes:
        """Return the same value under the key that encrypts now; raise UndecipherableError."""
        return self.encrypt(self.decrypt(stored, column, tenant_id), column, tenant_id)

    def finder(self, tenant_id: int) -> "Finder":
        """Return the hashes of one hospital: the same phone hashes differently in another."""
        return Finder(hmac.digest(self._index_secret, b"indice:%d" % tenant_id, "sha256"))


@lru_cache(maxsize=4096)
def _place(column: str, tenant_id: int) -> bytes:
    return b"%d:%b" % (tenant_id, column.encode())


class Finder:
    """Keyed hashes of one hospital's values, for equality search only."""

    def __init__(self, key: bytes) -> None:
        """Take the hospital's own key."""
        self._key = key

    def of(self, kind: str, value: str) -> bytes:
        """Return the hash of one value; `kind` keeps a phone's hash apart from a name's."""
        return hmac.digest(self._key, f"{kind}:{value}".encode("utf-8", "surrogatepass"), "sha256")[:_HASH]

    def words(self, name: str) -> list[bytes]:
        """Return the hashes of each word of a name, without case or accents."""
        return [self.of("palavra", word) for word in plain_words(name)]


@lru_cache(maxsize=65536)
def plain_words(name: str) -> tuple[str, ...]:
    """Return the distinct words of a name in lower case without accents."""
    bare = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return tuple(dict.fromkeys(_WORD.findall(bare)))


def digest(parts: Iterable[object]) -> bytes:
    """Return a fingerprint of a record's content, to tell a change from a repetition."""
    return hashlib.blake2b(
        "\x1f".join("" if part is None else str(part) for part in parts).encode(), digest_size=16
    ).digest()


_installed: list[Keyring] = []
_hospital: ContextVar[int | None] = ContextVar("hospital", default=None)


def enter(tenant_id: int | None) -> int | None:
    """Make `tenant_id` the hospital whose encrypted columns are read and written from here on; return the one before.

    A column's type sees a value and nothing of its row: whoever opens a transaction says whose it is.
    """
    before = _hospital.get()
    _hospital.set(tenant_id)
    return before


def hospital() -> int:
    """Return the hospital of the open transaction; without one nothing encrypted can be read or written."""
    tenant_id = _hospital.get()
    if tenant_id is None:
        raise RuntimeError("no hospital: encrypted columns are read within a session_scope")
    return tenant_id


def install(keyring: Keyring) -> None:
    """Make `keyring` the one that encrypted columns use in this process."""
    _installed[:] = [keyring]


def keyring() -> Keyring:
    """Return the installed keyring; encrypted columns cannot be read before there is one."""
    if not _installed:
        raise RuntimeError("no keyring installed: the program starts through app.wiring")
    return _installed[0]
