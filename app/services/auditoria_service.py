"""The audit trail: what is noted, what is not noted twice, and the walk along the chain."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from app.database import Database
from app.domain.auditoria import Acao, Conferencia, Elo, LinhaAuditoria, examine
from app.domain.permissao import Identidade
from app.repositories.auditoria import AuditoriaRepository

_DE_NOVO: Final = timedelta(minutes=5)
"""A page that keeps itself fresh is read once in this time, not at each of its looks."""
_LEITURAS: Final = frozenset({Acao.LEU, Acao.LISTOU})
_MUITAS: Final = 10_000
_PAGINA: Final = 2_000


class AuditoriaService:
    """Notes what is done with patients' data, in a transaction of its own."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Take an open database, and the machine's clock."""
        self._database = database
        self._clock = clock
        self._vistas: dict[tuple[object, ...], datetime] = {}

    async def note(  # noqa: PLR0917  who, what, of whom, from where
        self, quem: Identidade, acao: Acao, alvo: str, alvo_id: int | None, de_onde: str, *, pedido: str | None = None
    ) -> None:
        """Add one line; the same reading by the same person again soon adds none."""
        now = self._clock()
        if acao in _LEITURAS and self._saw(now, quem.tenant_id, quem.tipo, quem.id, acao, alvo, alvo_id, de_onde):
            return
        linha = LinhaAuditoria(
            em=now,
            quem_tipo=quem.tipo,
            quem_id=quem.id,
            quem=quem.nome,
            acao=acao,
            alvo=alvo,
            alvo_id=alvo_id,
            de_onde=de_onde,
            pedido=pedido,
        )
        async with self._database.session_scope(quem.tenant_id) as session:
            await AuditoriaRepository(session, quem.tenant_id).add([linha])

    async def examine(self, tenant_id: int) -> Conferencia:
        """Walk a hospital's chain from its first line."""
        async with self._database.session_scope(tenant_id) as session:
            repository = AuditoriaRepository(session, tenant_id)
            ponta = await repository.end()  # held: no line is added meanwhile
            elos: list[Elo] = []
            while page := await repository.page(len(elos) and elos[-1].numero, _PAGINA):
                elos += page
            return examine(repository.key, tenant_id, elos, ponta=ponta)

    def _saw(self, now: datetime, *what: object) -> bool:
        before = self._vistas.get(what)
        if before is not None and now - before < _DE_NOVO:
            return True
        if len(self._vistas) >= _MUITAS:
            self._vistas.clear()
        self._vistas[what] = now
        return False
