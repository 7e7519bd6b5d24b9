"""Appointments as people ask for them: one with everything about it, or a page of those that fit some filters."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Self

from sqlalchemy import ColumnElement, LargeBinary, Select, and_, cast, func, or_, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import RowMapping
from sqlalchemy.sql.selectable import LateralFromClause

from app.domain.confirmacao import PEDEM_RESPOSTA, SituacaoAgenda, StatusConfirmacao
from app.domain.telefone import chave_telefone
from app.models import (
    Atendimento,
    Canal,
    Contato,
    ContatoCanal,
    Historico,
    Mensagem,
    MensagemAtendimento,
    Paciente,
    PacienteContato,
    Unidade,
)
from app.repositories.base import TenantRepository

_FINAL: Final = 4  # so many digits are the end of a phone, not a phone
_MOST_LINES: Final = 500


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the visit's time and its number, nobody's data."""

    data_consulta: datetime
    id: int

    def encode(self) -> str:
        return base64.urlsafe_b64encode(f"{self.data_consulta.isoformat()}|{self.id}".encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Self | None:
        """Return the place, or None for what we did not write."""
        try:
            clear = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
            instant, _, number = clear.partition("|")
            moment = datetime.fromisoformat(instant)
            return cls(moment, int(number)) if moment.tzinfo and 0 < int(number) < 2**63 else None
        except (ValueError, binascii.Error):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtros:
    """What is asked for. Names and phones are encrypted: they are found whole, by their hashes."""

    de: date | None = None
    ate: date | None = None
    status_confirmacao: Sequence[StatusConfirmacao] = ()
    situacao_agenda: Sequence[SituacaoAgenda] = ()
    unidade: str | None = None
    especialidade: str | None = None
    medico: str | None = None
    telefone: str | None = None
    nome: str | None = None
    atencao: bool | None = None
    atencao_motivo: str | None = None
    sem_celular: bool | None = None
    origem: str | None = None
    nr_seq_agenda: str | None = None


@dataclass(frozen=True, slots=True)
class Alvo:
    """What of a locked appointment decides whether reception may change it."""

    id: int
    status: StatusConfirmacao
    situacao: SituacaoAgenda
    data_consulta: datetime
    versao: int
    atencao: str | None
    observacoes: str | None


class ConsultaRepository(TenantRepository):
    """Reads appointments with their patient, unit and messages; writes reception's notes."""

    async def get(self, atendimento_id: int) -> RowMapping | None:
        query = records().where(Atendimento.tenant_id == self._tenant_id, Atendimento.id == atendimento_id)
        found: RowMapping | None = (await self._session.execute(query)).mappings().one_or_none()
        return found

    async def find_id(self, origem: str, nr_seq_agenda: str) -> int | None:
        query = select(Atendimento.id).where(
            Atendimento.tenant_id == self._tenant_id,
            Atendimento.origem == origem,
            Atendimento.nr_seq_agenda == nr_seq_agenda,
        )
        found: int | None = (await self._session.execute(query)).scalar_one_or_none()
        return found

    async def page(self, filtros: Filtros, *, after: Cursor | None = None, limit: int) -> Sequence[RowMapping]:
        """Return up to `limit` records in the order of their visits."""
        query = records().where(Atendimento.tenant_id == self._tenant_id, *self._conditions(filtros))
        if after is not None:
            place = tuple_(Atendimento.data_consulta, Atendimento.id)
            query = query.where(place > tuple_(after.data_consulta, after.id))
        query = query.order_by(Atendimento.data_consulta, Atendimento.id).limit(limit)
        found: Sequence[RowMapping] = (await self._session.execute(query)).mappings().all()
        return found

    async def history(self, atendimento_id: int) -> Sequence[Historico]:
        """Return the facts of one appointment, oldest first; of a very long story its end."""
        query = (
            select(Historico)
            .where(Historico.tenant_id == self._tenant_id, Historico.atendimento_id == atendimento_id)
            .order_by(Historico.em.desc(), Historico.id.desc())
            .limit(_MOST_LINES)
        )
        return (await self._session.scalars(query)).all()[::-1]

    async def messages(self, atendimento_id: int) -> Sequence[tuple[Mensagem, MensagemAtendimento]]:
        """Return the messages about one appointment in the order of their time."""
        query = (
            select(Mensagem, MensagemAtendimento)
            .join(MensagemAtendimento, _same_message())
            .where(
                MensagemAtendimento.tenant_id == self._tenant_id, MensagemAtendimento.atendimento_id == atendimento_id
            )
            .order_by(Mensagem.quando, Mensagem.id)
            .limit(_MOST_LINES)
        )
        return [(row[0], row[1]) for row in await self._session.execute(query)]

    async def lock(self, atendimento_id: int) -> Alvo | None:
        """Return one appointment's state and keep others from changing it until the transaction ends."""
        query = (
            select(
                Atendimento.id,
                Atendimento.status_confirmacao,
                Atendimento.situacao_agenda,
                Atendimento.data_consulta,
                Atendimento.versao,
                Atendimento.atencao,
                Atendimento.observacoes,
            )
            .where(Atendimento.tenant_id == self._tenant_id, Atendimento.id == atendimento_id)
            .with_for_update()
        )
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            return None
        status, situacao = StatusConfirmacao(row.status_confirmacao), SituacaoAgenda(row.situacao_agenda)
        return Alvo(row.id, status, situacao, row.data_consulta, row.versao, row.atencao, row.observacoes)

    async def write(self, atendimento_id: int, valores: dict[str, Any], *, now: datetime) -> None:
        """Write columns of one locked appointment; its version grows."""
        await self._session.execute(
            update(Atendimento)
            .where(Atendimento.tenant_id == self._tenant_id, Atendimento.id == atendimento_id)
            .values(**valores, versao=Atendimento.versao + 1, atualizado_em=now)
            .execution_options(synchronize_session=False)
        )

    def _conditions(self, filtros: Filtros) -> list[ColumnElement[bool]]:
        found = [
            *_of_days(filtros),
            *_of_state(filtros),
            *_of_place(filtros),
        ]
        if filtros.telefone:
            found.append(self._of_phone(filtros.telefone))
        if filtros.nome:
            words = cast(self.finder.words(filtros.nome), ARRAY(LargeBinary))
            found.append(Paciente.palavras.op("@>")(words))
        return found

    def _of_phone(self, telefone: str) -> ColumnElement[bool]:
        digits = "".join(filter(str.isdigit, telefone))
        if len(digits) <= _FINAL:
            same = Contato.final4_hash == self.finder.of("final4", digits)
        else:
            same = Contato.chave_hash == self.finder.of("chave", chave_telefone(telefone))
        of_patient = (
            select(PacienteContato.paciente_id)
            .join(Contato, same_hospital(PacienteContato.tenant_id, PacienteContato.contato_id, Contato))
            .where(PacienteContato.tenant_id == self._tenant_id, same)
        )
        of_visit = select(Contato.id).where(Contato.tenant_id == self._tenant_id, same)
        return or_(Atendimento.contato_id.in_(of_visit), Atendimento.paciente_id.in_(of_patient))


def _of_days(filtros: Filtros) -> list[ColumnElement[bool]]:
    """Compare the unit's local day; the instant, a day wider for the zones, is what the index knows."""
    found: list[ColumnElement[bool]] = []
    if filtros.de is not None:
        found += [Atendimento.dia >= filtros.de, Atendimento.data_consulta >= midnight(filtros.de, days=-1)]
    if filtros.ate is not None:
        found += [Atendimento.dia <= filtros.ate, Atendimento.data_consulta < midnight(filtros.ate, days=2)]
    return found


def midnight(day: date, *, days: int) -> datetime:
    """Return an instant near the beginning of a day in any zone: `days` apart from its midnight in UTC."""
    return datetime.combine(day, time(), UTC) + timedelta(days=days)


def _of_state(filtros: Filtros) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filtros.status_confirmacao:
        found.append(Atendimento.status_confirmacao.in_(filtros.status_confirmacao))
    if filtros.situacao_agenda:
        found.append(Atendimento.situacao_agenda.in_(filtros.situacao_agenda))
    if filtros.atencao is not None:
        found.append(Atendimento.atencao.is_not(None) if filtros.atencao else Atendimento.atencao.is_(None))
    if filtros.atencao_motivo:
        found.append(Atendimento.atencao == filtros.atencao_motivo)
    if filtros.sem_celular is not None:
        found.append(Atendimento.contato_id.is_(None) if filtros.sem_celular else Atendimento.contato_id.is_not(None))
    return found


def _of_place(filtros: Filtros) -> list[ColumnElement[bool]]:
    exact = ((Atendimento.origem, filtros.origem), (Atendimento.nr_seq_agenda, filtros.nr_seq_agenda))
    folded = (
        (Unidade.nome, filtros.unidade),
        (Atendimento.especialidade, filtros.especialidade),
        (Atendimento.nome_medico, filtros.medico),
    )
    return [
        *(column == value for column, value in exact if value is not None),
        *(func.lower(column) == func.lower(value) for column, value in folded if value is not None),
    ]


def same_hospital(tenant_id: Any, number: Any, other: type[Contato | Unidade | Paciente]) -> ColumnElement[bool]:
    return and_(other.tenant_id == tenant_id, other.id == number)


def _same_message() -> ColumnElement[bool]:
    return and_(
        MensagemAtendimento.tenant_id == Mensagem.tenant_id,
        MensagemAtendimento.mensagem_id == Mensagem.id,
        MensagemAtendimento.dia == Mensagem.dia,
    )


def _sent_of(passo: str) -> ColumnElement[Any]:
    return func.max(Mensagem.enviada_em).filter(MensagemAtendimento.passo == passo).label(f"{passo}_enviado_em")


def _messages_of_visit() -> LateralFromClause:
    """Return what an appointment's JSON tells of its messages: those about its present time."""
    return (
        select(
            func.min(Mensagem.enviada_em).label("primeira_em"),
            _sent_of("lembrete_48h"),
            _sent_of("lembrete_12h"),
            func.coalesce(func.sum(Mensagem.tentativas).filter(Mensagem.tipo.in_(PEDEM_RESPOSTA)), 0).label(
                "tentativas"
            ),
        )
        .select_from(MensagemAtendimento)
        .join(Mensagem, _same_message())
        .where(
            MensagemAtendimento.tenant_id == Atendimento.tenant_id,
            MensagemAtendimento.atendimento_id == Atendimento.id,
            MensagemAtendimento.horario_versao == Atendimento.horario_versao,
        )
        .correlate(Atendimento)
        .lateral("envios")
    )


def _subscriber() -> ColumnElement[Any]:
    """Return the gateway's name of the contact, on the channel the hospital prefers."""
    return (
        select(ContatoCanal.externo_id)
        .join(Canal, and_(Canal.tenant_id == ContatoCanal.tenant_id, Canal.id == ContatoCanal.canal_id))
        .where(ContatoCanal.tenant_id == Atendimento.tenant_id, ContatoCanal.contato_id == Atendimento.contato_id)
        .order_by(Canal.ativo.desc(), Canal.prioridade, Canal.id)
        .limit(1)
        .correlate(Atendimento)
        .scalar_subquery()
        .label("subscriber_id")
    )


_OWN_COLUMNS: Final = (
    "id", "nr_seq_agenda", "origem", "telefone_2", "telefone_motivo", "email", "nome_medico", "especialidade", "tipo",
    "convenio", "sala", "data_consulta", "dia", "duracao_min", "chegar_antes_min", "preparo", "observacoes",
    "status_confirmacao", "situacao_agenda", "resposta_paciente", "interpretacao_resposta", "preferencia",
    "respondido_em", "atencao", "atencao_em", "horario_versao", "horario_em", "planejar_em", "corte_em", "versao",
    "criado_em", "atualizado_em",
    "contato_id", "unidade_id",
)  # fmt: skip


def records() -> Select[Any]:
    """Return the unified record of every visit, with its patient, unit and messages: add your conditions."""
    envios = _messages_of_visit()
    own = [getattr(Atendimento, name) for name in _OWN_COLUMNS]
    return (
        select(
            *own,
            Atendimento.telefone.label("telefone_escrito"),
            Contato.telefone.label("telefone_contato"),
            Contato.optout_em,
            Paciente.id_paciente,
            Paciente.nome.label("nome_paciente"),
            Paciente.data_nascimento,
            Paciente.responsavel,
            Paciente.falecido_em,
            PacienteContato.numero_errado_em,
            Unidade.nome.label("unidade"),
            Unidade.zona,
            _subscriber(),
            func.coalesce(envios.c.primeira_em, Atendimento.enviado_em).label("enviado_em"),
            envios.c.lembrete_48h_enviado_em,
            envios.c.lembrete_12h_enviado_em,
            envios.c.tentativas,
        )
        .select_from(Atendimento)
        .join(Paciente, same_hospital(Atendimento.tenant_id, Atendimento.paciente_id, Paciente))
        .outerjoin(Contato, same_hospital(Atendimento.tenant_id, Atendimento.contato_id, Contato))
        .outerjoin(Unidade, same_hospital(Atendimento.tenant_id, Atendimento.unidade_id, Unidade))
        .outerjoin(
            PacienteContato,
            and_(
                PacienteContato.tenant_id == Atendimento.tenant_id,
                PacienteContato.paciente_id == Atendimento.paciente_id,
                PacienteContato.contato_id == Atendimento.contato_id,
            ),
        )
        .join(envios, true())
    )
