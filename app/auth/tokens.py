"""Access tokens: short-lived, one algorithm, nothing in them but who and until when (RFC 8725)."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import jwt

VALE: Final = timedelta(minutes=15)
_ALGORITMO: Final = "HS256"
_EMISSOR: Final = "confirma"
_PUBLICO: Final = "confirma-api"
_TIPO: Final = "at+jwt"
_FOLGA_S: Final = 10
_EXIGIDOS: Final = ["iss", "aud", "exp", "nbf", "sub", "jti", "ten", "ace", "fam"]


@dataclass(frozen=True, slots=True)
class Acesso:
    """What an access token says: a user of a hospital, the state of their access when it was given, and its login.

    `familia` is the refresh tokens' it came with: it ends with them (SEC-17).
    """

    tenant_id: int
    usuario_id: int
    acesso: int
    familia: UUID


class Tokens:
    """Signs and reads access tokens with one key."""

    def __init__(self, secret_key: str) -> None:
        """Take the installation's secret; the signing key is derived from it."""
        self._key = hmac.digest(secret_key.encode(), b"confirma:jwt", "sha512")

    def sign(self, acesso: Acesso, now: datetime) -> str:
        """Return a token that is good for fifteen minutes."""
        claims = {
            "iss": _EMISSOR,
            "aud": _PUBLICO,
            "sub": str(acesso.usuario_id),
            "ten": acesso.tenant_id,
            "ace": acesso.acesso,
            "fam": str(acesso.familia),
            "nbf": now,
            "exp": now + VALE,
            "jti": secrets.token_urlsafe(16),
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITMO, headers={"typ": _TIPO})

    def read(self, token: str, now: datetime) -> Acesso | None:
        """Return what a token says, or None where anything about it is not ours."""
        try:
            whole = jwt.decode_complete(
                token,
                self._key,
                algorithms=[_ALGORITMO],
                issuer=_EMISSOR,
                audience=_PUBLICO,
                options={"require": _EXIGIDOS, "verify_exp": False, "verify_nbf": False},
            )
            header, claims = whole["header"], whole["payload"]
            lives = float(claims["nbf"]) - _FOLGA_S <= now.timestamp() < float(claims["exp"]) + _FOLGA_S
            if not lives or set(header) != {"alg", "typ"} or header["typ"] != _TIPO:
                return None
            return Acesso(int(claims["ten"]), int(claims["sub"]), int(claims["ace"]), UUID(str(claims["fam"])))
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError):
            return None
