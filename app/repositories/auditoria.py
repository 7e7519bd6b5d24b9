"""The audit trail in the database: lines are added one after the other, and read in order."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text

from app.domain.auditoria import INICIO, Elo, LinhaAuditoria, bind
from app.repositories.base import TenantRepository

_PONTA: Final = text("""
INSERT INTO auditoria_pontas (tenant_id, numero, elo) VALUES (:tenant, 0, :inicio)
ON CONFLICT (tenant_id) DO UPDATE SET numero = auditoria_pontas.numero
RETURNING numero, elo""")
_ADD: Final = text("""
WITH novas AS (
    INSERT INTO auditoria (tenant_id, numero, em, quem_tipo, quem_id, quem, acao, alvo, alvo_id, de_onde, pedido, elo)
    SELECT :tenant, u.* FROM unnest(
        CAST(:numero AS bigint[]), CAST(:em AS timestamptz[]), CAST(:quem_tipo AS text[]), CAST(:quem_id AS bigint[]),
        CAST(:quem AS text[]), CAST(:acao AS text[]), CAST(:alvo AS text[]), CAST(:alvo_id AS bigint[]),
        CAST(:de_onde AS text[]), CAST(:pedido AS text[]), CAST(:elo AS bytea[])) AS u)
UPDATE auditoria_pontas SET numero = :ultimo, elo = :ponta WHERE tenant_id = :tenant""")
_READ: Final = text("""
SELECT numero, em, quem_tipo, quem_id, quem, acao, alvo, alvo_id, de_onde, pedido, elo FROM auditoria
WHERE tenant_id = :tenant AND numero > :depois ORDER BY numero LIMIT :limite""")
_LATEST: Final = text("""
SELECT numero, em, quem_tipo, quem_id, quem, acao, alvo, alvo_id, de_onde, pedido, elo FROM auditoria
WHERE tenant_id = :tenant AND (CAST(:alvo_id AS bigint) IS NULL OR alvo_id = :alvo_id)
ORDER BY numero DESC LIMIT :limite""")
_COLUMNS: Final = ("em", "quem_tipo", "quem_id", "quem", "acao", "alvo", "alvo_id", "de_onde", "pedido")


class AuditoriaRepository(TenantRepository):
    """One hospital's chain."""

    @property
    def key(self) -> bytes:
        """What binds the lines: the hospital's own, made from the installation's secret."""
        return self.finder.of("auditoria", "elo")

    async def add(self, linhas: Sequence[LinhaAuditoria]) -> None:
        """Add lines; whoever adds to the same hospital at once waits until this transaction ends."""
        if not linhas:
            return
        [ponta] = await self._fetch(_PONTA, inicio=INICIO)
        key, numero, elo = self.key, ponta.numero, ponta.elo
        elos: list[bytes] = []
        for linha in linhas:
            numero += 1
            elo = bind(key, elo, linha.content(self._tenant_id, numero))
            elos.append(elo)
        columns: dict[str, list[Any]] = {name: [getattr(linha, name) for linha in linhas] for name in _COLUMNS}
        first = ponta.numero + 1
        await self._fetch(_ADD, **columns, numero=list(range(first, numero + 1)), elo=elos, ultimo=numero, ponta=elo)

    async def end(self) -> tuple[int, bytes]:
        """Return where the chain is said to end."""
        [ponta] = await self._fetch(_PONTA, inicio=INICIO)
        return ponta.numero, bytes(ponta.elo)

    async def page(self, depois: int, limite: int) -> list[Elo]:
        """Return the next lines in order."""
        return [_elo(row) for row in await self._fetch(_READ, depois=depois, limite=limite)]

    async def latest(self, *, alvo_id: int | None = None, limite: int = 100) -> list[Elo]:
        """Return the newest lines, of one visit where asked."""
        return [_elo(row) for row in await self._fetch(_LATEST, alvo_id=alvo_id, limite=limite)]


def _elo(row: Any) -> Elo:
    return Elo(row.numero, LinhaAuditoria(**{name: row[name] for name in _COLUMNS}), bytes(row.elo))
