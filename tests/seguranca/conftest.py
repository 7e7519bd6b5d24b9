"""A served application whose doors are the real ones."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pyotp
import pytest
from argon2 import PasswordHasher

from app.auth.contas import Contas
from app.auth.porteiro import Biscoito, Porteiro
from app.auth.senhas import Senhas
from app.database import Database
from app.domain.permissao import Papel
from app.models import Usuario
from tests.web.apoio import FakeContexto, make_contexto, serve

SENHA = "uma frase bem minha"
SEGREDO = "k" * 48
_NUMEROS = count(1)


def quick_senhas() -> Senhas:
    return Senhas(PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))


@dataclass(kw_only=True)
class Porta:
    """The doors of one hospital, and the clock by which they open."""

    contexto: FakeContexto
    contas: Contas
    porteiro: Porteiro
    client: aiohttp.ClientSession
    tenant_id: int
    now: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 11, tzinfo=UTC))

    def __post_init__(self) -> None:
        self.contas.now = lambda: self.now

    def pass_time(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    async def user(self, papel: Papel = Papel.RECEPCAO, *, login: str = "", **options: Any) -> Usuario:
        login = login or f"pessoa{next(_NUMEROS)}@hospital.exemplo"
        return await self.contas.create(self.tenant_id, login, "Pessoa de Teste", papel, SENHA, **options)

    async def token(self, usuario: Usuario, **changes: Any) -> tuple[int, dict[str, Any]]:
        body = {"usuario": usuario.login, "senha": SENHA, **changes}
        async with self.client.post("/api/v1/auth/token", json=body) as answer:
            return answer.status, await answer.json()

    async def bearer(self, usuario: Usuario) -> dict[str, str]:
        status, given = await self.token(usuario)
        assert status == 200, given
        return {"Authorization": f"Bearer {given['access_token']}"}

    async def administrator(self) -> tuple[Usuario, pyotp.TOTP]:
        """Return an administrator with a second factor, whose first code is used up."""
        usuario, totp = await self.user(Papel.ADMINISTRADOR), pyotp.TOTP(pyotp.random_base32())
        assert await self.contas.finish_totp(self.tenant_id, usuario.id, totp.secret, totp.at(self.now))
        self.pass_time(seconds=60)
        return usuario, totp

    async def status(self, path: str, *, method: str = "GET", **options: Any) -> int:
        async with self.client.request(method, path, allow_redirects=False, **options) as answer:
            return answer.status

    async def come_in(self, usuario: Usuario, **changes: str) -> aiohttp.ClientResponse:
        self.client.cookie_jar.clear()
        form = {"usuario": usuario.login, "senha": SENHA, **changes}
        async with self.client.post("/entrar", data=form, allow_redirects=False) as answer:
            await answer.read()
            return answer


@pytest.fixture
async def porta(database: Database, hospital: int, now: datetime, tmp_path: Path) -> AsyncIterator[Porta]:
    contexto = make_contexto(database, hospital, now, tmp_path)
    contas = Contas(database, secret_key=SEGREDO, clock=lambda: now, guarded=True, senhas=quick_senhas())
    porteiro = Porteiro(database, contas, biscoito=Biscoito(seguro=False), secret_key=SEGREDO, local=None)
    contexto.contas, contexto.porteiro = contas, porteiro
    async with serve(contexto) as client:
        yield Porta(contexto=contexto, contas=contas, porteiro=porteiro, client=client, tenant_id=hospital)
