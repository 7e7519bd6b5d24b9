"""Who may come in: rows of users, sessions, tokens and keys of one hospital, and what is known before any is."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.permissao import Papel
from app.models import Chave, Convite, Renovacao, Rota, Sessao, Usuario
from app.repositories.base import TenantRepository

JANELA: Final = timedelta(minutes=15)
LIVRES: Final = 5
"""Failures of one account from one address within the window before it must wait (SEC-12)."""
_PRIMEIRA_S: Final = 30
_ESPERA_MAXIMA_S: Final = 900

_TENTATIVA: Final = text("""
INSERT INTO tentativas AS t (chave_hash, falhas, desde) VALUES (:chave, 1, :now)
ON CONFLICT (chave_hash) DO UPDATE SET
    falhas = CASE WHEN t.desde < :limite AND coalesce(t.ate, t.desde) < :now THEN 1 ELSE t.falhas + 1 END,
    desde = CASE WHEN t.desde < :limite AND coalesce(t.ate, t.desde) < :now THEN excluded.desde ELSE t.desde END,
    ate = CASE WHEN t.falhas + 1 >= :livres AND NOT (t.desde < :limite AND coalesce(t.ate, t.desde) < :now)
        THEN CAST(:now AS timestamptz)
             + make_interval(secs => least(:maxima, :primeira * power(2, least(t.falhas + 1 - :livres, 10)))) END
WHERE coalesce(t.ate <= :now, true)
RETURNING falhas""")
_SESSAO: Final = text("""
SELECT s.usuario_id, s.criada_em, s.usada_em, u.login, u.nome, u.papel, u.ativo, u.acesso,
       u.totp_segredo IS NOT NULL AS tem_totp, u.totp_dispensado
FROM sessoes s JOIN usuarios u ON u.tenant_id = s.tenant_id AND u.id = s.usuario_id
WHERE s.tenant_id = :tenant AND s.chave_hash = :chave""")


class LoginTomado(ValueError):  # noqa: N818  named for what happened
    """Somebody in this installation has that login already."""


@dataclass(frozen=True, slots=True)
class SessaoViva:
    """A session with its user, as one query finds them."""

    usuario_id: int
    nome: str
    papel: Papel
    ativo: bool
    tem_totp: bool
    totp_dispensado: bool
    criada_em: datetime
    usada_em: datetime


class PortaRepository:
    """What is known before the hospital is: which hospital a login leads to, and who failed how often."""

    def __init__(self, session: AsyncSession) -> None:
        """Take an open transaction of nobody's."""
        self._session = session

    async def tenant_of(self, login: str) -> int | None:
        """Return the hospital of a login."""
        found: int | None = await self._session.scalar(
            select(Rota.tenant_id).where(Rota.chave_hash == route_of(login), Rota.tipo == "usuario")
        )
        return found

    async def take_try(self, chave: bytes, now: datetime) -> datetime | None:
        """Count a login as failed before it is looked at; return until when an account must wait at an address.

        None: it may be tried, and `forgive` takes the count back. Counted afterwards, a hundred at once would all find
        that none had failed. From the fifth within a quarter of an hour each makes the wait twice as long.
        """
        taken = await self._session.execute(
            _TENTATIVA,
            {
                "chave": chave,
                "now": now,
                "limite": now - JANELA,
                "livres": LIVRES,
                "primeira": _PRIMEIRA_S,
                "maxima": _ESPERA_MAXIMA_S,
            },
        )
        if taken.first() is not None:
            return None
        ate: datetime | None = await self._session.scalar(
            text("SELECT ate FROM tentativas WHERE chave_hash = :chave"), {"chave": chave}
        )
        return ate or now  # whoever held it has just come in: the caller may ask again at once

    async def forgive(self, chave: bytes) -> None:
        """Forget the failures of an account at an address: it came in."""
        await self._session.execute(text("DELETE FROM tentativas WHERE chave_hash = :chave"), {"chave": chave})

    async def sweep(self, now: datetime) -> None:
        """Forget failures of long ago."""
        await self._session.execute(
            text("DELETE FROM tentativas WHERE desde < :antes AND coalesce(ate, desde) < :antes"),
            {"antes": now - timedelta(days=1)},
        )


def route_of(login: str) -> bytes:
    """Return the look-up key of a login."""
    return hashlib.sha256(b"login:" + login.encode()).digest()


def failure_key(login: str, endereco: str) -> bytes:
    """Return the key failures are counted by: an account at an address."""
    return hashlib.sha256(f"tentativa:{endereco}:{login}".encode("utf-8", "surrogatepass")).digest()


