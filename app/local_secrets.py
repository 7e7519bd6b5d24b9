"""The keys that protect stored data: their written form, and those a development installation makes for itself."""

import base64
import binascii
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KEY_BYTES: Final = 32
FILE_NAME: Final = "segredos.json"
_KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,16}")


class LocalSecretsError(Exception):
    """The secrets file cannot be used; the sentence is fit for a person and holds no secret."""


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """One AES-256 key. Its id is written beside every value it encrypts, so that keys can be rotated."""

    id: str
    key: bytes

    def __repr__(self) -> str:
        return f"EncryptionKey(id={self.id!r})"


@dataclass(frozen=True, slots=True, repr=False)
class LocalSecrets:
    """What a development or embedded installation generates once and must never lose."""

    secret_key: str
    encryption_keys: tuple[EncryptionKey, ...]
    database_owner_password: str
    database_app_password: str


def parse_encryption_keys(text: str) -> tuple[EncryptionKey, ...]:
    """Read `id:base64,id:base64`; the first key encrypts, the others still decrypt.

    Raises ValueError with the end of a sentence that begins with the variable's name.
    """
    keys = tuple(_parse_key(part.strip()) for part in text.split(",") if part.strip())
    if len({key.id for key in keys}) < len(keys):
        raise ValueError("repete o mesmo id em duas chaves.")
    return keys


def format_encryption_keys(keys: tuple[EncryptionKey, ...]) -> str:
    return ",".join(f"{key.id}:{base64.b64encode(key.key).decode()}" for key in keys)


def load_or_create_secrets(data_dir: Path) -> LocalSecrets:
    """Return the secrets of `data_dir`, made on the first call.

    Two processes may start at once: the file appears whole or not at all, and
    both end with the same one. A damaged file is never replaced: everything
    encrypted with its keys would be lost with it.
    """
    path = data_dir / FILE_NAME
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        _write_once(path, _generate())
    return _read(path)


def _parse_key(part: str) -> EncryptionKey:
    key_id, colon, encoded = part.partition(":")
    if not colon or not _KEY_ID.fullmatch(key_id):
        raise ValueError("deve ter a forma id:base64, com um id de até 16 letras, algarismos, hífens ou sublinhados.")
    try:
        key = base64.b64decode(encoded, altchars=b"-_" if set("-_") & set(encoded) else None, validate=True)
    except binascii.Error:
        raise ValueError(f"tem uma chave (id {key_id}) que não está em base64.") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"tem uma chave (id {key_id}) que não tem exatamente {KEY_BYTES} bytes.")
    return EncryptionKey(key_id, key)


def _generate() -> Mapping[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(KEY_BYTES),
        "ENCRYPTION_KEYS": format_encryption_keys((EncryptionKey("local1", secrets.token_bytes(KEY_BYTES)),)),
        "DATABASE_OWNER_PASSWORD": secrets.token_urlsafe(KEY_BYTES),
        "DATABASE_APP_PASSWORD": secrets.token_urlsafe(KEY_BYTES),
    }


def _write_once(path: Path, content: Mapping[str, str]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # unlike a rename, this refuses to replace what another process wrote
        except FileExistsError:
            return
    finally:
        temporary.unlink(missing_ok=True)


def _read(path: Path) -> LocalSecrets:
    try:
        path.chmod(0o600)  # a restored backup or a loose umask may have opened it
        content = json.loads(path.read_text("ascii"))
        return LocalSecrets(
            secret_key=str(content["SECRET_KEY"]),
            encryption_keys=parse_encryption_keys(content["ENCRYPTION_KEYS"]),
            database_owner_password=str(content["DATABASE_OWNER_PASSWORD"]),
            database_app_password=str(content["DATABASE_APP_PASSWORD"]),
        )
    except OSError as error:
        raise LocalSecretsError(f"Não foi possível ler {path}: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise LocalSecretsError(
            f"O arquivo {path} está danificado. Restaure-o de uma cópia: sem ele os dados gravados não podem ser lidos."
        ) from None
