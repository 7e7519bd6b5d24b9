"""What the simulated WhatsApp knew before it was stopped, read again from what the hospital stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.database import Database
from app.domain.confirmacao import EstadoMensagem
from app.domain.mensagem import first_name
from app.models import Atendimento, Contato, ContatoCanal, Mensagem, Paciente, Recebida
from app.simulator.botconversa import Contact
from app.simulator.telefone.conversas import Conversas

_REACHED: Final = (EstadoMensagem.ENVIADA, EstadoMensagem.ENTREGUE, EstadoMensagem.LIDA, EstadoMensagem.INCERTA)


@dataclass(frozen=True, slots=True)
class _Fala:
    em: datetime
    saida: bool
    texto: str


async def restore(conversas: Conversas, database: Database, tenant_id: int, *, now: datetime) -> int:
    """Bring back contacts and messages, and what simulated patients still had to answer; return how many contacts."""
    async with database.session_scope(tenant_id) as session:
        contacts = (await session.execute(_CONTACTS)).all()
        nomes = {row.contato_id: row.nome for row in (await session.execute(_NAMES)).all()}
        falas: dict[int, list[_Fala]] = {}
        for query, saida in ((_SENT, True), (_RECEIVED, False)):
            for row in (await session.execute(query)).all():
                falas.setdefault(row.contato_id, []).append(_Fala(row.em, saida, row.texto))
    for row in contacts:
        contact = _recreate(conversas, row, first_name(nomes.get(row.id, "Paciente")), now)
        _replay(conversas, contact, sorted(falas.get(row.id, []), key=lambda fala: fala.em), now)
    return len(contacts)


def _recreate(conversas: Conversas, row: Row[int, str, str], nome: str, now: datetime) -> Contact:
    account = conversas.gateway.account
    contact = account.create(row.telefone.lstrip("+"), nome, "-", now=now)
    if str(contact.id) != row.externo_id and row.externo_id.isdigit():
        del account.contacts[contact.id]
        contact.id = int(row.externo_id)
        account.contacts[contact.id] = contact
    return contact


def _replay(conversas: Conversas, contact: Contact, falas: Sequence[_Fala], now: datetime) -> None:
    for position, fala in enumerate(falas):
        direction = "saida" if fala.saida else "entrada"
        conversas.gateway.account.write(contact, direction=direction, kind="text", text=fala.texto, now=fala.em)
        if fala.saida:
            # a question nobody has answered may still get all its answers; of others, what lay in the future
            last = position == len(falas) - 1
            conversas.expect(contact, fala.texto, fala.em, depois_de=None if last else now)


_CONTACTS: Final = (
    select(Contato.id, Contato.telefone, ContatoCanal.externo_id)
    .join(ContatoCanal, (ContatoCanal.tenant_id == Contato.tenant_id) & (ContatoCanal.contato_id == Contato.id))
    .order_by(Contato.id)
)
_NAMES: Final = (
    select(Atendimento.contato_id, Paciente.nome)
    .ext(distinct_on(Atendimento.contato_id))
    .join(Paciente, (Paciente.tenant_id == Atendimento.tenant_id) & (Paciente.id == Atendimento.paciente_id))
    .where(Atendimento.contato_id.is_not(None))
    .order_by(Atendimento.contato_id, Atendimento.data_consulta)
)
_SENT: Final = select(Mensagem.contato_id, Mensagem.iniciada_em.label("em"), Mensagem.texto).where(
    Mensagem.estado.in_(_REACHED), Mensagem.texto.is_not(None), Mensagem.iniciada_em.is_not(None)
)
_RECEIVED: Final = select(Recebida.contato_id, Recebida.recebida_em.label("em"), Recebida.texto).where(
    Recebida.contato_id.is_not(None), Recebida.texto.is_not(None)
)
