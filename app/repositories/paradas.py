"""What stops at once: a phone, a patient at a phone, a patient."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import text

from app.repositories.base import TenantRepository

# By ascending id: the order of locks of docs/arquitetura.md.
_IN_ORDER: Final = """id IN (SELECT id FROM contatos WHERE tenant_id = :tenant AND id = ANY(CAST(:contatos AS bigint[]))
                            ORDER BY id FOR NO KEY UPDATE)"""
_STOP_CONTACT: Final = text(f"""
UPDATE contatos SET optout_em = coalesce(optout_em, :now) WHERE tenant_id = :tenant AND {_IN_ORDER}""")  # noqa: S608  a constant
_WITHOUT_WHATSAPP: Final = text(f"""
UPDATE contatos SET sem_whatsapp_em = :now WHERE tenant_id = :tenant AND {_IN_ORDER}""")  # noqa: S608  a constant
_STOP_PATIENT_HERE: Final = text("""
UPDATE pacientes_contatos SET numero_errado_em = :now WHERE tenant_id = :tenant
  AND contato_id = ANY(CAST(:contatos AS bigint[])) AND paciente_id = ANY(CAST(:pacientes AS bigint[]))""")
_STOP_PATIENT: Final = text("""
UPDATE pacientes SET falecido_em = coalesce(falecido_em, :now)
WHERE tenant_id = :tenant AND id = ANY(CAST(:pacientes AS bigint[]))""")
_OPEN_OF: Final = text("""
SELECT id, paciente_id FROM atendimentos WHERE tenant_id = :tenant AND data_consulta > :now
  AND (CAST(:contatos AS bigint[]) IS NULL OR contato_id = ANY(CAST(:contatos AS bigint[])))
  AND (CAST(:pacientes AS bigint[]) IS NULL OR paciente_id = ANY(CAST(:pacientes AS bigint[])))
ORDER BY id""")


class ParadaRepository(TenantRepository):
    """Writes what must not go on, and finds the visits it is about."""

    async def stop_contact(self, contatos: Sequence[int], now: datetime) -> None:
        if contatos:
            await self._fetch(_STOP_CONTACT, contatos=list(contatos), now=now)

    async def flag_without_whatsapp(self, contatos: Sequence[int], now: datetime) -> None:
        """Remember that WhatsApp has no such numbers."""
        if contatos:
            await self._fetch(_WITHOUT_WHATSAPP, contatos=list(contatos), now=now)

    async def stop_patient_here(self, pacientes: Sequence[int], contatos: Sequence[int], now: datetime) -> None:
        await self._fetch(_STOP_PATIENT_HERE, pacientes=list(pacientes), contatos=list(contatos), now=now)

    async def stop_patient(self, pacientes: Sequence[int], now: datetime) -> None:
        await self._fetch(_STOP_PATIENT, pacientes=list(pacientes), now=now)

    async def future_visits(
        self, now: datetime, *, contatos: Sequence[int] | None = None, pacientes: Sequence[int] | None = None
    ) -> list[tuple[int, int]]:
        """Return (visit, patient) of what is to come for all of these phones and patients; None is any."""
        lists = {
            name: None if ids is None else list(ids) for name, ids in (("contatos", contatos), ("pacientes", pacientes))
        }
        return [(row.id, row.paciente_id) for row in await self._fetch(_OPEN_OF, **lists, now=now)]
