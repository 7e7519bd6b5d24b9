"""The bulk writes behind a decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import TextClause, text

from app.domain.confirmacao import INICIATIVAS, PODEM_TER_CHEGADO, StatusConfirmacao
from app.repositories.base import TenantRepository, sql_list

_RESUME: Final = text("""
UPDATE atendimentos SET planejar_em = CAST(:now AS timestamptz)
WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[])) AND situacao_agenda = 'agendado'
  AND contato_id IS NOT NULL AND data_consulta > :now""")

# A message that still asks about somebody else stays; what of it is no longer wanted is left out when it leaves.
# What still waits is about a day to come: the months before stay closed.
_WITHDRAW_SQL: Final = f"""
UPDATE mensagens m SET estado = 'cancelada', motivo = 'nao_mais_necessaria', atualizado_em = CAST(:now AS timestamptz)
WHERE m.tenant_id = :tenant AND m.estado = 'agendada' AND m.tipo IN {sql_list(INICIATIVAS)}
  AND m.dia >= CAST(CAST(:now AS timestamptz) AS date) - 2
  AND m.id IN (SELECT mensagem_id FROM mensagens_atendimentos
               WHERE tenant_id = :tenant AND atendimento_id = ANY(CAST(:ids AS bigint[])))
  AND NOT EXISTS (SELECT FROM mensagens_atendimentos o
                  WHERE o.tenant_id = :tenant AND o.mensagem_id = m.id
                    AND o.atendimento_id <> ALL(CAST(:ids AS bigint[])))"""  # noqa: S608  constants
_WITHDRAW: Final = text(_WITHDRAW_SQL)

# One round trip for what every answer does: the status, the planner's forgetting, the messages no longer wanted.
_STATUS: Final = text(f"""
WITH retiradas AS ({_WITHDRAW_SQL.replace(":ids", ":retirados")})
UPDATE atendimentos a SET
       status_confirmacao = u.status,
       atualizado_em = CASE WHEN a.status_confirmacao <> u.status THEN CAST(:now AS timestamptz)
                            ELSE a.atualizado_em END,
       versao = a.versao + CAST(a.status_confirmacao <> u.status AS int),
       planejar_em = CASE WHEN u.retirado THEN NULL ELSE a.planejar_em END,
       corte_em = CASE WHEN u.retirado THEN NULL ELSE a.corte_em END
FROM (SELECT id, status, id = ANY(CAST(:retirados AS bigint[])) AS retirado
      FROM unnest(CAST(:ids AS bigint[]), CAST(:status AS text[])) AS t(id, status)) u
WHERE a.tenant_id = :tenant AND a.id = u.id
  AND (a.status_confirmacao <> u.status
       OR u.retirado AND (a.planejar_em IS NOT NULL OR a.corte_em IS NOT NULL))""")  # noqa: S608  constants

_RESTART: Final = text("""
UPDATE atendimentos SET horario_versao = horario_versao + 1, horario_em = :now,
       planejar_em = CASE WHEN situacao_agenda = 'agendado' AND contato_id IS NOT NULL AND data_consulta > :now
                          THEN CAST(:now AS timestamptz) END,
       corte_em = NULL, respondido_em = NULL, resposta_paciente = NULL, interpretacao_resposta = NULL,
       preferencia = NULL
WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[]))""")

_STOP: Final = text("""
UPDATE atendimentos SET planejar_em = NULL, corte_em = NULL
WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[])) AND (planejar_em IS NOT NULL OR corte_em IS NOT NULL)""")

_WAKE: Final = text("""
UPDATE atendimentos SET planejar_em = CAST(:now AS timestamptz)
WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[])) AND planejar_em > :now""")

_ATTENTION: Final = text("""
UPDATE atendimentos SET atencao = CAST(:motivo AS text),
       atencao_em = CASE WHEN CAST(:motivo AS text) IS NULL THEN NULL ELSE CAST(:now AS timestamptz) END,
       atualizado_em = :now
WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[])) AND (:over OR atencao IS NULL)""")

# Whoever was messaged about the visit: the question left, or may have.
_MESSAGED: Final = text(f"""
SELECT DISTINCT ON (a.id) a.id, a.contato_id, a.unidade_id, a.data_consulta, a.dia, a.horario_versao
FROM atendimentos a
JOIN mensagens_atendimentos ma ON ma.tenant_id = a.tenant_id AND ma.atendimento_id = a.id
JOIN mensagens m ON m.tenant_id = ma.tenant_id AND m.id = ma.mensagem_id AND m.dia = ma.dia
JOIN contatos c ON c.tenant_id = a.tenant_id AND c.id = a.contato_id AND c.optout_em IS NULL
LEFT JOIN pacientes_contatos pc
       ON pc.tenant_id = a.tenant_id AND pc.paciente_id = a.paciente_id AND pc.contato_id = a.contato_id
WHERE a.tenant_id = :tenant AND a.id = ANY(CAST(:ids AS bigint[])) AND pc.numero_errado_em IS NULL
  AND m.contato_id = a.contato_id AND m.estado IN {sql_list(PODEM_TER_CHEGADO)}""")  # noqa: S608  constants


@dataclass(frozen=True, slots=True)
class Avisado:
    """A visit whose contact was messaged about it, as it stands now."""

    id: int
    contato_id: int
    unidade_id: int | None
    data_consulta: datetime
    dia: date
    horario_versao: int


class EfeitoRepository(TenantRepository):
    """Writes of many appointments at once."""

    async def set_status(
        self, status: Mapping[int, StatusConfirmacao], *, retirados: Sequence[int], now: datetime
    ) -> None:
        """Write statuses; of the visits `retirados` also withdraw what is planned, and let the planner forget them."""
        texts = [s.value for s in status.values()]
        await self._fetch(_STATUS, ids=list(status), status=texts, retirados=list(retirados), now=now)

    async def restart(self, ids: Sequence[int], *, now: datetime) -> None:
        """Void the questions asked so far and let the planner look at the visits anew."""
        await self._run(_RESTART, ids, now=now)

    async def stop(self, ids: Sequence[int]) -> None:
        """Let the planner forget the visits."""
        await self._run(_STOP, ids)

    async def resume(self, ids: Sequence[int], *, now: datetime) -> None:
        """Let the planner look again at visits it had finished with."""
        await self._run(_RESUME, ids, now=now)

    async def wake(self, ids: Sequence[int], *, now: datetime) -> None:
        """Let the planner look at the visits now: a step of theirs was not sent after all."""
        await self._run(_WAKE, ids, now=now)

    async def withdraw(self, ids: Sequence[int], *, now: datetime) -> None:
        """Cancel the planned messages that are about these visits only."""
        await self._run(_WITHDRAW, ids, now=now)

    async def set_attention(self, ids: Sequence[int], motivo: str | None, *, now: datetime, over: bool = True) -> None:
        """Say that, and why, a person must look at these visits; None takes it back.

        Without `over` an earlier reason stays: who asked something is not helped by our telling that a reply was lost.
        """
        await self._run(_ATTENTION, ids, now=now, motivo=motivo, over=over)

    async def messaged(self, ids: Sequence[int]) -> list[Avisado]:
        """Return those of the visits whose contact was messaged about them."""
        if not ids:
            return []
        rows = await self._fetch(_MESSAGED, ids=list(ids))
        return [Avisado(*row) for row in rows]

    async def _run(self, statement: TextClause, ids: Sequence[int], **parameters: object) -> None:
        if ids:
            await self._fetch(statement, ids=list(ids), **parameters)
