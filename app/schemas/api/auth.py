"""Coming in over the API: what is asked and what is given."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

_TEXTO = 4_096


class EntradaIn(BaseModel):
    """A person's login, for a program that acts for them."""

    model_config = ConfigDict(extra="forbid")

    usuario: str = Field(min_length=1, max_length=200, examples=["ana@santacasa.exemplo"])
    senha: str = Field(min_length=1, max_length=_TEXTO, repr=False)
    codigo: str = Field("", max_length=20, description="O código de 6 números do segundo fator, se houver.", repr=False)


class RenovacaoIn(BaseModel):
    """A refresh token."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: str = Field(min_length=1, max_length=_TEXTO, repr=False)


class TokensOut(BaseModel):
    """An access token, and what to exchange for the next; each refresh token is good once."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  the kind, no secret
    expires_in: int = Field(description="Segundos de vida do access_token.", examples=[900])
