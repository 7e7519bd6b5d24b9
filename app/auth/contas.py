"""How people come in: password and second factor, the delay after failures, what a login opens and how it ends."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import pyotp
from loguru import logger

from app.auth.segredos import Segredo, hash_of, new_secret, tenant_of
from app.auth.senhas import Senhas
from app.auth.tokens import Acesso, Tokens
from app.database import Database
from app.domain.permissao import Papel
from app.domain.senha import check_senha
from app.models import Convite, Renovacao, Usuario
from app.repositories.identidade import IdentidadeRepository, PortaRepository, failure_key

SESSAO: Final = "ses"
RENOVACAO: Final = "ren"
CONVITE: Final = "cvt"
SESSAO_VALE: Final = timedelta(hours=12)
RENOVACAO_VALE: Final = timedelta(days=30)
CONVITE_VALE: Final = timedelta(hours=24)
_GRACA: Final = timedelta(seconds=10)
_PASSO_S: Final = 30
_LONGO: Final = 200  # no login or code is longer; what is, is not looked at


class LoginRecusado(Exception):  # noqa: N818  named for what happened
    """Unknown, wrong or disabled: the same for all (SEC-12)."""


class MuitasTentativas(Exception):  # noqa: N818
    """Too many failures of this account from this address."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class FaltaSegundoFator(Exception):  # noqa: N818
    """An administrator without a second factor may only set one up, in the panel."""


@dataclass(frozen=True, slots=True)
class Par:
    """What a program is given: an access token and the one that renews it."""

    acesso: str
    renovacao: str


