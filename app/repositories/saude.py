"""What tells whether the program keeps up: the inbox, the outbox, the scheduler's last runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Execucao
from app.repositories.base import TenantRepository

_INBOX: Final = text("""
SELECT (SELECT recebida_em FROM recebidas WHERE tenant_id = :tenant ORDER BY id DESC LIMIT 1) AS last_event_at,
       (SELECT count(*) FROM recebidas WHERE tenant_id = :tenant AND aplicada_em IS NULL) AS backlog""")

# Waiting is what could have left and did not; what hangs was released and never recorded.
_OUTBOX: Final = text("""
SELECT (SELECT min(quando) FROM mensagens
        WHERE tenant_id = :tenant AND estado = 'agendada' AND quando <= :now AND ate > :now) AS waiting_since,
       (SELECT min(atualizado_em) FROM mensagens
        WHERE tenant_id = :tenant AND estado IN ('na_fila', 'em_envio')) AS flying_since,
       (SELECT count(*) FROM mensagens WHERE tenant_id = :tenant AND estado = 'incerta') AS incertas""")


@dataclass(frozen=True, slots=True)
class Inbox:
    last_event_at: datetime | None
    backlog: int


@dataclass(frozen=True, slots=True)
class Outbox:
    waiting_since: datetime | None
    flying_since: datetime | None
    incertas: int

    def lag_s(self, now: datetime) -> float:
        """Return the age of the oldest message that should have left by now."""
        since = min((instant for instant in (self.waiting_since, self.flying_since) if instant), default=now)
        return max((now - since).total_seconds(), 0.0)


class SaudeRepository(TenantRepository):
    """Reads how far behind one hospital's queues are."""

    async def inbox(self) -> Inbox:
        return Inbox(*(await self._session.execute(_INBOX, {"tenant": self._tenant_id})).one())

    async def outbox(self, now: datetime) -> Outbox:
        return Outbox(*(await self._session.execute(_OUTBOX, {"tenant": self._tenant_id, "now": now})).one())


async def last_runs(session: AsyncSession) -> Mapping[str, Execucao]:
    """Return the last run of each cron entry; they are the installation's, not a hospital's."""
    return {row.nome: row for row in (await session.scalars(select(Execucao))).all()}
