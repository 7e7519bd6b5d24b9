"""Puts a message into the shape its channel takes: text, quick replies, approved text, calendar entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from loguru import logger

from app import crypto
from app.domain.mensagem import first_name
from app.domain.modelo import Modelo, ModeloInvalido, modelo_for, render
from app.domain.modelo_aprovado import Impedimento, fill_aprovado
from app.domain.saida import PERGUNTAS, VisitaDaMensagem
from app.providers.base import Button, Capabilities, Compromisso, OutboundMessage, Template
from app.repositories.hospital import Hospital
from app.services.botoes import build_botoes
from app.services.conteudo import build_conteudo
from app.services.liberacao_service import ChunkJob

Contadas = Sequence[tuple[Any, VisitaDaMensagem]]
"""The visits a message tells: rows of the database, and what was decided of each."""
_DURACAO_MIN: Final = 30  # a calendar wants an end; what the hospital did not say is short


@dataclass(frozen=True, slots=True)
class Composta:
    """A message ready to leave, and the version of the template it was made of."""

    message: OutboundMessage
    versao: int


@dataclass(frozen=True, slots=True)
class _Partes:
    """What a message is made of."""

    modelo: Modelo
    texto: str
    contexto: dict[str, Any]
    buttons: tuple[Button, ...]
    template: Template | None


class Composer:
    """Composes the messages of one chunk."""

    def __init__(self, job: ChunkJob, hospital: Hospital, can: Capabilities, now: datetime) -> None:
        self._tenant_id, self._canal_id = job.tenant, job.canal
        self._hospital, self._can, self._now = hospital, can, now
        self._finder = crypto.keyring().finder(job.tenant)

    def compose(self, row: Any, kept: Contadas) -> Composta | str:
        """Return the message, or a stable word for why this channel cannot say it."""
        nome = modelo_for(row.modelo, takes_answers=self._can.takes_answers)
        if nome is None:
            return "canal_sem_conversa"
        modelo = self._hospital.modelos[nome]
        contexto = build_conteudo(self._hospital, kept, self._now) | {"escrito": self._escrito(row)}
        try:
            texto = render(modelo, contexto)
        except ModeloInvalido:
            logger.bind(modelo=modelo.nome, versao=modelo.versao).error("outbox.template_failed")
            return "modelo_invalido"
        buttons = self._buttons(row)
        template = self._template(row, contexto, buttons)
        if isinstance(template, Impedimento):
            return template.value
        return self._composed(row, kept, _Partes(modelo, texto, contexto, buttons, template))

    def _escrito(self, row: Any) -> str | None:
        return crypto.keyring().decrypt(row.escrito, "mensagens.escrito", self._tenant_id) if row.escrito else None

    def _composed(self, row: Any, kept: Contadas, partes: _Partes) -> Composta:
        first = kept[0][0] if kept else None
        message = OutboundMessage(
            key=message_key(row.dia, row.id),
            to=crypto.keyring().decrypt(row.telefone, "contatos.telefone", self._tenant_id),
            first_name=first_name(_nome(first, self._tenant_id)) if first else "Paciente",
            last_name="-",  # the gateway wants one; what it need not know it is not told
            text=partes.texto,
            subscriber_id=row.externo_id,
            fields=self._fields(first, partes.contexto) if first else {},
            session_open=row.sessao,
            buttons=partes.buttons if self._can.buttons else (),
            template=partes.template,
            email=_email(kept, self._tenant_id) if self._can.needs_email else None,
            compromissos=[self._compromisso(visit) for visit, _ in kept] if self._can.needs_email else (),
        )
        return Composta(message, partes.modelo.versao)

    def _buttons(self, row: Any) -> tuple[Button, ...]:
        if row.modelo not in PERGUNTAS:
            return ()
        return build_botoes(self._finder, contato_id=row.contato_id, mensagem_id=row.id)

    def _template(self, row: Any, contexto: dict[str, Any], buttons: Sequence[Button]) -> Template | Impedimento | None:
        """Return the approved text where only that gets through, or why none can carry this message."""
        if not self._can.needs_template or row.sessao:
            return None
        aprovado = self._hospital.aprovados.get((self._canal_id, row.modelo))
        filled = fill_aprovado(aprovado, row.modelo, contexto)
        if isinstance(filled, Impedimento):
            return filled
        payloads = [button.payload for button in buttons[: filled.botoes]]
        return Template(filled.nome, filled.idioma, filled.valores, named=filled.nomeado, payloads=payloads)

    def _fields(self, visit: Any, contexto: dict[str, Any]) -> dict[str, str]:
        """Return what an account's custom fields may hold: ids, and what the message says anyway."""
        local = self._hospital.janela_of(visit.unidade_id).local(visit.data_consulta)
        told = contexto["visita"]
        return {
            "id_tabela": str(visit.id),
            "nr_seq_agenda": visit.nr_seq_agenda,
            "nome": told["nome"],
            "data": f"{local:%d/%m/%Y}",
            "hora": f"{local:%H:%M}",
            "quando": told["quando"],
            "unidade": told["unidade"] or "",
            "especialidade": told["especialidade"] or "",
            "medico": told["medico"] or "",
        }

    def _compromisso(self, visit: Any) -> Compromisso:
        """Return the visit as a family's calendar may show it."""
        unidade = self._hospital.unidades.get(visit.unidade_id)
        return Compromisso(
            uid=f"{self._tenant_id}-{visit.id}@confirma",
            sequence=visit.horario_versao,
            start=visit.data_consulta,
            minutes=visit.duracao_min or _DURACAO_MIN,
            zone=self._hospital.janela_of(visit.unidade_id).zona.key,
            summary=f"Compromisso - {self._hospital.nome}",
            location=(unidade.endereco or unidade.nome) if unidade else None,
        )


def message_key(dia: date, ident: int) -> str:
    """Return the key a gateway gives back in its receipts: with the day, which leads to the row's partition."""
    return f"{dia:%Y%m%d}-{ident}"


def _nome(visit: Any, tenant_id: int) -> str:
    return crypto.keyring().decrypt(visit.nome, "pacientes.nome", tenant_id)


def _email(kept: Contadas, tenant_id: int) -> str | None:
    sealed = next((visit.email for visit, _ in kept if visit.email), None)
    return crypto.keyring().decrypt(sealed, "atendimentos.email", tenant_id) if sealed else None
