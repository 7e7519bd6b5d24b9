"""What reception sees in the morning: the day in figures, whom to call, who wrote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select, text
from sqlalchemy.engine import RowMapping

from app.models import Atendimento, Contato, MensagemAtendimento, Paciente, PacienteContato, Recebida
from app.repositories.base import TenantRepository
from app.repositories.consulta import midnight, records, same_hospital

_URGENTE: Final = "urgente"
_AHEAD: Final = timedelta(days=7)
_STILL_ASKED_FOR: Final = timedelta(days=1)  # what a patient wrote does not expire with the visit
_WITHOUT_PHONE_AHEAD: Final = timedelta(days=3)  # as long before as the others are asked
_LIVE: Final = ("agendado", "espera", "presente", "realizado", "falta", "desconhecido")

_COUNTS: Final = text("""
SELECT dia, count(*) AS total,
       count(*) FILTER (WHERE status_confirmacao = 'confirmado') AS confirmado,
       count(*) FILTER (WHERE status_confirmacao = 'aguardando') AS aguardando,
       count(*) FILTER (WHERE status_confirmacao = 'sem_resposta') AS sem_resposta,
       count(*) FILTER (WHERE status_confirmacao = 'reagendar') AS reagendar,
       count(*) FILTER (WHERE status_confirmacao = 'cancelado') AS cancelado,
       count(*) FILTER (WHERE status_confirmacao = 'pendente' AND contato_id IS NOT NULL) AS pendente,
       count(*) FILTER (WHERE status_confirmacao = 'pendente' AND contato_id IS NULL) AS sem_celular
FROM atendimentos
WHERE tenant_id = :tenant AND dia BETWEEN :de AND :ate AND data_consulta >= :desde AND data_consulta < :antes
  AND situacao_agenda = ANY(CAST(:vivas AS text[]))
GROUP BY dia""")


@dataclass(frozen=True, slots=True)
class DiaContado:
    """One day's visits that the hospital still holds; the seven counts after `total` add up to it."""

    dia: date
    total: int = 0
    confirmado: int = 0
    aguardando: int = 0
    sem_resposta: int = 0
    reagendar: int = 0
    cancelado: int = 0
    pendente: int = 0
    sem_celular: int = 0


@dataclass(frozen=True, slots=True)
class Chamadas:
    """Whom to call, the first ones of `total`."""

    itens: Sequence[Mapping[str, Any]]
    total: int


class PainelRepository(TenantRepository):
    """Reads for the page of the day."""

    async def count_days(self, de: date, ate: date) -> dict[date, DiaContado]:
        parameters = {
            "tenant": self._tenant_id,
            "de": de,
            "ate": ate,
            "desde": midnight(de, days=-1),
            "antes": midnight(ate, days=2),
            "vivas": list(_LIVE),
        }
        return {row.dia: DiaContado(*row) for row in await self._session.execute(_COUNTS, parameters)}

    async def calls(self, now: datetime, *, limit: int) -> Chamadas:
        """Return whom reception should call: the urgent, the silent, who needs a person, who has no mobile.

        Within each group the nearest visit comes first.
        """
        fits = self._to_call(now)
        total = await self._session.scalar(select(func.count()).select_from(Atendimento).where(fits))
        query = records().where(fits).order_by(_group(), Atendimento.data_consulta, Atendimento.id).limit(limit)
        return Chamadas((await self._session.execute(query)).mappings().all(), total or 0)

    def _to_call(self, now: datetime) -> ColumnElement[bool]:
        asks_for_a_person = Atendimento.atencao.is_not(None)
        silent = Atendimento.status_confirmacao == "sem_resposta"
        unreachable = and_(
            Atendimento.status_confirmacao == "pendente",
            Atendimento.contato_id.is_(None),
            Atendimento.data_consulta <= now + _WITHOUT_PHONE_AHEAD,
        )
        return and_(
            Atendimento.tenant_id == self._tenant_id,
            Atendimento.data_consulta > now - _STILL_ASKED_FOR,
            or_(
                asks_for_a_person,
                and_(
                    Atendimento.situacao_agenda == "agendado",
                    Atendimento.data_consulta > now,
                    Atendimento.data_consulta <= now + _AHEAD,
                    or_(silent, unreachable),
                ),
            ),
        )

    async def answers(self, *, limit: int) -> Sequence[RowMapping]:
        """Return the latest answers, also those that found no visit, newest first."""
        asked = (
            select(MensagemAtendimento.atendimento_id)
            .where(
                MensagemAtendimento.tenant_id == Recebida.tenant_id,
                MensagemAtendimento.mensagem_id == Recebida.mensagem_id,
            )
            .order_by(MensagemAtendimento.letra)
            .limit(1)
            .correlate(Recebida)
            .scalar_subquery()
        )
        of_contact = (
            select(PacienteContato.paciente_id)
            .where(
                PacienteContato.tenant_id == Recebida.tenant_id,
                PacienteContato.contato_id == Recebida.contato_id,
            )
            .order_by(PacienteContato.paciente_id)
            .limit(1)
            .correlate(Recebida)
            .scalar_subquery()
        )
        query = (
            select(
                Recebida.id,
                Recebida.recebida_em,
                Recebida.texto,
                Recebida.leitura,
                Recebida.desfecho,
                Contato.telefone,
                Paciente.nome.label("nome_paciente"),
                Atendimento.id.label("atendimento_id"),
                Atendimento.data_consulta,
            )
            .select_from(Recebida)
            .outerjoin(Contato, same_hospital(Recebida.tenant_id, Recebida.contato_id, Contato))
            .outerjoin(Atendimento, and_(Atendimento.tenant_id == Recebida.tenant_id, Atendimento.id == asked))
            .outerjoin(
                Paciente,
                and_(
                    Paciente.tenant_id == Recebida.tenant_id,
                    Paciente.id == func.coalesce(Atendimento.paciente_id, of_contact),
                ),
            )
            .where(Recebida.tenant_id == self._tenant_id, Recebida.tipo == "resposta")
            .order_by(Recebida.id.desc())
            .limit(limit)
        )
        found: Sequence[RowMapping] = (await self._session.execute(query)).mappings().all()
        return found


def _group() -> ColumnElement[Any]:
    return case(
        (Atendimento.atencao == _URGENTE, 0),
        (Atendimento.status_confirmacao == "sem_resposta", 1),
        (Atendimento.atencao.is_not(None), 2),
        else_=3,
    )