class Contas:
    """The accounts of an installation."""

    def __init__(
        self,
        database: Database,
        *,
        secret_key: str,
        clock: Callable[[], datetime],
        guarded: bool,
        senhas: Senhas | None = None,
    ) -> None:
        """Take an open database.

        `clock` is the machine's, whatever a demonstration's says. `guarded`: production, where no administrator goes
        without a second factor.
        """
        self._database = database
        self.guarded = guarded
        self.senhas = senhas or Senhas()
        self.tokens = Tokens(secret_key)
        self.now = clock

    # -- people

    async def create(  # noqa: PLR0917  what a user is
        self, tenant_id: int, login: str, nome: str, papel: Papel, senha: str | None, *, sem_totp: bool = False
    ) -> Usuario:
        """Make a user; without a password only a link lets them in. Raises SenhaRecusada, LoginTomado."""
        login = plain_login(login)
        kept = await self.senhas.hash(check_senha(senha, login)) if senha is not None else None
        usuario = Usuario(
            tenant_id=tenant_id, login=login, nome=nome, papel=papel, senha_hash=kept, totp_dispensado=sem_totp
        )
        async with self._database.session_scope(tenant_id) as session:
            return await IdentidadeRepository(session, tenant_id).add_user(usuario)

    async def set_password(self, tenant_id: int, usuario_id: int, senha: str) -> None:
        """Set another password and end whatever was open. Raises SenhaRecusada, LookupError."""
        async with self._database.session_scope(tenant_id) as session:
            usuario = await IdentidadeRepository(session, tenant_id).user(usuario_id)
        if usuario is None:
            raise LookupError(usuario_id)
        kept = await self.senhas.hash(check_senha(senha, usuario.login))
        async with self._database.session_scope(tenant_id) as session:
            repository = IdentidadeRepository(session, tenant_id)
            if again := await repository.user(usuario_id):
                again.senha_hash = kept
                await session.flush()
            await repository.end_access(usuario_id)

    async def invite(self, tenant_id: int, usuario_id: int) -> Segredo:
        """Return a link's secret: good once, for a day; an earlier one ends."""
        segredo = new_secret(CONVITE, tenant_id)
        async with self._database.session_scope(tenant_id) as session:
            convite = Convite(
                tenant_id=tenant_id,
                chave_hash=segredo.hash,
                usuario_id=usuario_id,
                expira_em=self.now() + CONVITE_VALE,
            )
            await IdentidadeRepository(session, tenant_id).invite(convite)
        return segredo

    async def accept(self, convite: str, senha: str) -> bool:
        """Set the password of whom a link was made for; False where it is no link any more.

        Raises SenhaRecusada, and then the link is as good as before.
        """
        tenant_id = tenant_of(convite, CONVITE)
        if tenant_id is None:
            return False
        check_senha(senha, "")
        async with self._database.session_scope(tenant_id) as session:
            repository = IdentidadeRepository(session, tenant_id)
            usuario_id = await repository.take_invitation(hash_of(convite), self.now())
            usuario = await repository.user(usuario_id) if usuario_id is not None else None
            if usuario is None:
                return False
            check_senha(senha, usuario.login)
        await self.set_password(tenant_id, usuario.id, senha)
        return True

    async def set_role(self, tenant_id: int, usuario_id: int, papel: Papel) -> None:
        """Give another role and end whatever was open under the one before. Raises LookupError."""
        await self._change(tenant_id, usuario_id, papel=papel)

    async def drop_totp(self, tenant_id: int, usuario_id: int) -> None:
        """Forget a second factor whose phone is lost, and end whatever was open. Raises LookupError."""
        await self._change(tenant_id, usuario_id, totp_segredo=None)

    async def _change(self, tenant_id: int, usuario_id: int, **values: object) -> None:
        async with self._database.session_scope(tenant_id) as session:
            repository = IdentidadeRepository(session, tenant_id)
            usuario = await repository.user(usuario_id)
            if usuario is None:
                raise LookupError(usuario_id)
            for name, value in values.items():
                setattr(usuario, name, value)
            await session.flush()
            await repository.end_access(usuario_id)

    # -- coming in

    async def check(self, login: str, senha: str, codigo: str, endereco: str) -> Usuario:
        """Return who this is. Raises LoginRecusado, or MuitasTentativas before anything is looked at."""
        login = plain_login(login)
        chave, now = failure_key(login, endereco), self.now()
        async with self._database.global_scope() as session:
            porta = PortaRepository(session)
            ate = await porta.take_try(chave, now)
            tenant_id = await porta.tenant_of(login)
        if ate is not None:
            raise MuitasTentativas((ate - now).total_seconds())
        usuario = await self._usuario(tenant_id, login)
        kept = usuario.senha_hash if usuario and usuario.ativo else None
        right = await self.senhas.verify(kept, senha) and usuario is not None
        if not right or usuario is None or not await self._second_factor(usuario, codigo):
            async with self._database.global_scope() as session:
                await PortaRepository(session).sweep(now)
            logger.bind(tenant_id=tenant_id).warning("auth.login_refused")
            raise LoginRecusado
        async with self._database.global_scope() as session:
            await PortaRepository(session).forgive(chave)
        if kept and self.senhas.is_outdated(kept):
            await self._rehash(usuario, senha)
        return usuario

    async def open_session(self, usuario: Usuario) -> Segredo:
        """Return a new browser session's secret."""
        segredo, now = new_secret(SESSAO, usuario.tenant_id), self.now()
        async with self._database.session_scope(usuario.tenant_id) as session:
            repository = IdentidadeRepository(session, usuario.tenant_id)
            await repository.sweep(now, sessions_before=now - SESSAO_VALE)
            await repository.open_session(segredo.hash, usuario.id, now)
        return segredo

    async def close_session(self, cookie: str) -> None:
        """End one session; a cookie that is none ends nothing."""
        tenant_id = tenant_of(cookie, SESSAO)
        if tenant_id is not None:
            async with self._database.session_scope(tenant_id) as session:
                await IdentidadeRepository(session, tenant_id).close_session(hash_of(cookie))

    def may_act(self, usuario: Usuario) -> bool:
        """Tell whether nothing is missing: an administrator needs a second factor (SEC-14)."""
        excused = usuario.totp_dispensado and not self.guarded
        return usuario.papel != Papel.ADMINISTRADOR or usuario.totp_segredo is not None or excused

    # -- the second factor

    async def start_totp(self, tenant_id: int, usuario_id: int) -> pyotp.TOTP | None:
        """Return a second factor to be set up, or None where there is one."""
        async with self._database.session_scope(tenant_id) as session:
            usuario = await IdentidadeRepository(session, tenant_id).user(usuario_id)
            return None if usuario is None or usuario.totp_segredo else pyotp.TOTP(pyotp.random_base32())

    async def finish_totp(self, tenant_id: int, usuario_id: int, segredo: str, codigo: str) -> bool:
        """Keep a second factor once its first code came back right; other sessions end."""
        passo = _step_of(segredo, codigo, self.now())
        if passo is None:
            return False
        async with self._database.session_scope(tenant_id) as session:
            repository = IdentidadeRepository(session, tenant_id)
            usuario = await repository.user(usuario_id)
            if usuario is None or usuario.totp_segredo:
                return False
            usuario.totp_segredo, usuario.totp_passo = segredo, passo
            await session.flush()
            await repository.end_access(usuario_id)
        return True

    # -- tokens of programs

    async def grant(self, usuario: Usuario) -> Par:
        """Return a first pair of tokens. Raises FaltaSegundoFator."""
        if not self.may_act(usuario):
            raise FaltaSegundoFator
        async with self._database.session_scope(usuario.tenant_id) as session:
            repository = IdentidadeRepository(session, usuario.tenant_id)
            familia = uuid4()
            segredo = await self._add_renewal(repository, usuario, familia)
        return self._pair(usuario, segredo, familia)

    async def renew(self, token: str) -> Par:
        """Exchange a refresh token; raises LoginRecusado.

        One used before ends its whole family (SEC-16). Twice within ten seconds is one client asking again: it gets
        the same successor.
        """
        tenant_id = tenant_of(token, RENOVACAO)
        if tenant_id is None:
            raise LoginRecusado
        async with self._database.session_scope(tenant_id) as session:
            pair = await self._renew(IdentidadeRepository(session, tenant_id), hash_of(token))
        if pair is None:
            raise LoginRecusado
        return pair

    async def _renew(self, repository: IdentidadeRepository, chave: bytes) -> Par | None:
        now = self.now()
        renovacao = await repository.renewal(chave)
        usuario = await repository.user(renovacao.usuario_id) if renovacao else None
        if renovacao is None or usuario is None or renovacao.expira_em <= now:
            return None
        if not usuario.ativo or not self.may_act(usuario):
            await repository.end_family(renovacao.familia)
            return None
        if renovacao.usada_em is not None:
            if renovacao.sucessora and now - renovacao.usada_em <= _GRACA:
                return self._pair(usuario, renovacao.sucessora, renovacao.familia)
            await repository.end_family(renovacao.familia)
            logger.bind(tenant_id=usuario.tenant_id, usuario_id=usuario.id).warning("auth.refresh_reused")
            return None
        segredo = await self._add_renewal(repository, usuario, renovacao.familia)
        renovacao.usada_em, renovacao.sucessora = now, segredo
        return self._pair(usuario, segredo, renovacao.familia)

    async def revoke(self, token: str) -> None:
        """End a refresh token's family."""
        tenant_id = tenant_of(token, RENOVACAO)
        if tenant_id is not None:
            async with self._database.session_scope(tenant_id) as session:
                repository = IdentidadeRepository(session, tenant_id)
                if renovacao := await repository.renewal(hash_of(token)):
                    await repository.end_family(renovacao.familia)

    async def _add_renewal(self, repository: IdentidadeRepository, usuario: Usuario, familia: UUID) -> str:
        segredo, now = new_secret(RENOVACAO, usuario.tenant_id), self.now()
        await repository.add_renewal(
            Renovacao(
                tenant_id=usuario.tenant_id,
                chave_hash=segredo.hash,
                familia=familia,
                usuario_id=usuario.id,
                criada_em=now,
                expira_em=now + RENOVACAO_VALE,
            )
        )
        return segredo.texto

    def _pair(self, usuario: Usuario, renovacao: str, familia: UUID) -> Par:
        acesso = Acesso(usuario.tenant_id, usuario.id, usuario.acesso, familia)
        return Par(self.tokens.sign(acesso, self.now()), renovacao)

    async def _usuario(self, tenant_id: int | None, login: str) -> Usuario | None:
        if tenant_id is None:
            return None
        async with self._database.session_scope(tenant_id) as session:
            return await IdentidadeRepository(session, tenant_id).user_named(login)

    async def _second_factor(self, usuario: Usuario, codigo: str) -> bool:
        if usuario.totp_segredo is None:
            return True
        passo = _step_of(usuario.totp_segredo, codigo, self.now())
        if passo is None:
            return False
        async with self._database.session_scope(usuario.tenant_id) as session:
            return await IdentidadeRepository(session, usuario.tenant_id).take_totp_step(usuario.id, passo)

    async def _rehash(self, usuario: Usuario, senha: str) -> None:
        kept = await self.senhas.hash(senha)
        async with self._database.session_scope(usuario.tenant_id) as session:
            if again := await IdentidadeRepository(session, usuario.tenant_id).user(usuario.id):
                again.senha_hash = kept


def plain_login(login: str) -> str:
    """Return a login as it is kept and compared."""
    return login.strip().lower()[:_LONGO]


def _step_of(segredo: str, codigo: str, now: datetime) -> int | None:
    """Return the time step whose code this is: the present one or the one before."""
    digitos = codigo.replace(" ", "")
    if not (digitos.isascii() and digitos.isdecimal()):
        return None
    atual = int(now.timestamp()) // _PASSO_S
    totp = pyotp.TOTP(segredo)
    return next(
        (passo for passo in (atual, atual - 1) if pyotp.utils.strings_equal(totp.generate_otp(passo), digitos)), None
    )
