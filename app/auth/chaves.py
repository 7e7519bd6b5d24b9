"""Keys of programs: made once, shown once, two valid while one replaces the other."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.auth.porteiro import CHAVE
from app.auth.segredos import new_secret
from app.database import Database
from app.domain.permissao import Permissao
from app.models import Chave
from app.repositories.identidade import IdentidadeRepository


class ChaveInexistente(LookupError):  # noqa: N818  named for what happened
    """No key of that name opens anything."""


class ChaveExistente(ValueError):  # noqa: N818
    """A key of that name exists: it is rotated, or takes another name."""


@dataclass(frozen=True, slots=True)
class ChaveNova:
    """A key just made; `texto` is never shown again."""

    texto: str
    chave: Chave


class Chaves:
    """One hospital's API keys."""

    def __init__(self, database: Database, tenant_id: int, clock: Callable[[], datetime]) -> None:
        """Take an open database, and the machine's clock."""
        self._database = database
        self._tenant_id = tenant_id
        self._clock = clock

    async def create(self, nome: str, escopos: Collection[Permissao], *, vale: timedelta | None = None) -> ChaveNova:
        """Make a key; raises ChaveExistente."""
        async with self._database.session_scope(self._tenant_id) as session:
            repository = IdentidadeRepository(session, self._tenant_id)
            if await repository.keys_named(nome, self._clock()):
                raise ChaveExistente(nome)
            return await self._add(repository, nome, [escopo.value for escopo in escopos], vale)

    async def rotate(self, nome: str, *, resta: timedelta = timedelta(days=7)) -> ChaveNova:
        """Make another key of the same name, scopes and length of life; raises ChaveInexistente.

        The one before it opens for `resta` more, any older one no longer: two at once, not three.
        """
        async with self._database.session_scope(self._tenant_id) as session:
            repository, now = IdentidadeRepository(session, self._tenant_id), self._clock()
            before = await repository.keys_named(nome, now)
            if not before:
                raise ChaveInexistente(nome)
            newest, *older = before
            vale = newest.expira_em - newest.criada_em if newest.expira_em else None
            newest.expira_em = min(newest.expira_em or now + resta, now + resta)
            for chave in older:
                chave.expira_em = now
            return await self._add(repository, nome, newest.escopos, vale)

    async def revoke(self, nome: str) -> int:
        """End all keys of a name; return how many. Raises ChaveInexistente."""
        async with self._database.session_scope(self._tenant_id) as session:
            before = await IdentidadeRepository(session, self._tenant_id).keys_named(nome, self._clock())
            for chave in before:
                chave.revogada_em = self._clock()
        if not before:
            raise ChaveInexistente(nome)
        return len(before)

    async def all(self) -> Sequence[Chave]:
        """Return every key, ended ones too."""
        async with self._database.session_scope(self._tenant_id) as session:
            return await IdentidadeRepository(session, self._tenant_id).keys()

    async def _add(
        self, repository: IdentidadeRepository, nome: str, escopos: Sequence[str], vale: timedelta | None
    ) -> ChaveNova:
        segredo, now = new_secret(CHAVE, self._tenant_id), self._clock()
        chave = Chave(
            tenant_id=self._tenant_id,
            nome=nome,
            inicio=segredo.inicio,
            chave_hash=segredo.hash,
            escopos=list(escopos),
            expira_em=now + vale if vale else None,
            criada_em=now,
        )
        return ChaveNova(segredo.texto, await repository.add_key(chave))
