"""Another key for what is stored, while everything goes on: each value is written anew by the key that encrypts now."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app import crypto
from app.database import Database
from app.repositories.cifrados import CifradosRepository, ColunaCifrada, encrypted_columns

_PAGINA: Final = 500


@dataclass(frozen=True, slots=True)
class Giro:
    """What a rotation did at one hospital."""

    lidos: int
    girados: int
    mudaram: int
    """Values somebody wrote meanwhile: they are under the new key already."""


class GiroService:
    """Moves one hospital's values from older keys to the first one."""

    def __init__(self, database: Database, tenant_id: int) -> None:
        """Take an open database."""
        self._database = database
        self._tenant_id = tenant_id

    async def rotate(self, on_page: Callable[[str, int], None] = lambda _tabela, _lidos: None) -> Giro:
        """Rewrite every value that an older key holds; interrupted, it goes on where values are still old.

        A page is one transaction of two statements. Nothing is locked between reading and writing: a value that
        changed meanwhile stays as it was written.

        Raises:
            UndecipherableError: a value opens with none of the keys; what was moved before stays moved.
        """
        total: Counter[str] = Counter()
        for alvo in encrypted_columns():
            after: list[Any] | None = None
            while True:
                after, page = await self._page(alvo, after)
                total.update(page)
                on_page(alvo.vinculo, page["lidos"])
                if after is None:
                    break
        return Giro(total["lidos"], total["girados"], total["mudaram"])

    async def state(self) -> Mapping[str, int]:
        """Return how many values each key holds."""
        total: Counter[str] = Counter()
        async with self._database.session_scope(self._tenant_id) as session:
            repository = CifradosRepository(session, self._tenant_id)
            for alvo in encrypted_columns():
                total.update(await repository.by_key(alvo))
        return total

    async def _page(self, alvo: ColunaCifrada, after: list[Any] | None) -> tuple[list[Any] | None, Counter[str]]:
        chaveiro = crypto.keyring()
        async with self._database.session_scope(self._tenant_id) as session:
            repository = CifradosRepository(session, self._tenant_id)
            rows = await repository.page(alvo, after=after, limit=_PAGINA)
            old = [row for row in rows if not chaveiro.is_current(row["valor"])]
            novos = [chaveiro.reseal(row["valor"], alvo.vinculo, self._tenant_id) for row in old]
            written = await repository.replace(alvo, old, novos)
        following = [rows[-1][chave.name] for chave in alvo.chaves] if len(rows) == _PAGINA else None
        return following, Counter(lidos=len(rows), girados=written, mudaram=len(old) - written)
