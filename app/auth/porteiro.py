"""Who makes a request, from what it carries: a session's cookie, an access token, an API key."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from starlette.requests import HTTPConnection

from app.auth.contas import SESSAO, SESSAO_VALE, Contas
from app.auth.segredos import hash_of, tenant_of
from app.auth.tokens import Acesso
from app.database import Database
from app.domain.permissao import PERMISSOES, Identidade, Papel, Permissao, TipoIdentidade
from app.repositories.identidade import IdentidadeRepository, SessaoViva

CHAVE: Final = "cfm"
PARADA: Final = timedelta(minutes=30)
_TOCA: Final = timedelta(minutes=1)
_LEMBRA: Final = timedelta(seconds=30)
"""How long what was read of a user or key is trusted: what is taken away ends within a minute (SEC-17)."""
_MUITOS: Final = 10_000
_TUDO: Final = frozenset(Permissao)


def operador(tenant_id: int) -> Identidade:
    """Return who sits at the machine itself, at one hospital."""
    return Identidade(tenant_id, TipoIdentidade.OPERADOR, None, "operador local", _TUDO)


@dataclass(frozen=True, slots=True)
class Biscoito:
    """The session's cookie: its name, and whether it goes over TLS only (SEC-20)."""

    seguro: bool

    @property
    def nome(self) -> str:
        return "__Host-confirma" if self.seguro else "confirma_sessao"


class Lembradas:
    """What was read of callers a moment ago."""

    def __init__(self) -> None:
        self._rows: dict[Any, tuple[datetime, Identidade | None]] = {}

    def knows(self, chave: Any, now: datetime) -> bool:
        return chave in self._rows and now < self._rows[chave][0]

    def __getitem__(self, chave: Any) -> Identidade | None:
        return self._rows[chave][1]

    def keep(self, chave: Any, quem: Identidade | None, now: datetime) -> None:
        if len(self._rows) >= _MUITOS:
            self._rows.clear()
        self._rows[chave] = (now + _LEMBRA, quem)


class Porteiro:
    """Knows callers. `local`: the hospital whose operator whoever reaches the port is, until it has users."""

    def __init__(
        self, database: Database, contas: Contas, *, biscoito: Biscoito, secret_key: str, local: int | None
    ) -> None:
        """Take an open database; who may come in goes by the machine's own time."""
        self._database = database
        self._contas = contas
        self._local = local
        self._key = hmac.digest(secret_key.encode(), b"confirma:csrf", "sha256")
        self._lembradas = Lembradas()
        self.biscoito = biscoito

    async def identify(self, request: HTTPConnection, *, now: datetime) -> Identidade | None:  # noqa: ARG002  a demonstration's
        """Return who makes a request; None is a stranger."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and token:
            return await self._by_token(token)
        if chave := request.headers.get("x-api-key"):
            return await self._by_key(chave)
        if cookie := request.cookies.get(self.biscoito.nome):
            return await self._by_session(cookie)
        return await self._operador()

    def form_token(self, request: HTTPConnection) -> str:
        """Return what a form of this session must bring back (SEC-21); empty without a session."""
        cookie = request.cookies.get(self.biscoito.nome)
        return hmac.digest(self._key, cookie.encode(), "sha256").hex() if cookie else ""

    async def _by_token(self, token: str) -> Identidade | None:
        now = self._contas.now()
        acesso = self._contas.tokens.read(token, now)
        if acesso is None:
            return None
        if not self._lembradas.knows(acesso, now):
            self._lembradas.keep(acesso, await self._read_user(acesso, now), now)
        return self._lembradas[acesso]

    async def _read_user(self, acesso: Acesso, now: datetime) -> Identidade | None:
        async with self._database.session_scope(acesso.tenant_id) as session:
            repository = IdentidadeRepository(session, acesso.tenant_id)
            usuario = await repository.user(acesso.usuario_id)
            if usuario is None or not await repository.family_lives(acesso.familia, usuario.id, now):
                return None
        if not usuario.ativo or usuario.acesso != acesso.acesso or not self._contas.may_act(usuario):
            return None
        return _user(acesso.tenant_id, usuario.id, usuario.nome, Papel(usuario.papel))

    async def _by_key(self, texto: str) -> Identidade | None:
        tenant_id = tenant_of(texto, CHAVE)
        if tenant_id is None:
            return None
        chave, now = hash_of(texto), self._contas.now()
        if not self._lembradas.knows(chave, now):
            async with self._database.session_scope(tenant_id) as session:
                row = await IdentidadeRepository(session, tenant_id).key(chave, now)
                if row is not None:
                    row.usada_em = now
            quem = (
                Identidade(
                    tenant_id,
                    TipoIdentidade.CHAVE,
                    row.id,
                    f"chave {row.nome}",
                    frozenset(Permissao(escopo) for escopo in row.escopos),
                )
                if row is not None
                else None
            )
            self._lembradas.keep(chave, quem, now)
        return self._lembradas[chave]

    async def gateway_of(self, texto: str) -> int | None:
        """Return the hospital of a key that may bring a gateway's calls."""
        quem = await self._by_key(texto)
        return quem.tenant_id if quem and quem.may(Permissao.WEBHOOK_RECEBER) else None

    async def _by_session(self, cookie: str) -> Identidade | None:
        tenant_id = tenant_of(cookie, SESSAO)
        if tenant_id is None:
            return None
        chave, now = hash_of(cookie), self._contas.now()
        async with self._database.session_scope(tenant_id) as session:
            repository = IdentidadeRepository(session, tenant_id)
            viva = await repository.session(chave)
            if viva is None or not viva.ativo:
                return None
            if now - viva.usada_em > PARADA or now - viva.criada_em > SESSAO_VALE:
                await repository.close_session(chave)
                return None
            if now - viva.usada_em > _TOCA:
                await repository.touch_session(chave, now)
        quem = _user(tenant_id, viva.usuario_id, viva.nome, viva.papel)
        return quem if self._is_whole(viva) else _without_permissions(quem)

    def _is_whole(self, viva: SessaoViva) -> bool:
        excused = viva.totp_dispensado and not self._contas.guarded
        return viva.papel is not Papel.ADMINISTRADOR or viva.tem_totp or excused

    async def _operador(self) -> Identidade | None:
        if self._local is None:
            return None
        async with self._database.session_scope(self._local) as session:
            if await IdentidadeRepository(session, self._local).has_users():
                self._local = None  # from the first user on nobody is the operator for merely being here
                return None
        return operador(self._local)


def _user(tenant_id: int, usuario_id: int, nome: str, papel: Papel) -> Identidade:
    return Identidade(tenant_id, TipoIdentidade.USUARIO, usuario_id, nome, PERMISSOES[papel])


def _without_permissions(quem: Identidade) -> Identidade:
    return Identidade(quem.tenant_id, quem.tipo, quem.id, quem.nome, frozenset())