class IdentidadeRepository(TenantRepository):
    """Users, sessions, tokens and keys of one hospital."""

    async def add_user(self, usuario: Usuario) -> Usuario:
        """Keep a new user and the way from its login to here; raises LoginTomado."""
        self._session.add(Rota(chave_hash=route_of(usuario.login), tenant_id=self._tenant_id, tipo="usuario"))
        self._session.add(usuario)
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise LoginTomado(usuario.login) from error
        return usuario

    async def users(self) -> Sequence[Usuario]:
        """Return everybody, by login."""
        return (await self._session.scalars(self._of(Usuario).order_by(Usuario.login))).all()

    async def user(self, usuario_id: int) -> Usuario | None:
        found: Usuario | None = await self._session.scalar(self._of(Usuario).where(Usuario.id == usuario_id))
        return found

    async def user_named(self, login: str, *, lock: bool = False) -> Usuario | None:
        query = self._of(Usuario).where(Usuario.login == login)
        found: Usuario | None = await self._session.scalar(query.with_for_update() if lock else query)
        return found

    async def has_users(self) -> bool:
        return bool(await self._session.scalar(select(self._of(Usuario).exists())))

    async def has_administrator(self) -> bool:
        query = self._of(Usuario).where(Usuario.papel == Papel.ADMINISTRADOR, Usuario.ativo)
        return bool(await self._session.scalar(select(query.exists())))

    async def take_totp_step(self, usuario_id: int, passo: int) -> bool:
        """Use up a code's time step; False where it, or a later one, was used before."""
        done = await self._session.execute(
            update(Usuario)
            .where(Usuario.tenant_id == self._tenant_id, Usuario.id == usuario_id, Usuario.totp_passo < passo)
            .values(totp_passo=passo)
            .returning(Usuario.id)
        )
        return done.first() is not None

    async def end_access(self, usuario_id: int) -> None:
        """End every session, token and link of a user, in every process."""
        await self._session.execute(
            update(Usuario)
            .where(Usuario.tenant_id == self._tenant_id, Usuario.id == usuario_id)
            .values(acesso=Usuario.acesso + 1)
        )
        for table in (Sessao, Renovacao, Convite):
            await self._session.execute(
                delete(table).where(table.tenant_id == self._tenant_id, table.usuario_id == usuario_id)
            )

    async def sweep(self, now: datetime, *, sessions_before: datetime) -> None:
        """Remove what opens nothing any more: sessions begun before, tokens and links whose time is over."""
        await self._session.execute(
            delete(Sessao).where(Sessao.tenant_id == self._tenant_id, Sessao.criada_em < sessions_before)
        )
        for table in (Renovacao, Convite):
            await self._session.execute(delete(table).where(table.tenant_id == self._tenant_id, table.expira_em < now))

    # -- sessions of browsers

    async def open_session(self, chave: bytes, usuario_id: int, now: datetime) -> None:
        self._session.add(
            Sessao(tenant_id=self._tenant_id, chave_hash=chave, usuario_id=usuario_id, criada_em=now, usada_em=now)
        )
        await self._session.flush()

    async def session(self, chave: bytes) -> SessaoViva | None:
        rows = await self._fetch(_SESSAO, chave=chave)
        if not rows:
            return None
        row = rows[0]
        return SessaoViva(
            row.usuario_id,
            row.nome,
            Papel(row.papel),
            row.ativo,
            row.tem_totp,
            row.totp_dispensado,
            row.criada_em,
            row.usada_em,
        )

    async def touch_session(self, chave: bytes, now: datetime) -> None:
        await self._session.execute(
            update(Sessao).where(Sessao.tenant_id == self._tenant_id, Sessao.chave_hash == chave).values(usada_em=now)
        )

    async def close_session(self, chave: bytes) -> None:
        await self._session.execute(
            delete(Sessao).where(Sessao.tenant_id == self._tenant_id, Sessao.chave_hash == chave)
        )

    # -- tokens that renew themselves

    async def add_renewal(self, renovacao: Renovacao) -> None:
        self._session.add(renovacao)
        await self._session.flush()

    async def renewal(self, chave: bytes) -> Renovacao | None:
        """Return a token, locked: two who renew at once take turns."""
        found: Renovacao | None = await self._session.scalar(
            self._of(Renovacao).where(Renovacao.chave_hash == chave).with_for_update()
        )
        return found

    async def family_lives(self, familia: UUID, usuario_id: int, now: datetime) -> bool:
        """Tell whether a login's tokens may still be renewed."""
        query = self._of(Renovacao).where(
            Renovacao.familia == familia, Renovacao.usuario_id == usuario_id, Renovacao.expira_em > now
        )
        return bool(await self._session.scalar(select(query.exists())))

    async def end_family(self, familia: UUID) -> None:
        await self._session.execute(
            delete(Renovacao).where(Renovacao.tenant_id == self._tenant_id, Renovacao.familia == familia)
        )

    # -- links that set a password

    async def invite(self, convite: Convite) -> None:
        await self._session.execute(
            delete(Convite).where(Convite.tenant_id == self._tenant_id, Convite.usuario_id == convite.usuario_id)
        )
        self._session.add(convite)
        await self._session.flush()

    async def take_invitation(self, chave: bytes, now: datetime) -> int | None:
        """Use up a link; return its user, or None where it is unknown, used or too old."""
        done = await self._session.execute(
            delete(Convite)
            .where(Convite.tenant_id == self._tenant_id, Convite.chave_hash == chave, Convite.expira_em > now)
            .returning(Convite.usuario_id)
        )
        found: int | None = done.scalar()
        return found

    # -- keys of programs

    async def add_key(self, chave: Chave) -> Chave:
        self._session.add(chave)
        await self._session.flush()
        return chave

    async def keys(self) -> Sequence[Chave]:
        return (await self._session.scalars(self._of(Chave).order_by(Chave.id))).all()

    async def keys_named(self, nome: str, now: datetime) -> Sequence[Chave]:
        """Return the keys of a name that open now, newest first."""
        query = self._open_keys(now).where(Chave.nome == nome).order_by(Chave.id.desc())
        return (await self._session.scalars(query)).all()

    async def key(self, chave: bytes, now: datetime) -> Chave | None:
        """Return a key that opens now."""
        found: Chave | None = await self._session.scalar(self._open_keys(now).where(Chave.chave_hash == chave))
        return found

    def _open_keys(self, now: datetime) -> Any:
        return self._of(Chave).where(Chave.revogada_em.is_(None), func.coalesce(Chave.expira_em > now, True))

    def _of(self, table: Any) -> Any:
        return select(table).where(table.tenant_id == self._tenant_id)
