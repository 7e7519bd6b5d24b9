"""SEC-15, SEC-16: access tokens are ours and short, refresh tokens are good once."""

import asyncio
import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from sqlalchemy import text

from app.auth.tokens import Acesso, Tokens
from tests.seguranca.conftest import SEGREDO, Porta

NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)
KEY = hmac.digest(SEGREDO.encode(), b"confirma:jwt", "sha512")
FAMILIA = UUID(int=11)
CLAIMS: dict[str, Any] = {
    "iss": "confirma",
    "aud": "confirma-api",
    "sub": "7",
    "ten": 1,
    "ace": 1,
    "fam": str(FAMILIA),
    "nbf": NOW,
    "exp": NOW + timedelta(minutes=15),
    "jti": "x",
}


def forged(*, key: bytes = KEY, algorithm: str = "HS256", header: dict[str, Any] | None = None, **claims: Any) -> str:
    whole = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    return jwt.encode(whole, key, algorithm=algorithm, headers={"typ": "at+jwt", **(header or {})})


def unsigned() -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value, default=str).encode()).decode().rstrip("=")

    plain = CLAIMS | {"nbf": 1, "exp": 99_999_999_999}
    return f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{part(plain)}."


def test_sec_15_what_we_sign_we_read() -> None:
    tokens = Tokens(SEGREDO)
    assert tokens.read(tokens.sign(Acesso(3, 7, 2, FAMILIA), NOW), NOW) == Acesso(3, 7, 2, FAMILIA)
    assert tokens.read(forged(), NOW) == Acesso(1, 7, 1, FAMILIA)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(unsigned(), id="no signature"),
        pytest.param(forged(key=b"k" * 64), id="another key"),
        pytest.param(forged(algorithm="HS512"), id="another algorithm"),
        pytest.param(forged(header={"kid": "../../etc/passwd"}), id="a path for a key id"),
        pytest.param(forged(header={"jku": "https://mau.exemplo/jwks"}), id="keys from elsewhere"),
        pytest.param(forged(header={"x5u": "https://mau.exemplo/x"}), id="a certificate from elsewhere"),
        pytest.param(forged(header={"typ": "JWT"}), id="another kind"),
        pytest.param(forged(iss="outro"), id="another issuer"),
        pytest.param(forged(aud="outro"), id="another audience"),
        pytest.param(forged(exp=NOW - timedelta(minutes=1)), id="over"),
        pytest.param(forged(nbf=NOW + timedelta(minutes=5)), id="not yet"),
        *(pytest.param(forged(**{name: None}), id=f"without {name}") for name in CLAIMS),
        pytest.param(forged(sub="x"), id="no number"),
        pytest.param(forged(fam="x"), id="no login"),
        pytest.param(forged(fam=5), id="a number for a login"),
        pytest.param("", id="nothing"),
        pytest.param("a.b.c", id="no token"),
        pytest.param("é" * 9_000, id="noise"),
    ],
)
def test_sec_15_what_is_not_ours_is_refused(token: str) -> None:
    assert Tokens(SEGREDO).read(token, NOW) is None


async def test_sec_15_a_quarter_of_an_hour_and_no_more(porta: Porta) -> None:
    headers = await porta.bearer(await porta.user())
    assert await porta.status("/api/v1/atendimentos", headers=headers) == 200
    porta.pass_time(minutes=15, seconds=31)
    assert await porta.status("/api/v1/atendimentos", headers=headers) == 401


async def test_sec_15_a_refresh_token_opens_nothing_itself(porta: Porta) -> None:
    _, given = await porta.token(await porta.user())
    for headers in ({"Authorization": f"Bearer {given['refresh_token']}"}, {"X-API-Key": given["refresh_token"]}):
        assert await porta.status("/api/v1/atendimentos", headers=headers) == 401


async def renew(porta: Porta, token: str) -> tuple[int, dict[str, Any]]:
    async with porta.client.post("/api/v1/auth/refresh", json={"refresh_token": token}) as answer:
        return answer.status, await answer.json()


async def test_sec_16_a_refresh_token_is_exchanged_once(porta: Porta) -> None:
    _, first = await porta.token(await porta.user())
    status, second = await renew(porta, first["refresh_token"])
    assert status == 200
    assert second["refresh_token"] != first["refresh_token"]
    porta.pass_time(seconds=11)
    assert (await renew(porta, first["refresh_token"]))[0] == 401, "a stolen one"
    assert (await renew(porta, second["refresh_token"]))[0] == 401, "ends what came of it"


async def test_sec_16_two_at_once_are_one_client(porta: Porta) -> None:
    _, first = await porta.token(await porta.user())
    answers = await asyncio.gather(*(renew(porta, first["refresh_token"]) for _ in range(4)))
    assert {status for status, _ in answers} == {200}
    assert len({given["refresh_token"] for _, given in answers}) == 1
    assert (await renew(porta, answers[0][1]["refresh_token"]))[0] == 200


async def test_sec_16_what_is_kept_does_not_open(porta: Porta) -> None:
    _, given = await porta.token(await porta.user())
    async with porta.contexto.database.session_scope(porta.tenant_id) as session:
        rows = (await session.execute(text("SELECT * FROM renovacoes"))).mappings().all()
    assert rows
    assert given["refresh_token"] not in str([dict(row) for row in rows])


async def test_sec_17_leaving_ends_the_family(porta: Porta) -> None:
    _, given = await porta.token(await porta.user())
    body = {"refresh_token": given["refresh_token"]}
    assert await porta.status("/api/v1/auth/logout", method="POST", json=body) == 204
    assert (await renew(porta, given["refresh_token"]))[0] == 401
    assert await porta.status("/api/v1/auth/logout", method="POST", json={"refresh_token": "x"}) == 204
