"""The first half of sending a chunk: the last look at every message, its text, and `em_envio` written down."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from loguru import logger
from sqlalchemy import Row

from app import crypto
from app.domain.confirmacao import (
    EstadoMensagem,
    Fato,
    SituacaoAgenda,
    StatusConfirmacao,
    TipoAtendimento,
    TipoMensagem,
    decide,
)
from app.domain.mensagem import VisitaContada, build_contexto, first_name, tell_visita
from app.domain.modelo import ModeloInvalido, render
from app.domain.saida import PERGUNTAS, MotivoSaida, Saida, VisitaDaMensagem, decide_saida
from app.providers.base import Button, Capabilities, OutboundMessage
from app.repositories.base import FatoHistorico
from app.repositories.hospital import Hospital
from app.repositories.saida import Resultado, SaidaRepository
from app.services.botoes import build_botoes
from app.services.liberacao_service import ChunkJob

QUEM: Final = "confirma"
_ESTADO_DITO: Final = {
    StatusConfirmacao.CONFIRMADO: "você vem",
    StatusConfirmacao.CANCELADO: "você não vem",
    StatusConfirmacao.REAGENDAR: "você quer outra data",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Enviada:
    """What must be remembered of a message while the gateway has it."""

    mensagem_id: int
    contato_id: int
    visitas: tuple[int, ...]
    custo: int
    tentativas: int
    externo_id: str | None
    sessao: bool
    """We believed the conversation open."""


@dataclass(slots=True)
class Started:
    """What left the first transaction: messages to hand over, and what to remember of each, by its key."""

    outbound: list[OutboundMessage] = field(default_factory=list)
    enviadas: dict[str, Enviada] = field(default_factory=dict)


class ChunkStart:
    """The first transaction of a chunk."""

    def __init__(
        self,
        job: ChunkJob,
        now: datetime,
        hospital: Hospital,
        saida: SaidaRepository,
        *,
        can: Capabilities,
        only_to: frozenset[str] | None = None,
    ) -> None:
        self._job, self._now, self._hospital, self._saida = job, now, hospital, saida
        self._can = can
        self._only_to = only_to
        self.started = Started()
        self.fatos: list[FatoHistorico] = []
        self.waking: list[int] = []
        self._texts: list[tuple[int, str, int]] = []
        self._back: list[Resultado] = []
        self._asked: dict[int, str] = {}

    async def prepare(self) -> None:
        """Decide about every message of the chunk and write the decisions.

        The visits are locked before anything is read: whoever stops a patient holds them, and is heard here.
        """
        await self._saida.lock_visits(self._job.ids)
        rows = await self._saida.load(self._job.canal, self._job.lote, now=self._now)
        visits: defaultdict[int, list[Row[Any]]] = defaultdict(list)
        for visit in await self._saida.visits([row.id for row in rows]):
            visits[visit.mensagem_id].append(visit)
        for row in rows:
            self._decide(row, sorted(visits[row.id], key=lambda visit: (visit.data_consulta, visit.id)))
        lote = self._job.lote
        await self._saida.record(
            lote, self._back, now=self._now, atuais=(EstadoMensagem.NA_FILA, EstadoMensagem.EM_ENVIO)
        )
        if self._texts:
            await self._saida.start(lote, self._texts, now=self._now)
        prazo = self._hospital.politica.prazo_resposta_minimo
        await self._saida.set_asked(self._asked, now=self._now, prazo=prazo)

    def _decide(self, row: Row[Any], visits: Sequence[Row[Any]]) -> None:
        if row.estado == EstadoMensagem.EM_ENVIO:  # the worker that had it is gone
            self._give_back(row, visits, EstadoMensagem.INCERTA, motivo="trabalhador_perdido")
            return
        if self._only_to is not None and _telefone(row) not in self._only_to:
            self._give_back(row, visits, EstadoMensagem.CANCELADA, motivo="fora_da_lista_de_teste")
            return
        janela = self._hospital.janela_of(visits[0].unidade_id if visits else None)
        saida = decide_saida(
            row.modelo,
            [_visita(visit) for visit in visits],
            tipo=TipoMensagem(row.tipo),
            optout=row.optout_em is not None,
            planned=row.quando,
            ate=row.ate,
            janela=janela,
            now=self._now,
        )
        if saida.motivo is MotivoSaida.FORA_DA_JANELA:
            self._give_back(row, visits, EstadoMensagem.AGENDADA, motivo=saida.motivo, quando=saida.quando)
        elif saida.motivo is MotivoSaida.EXPIROU:
            self._give_back(row, visits, EstadoMensagem.EXPIRADA, motivo=saida.motivo)
        elif saida.motivo is not None:
            self._give_back(row, visits, EstadoMensagem.CANCELADA, motivo=saida.motivo)
        else:
            self._hand_over(row, visits, saida)

    def _hand_over(self, row: Row[Any], visits: Sequence[Row[Any]], saida: Saida) -> None:
        by_id = {visit.id: visit for visit in visits}
        kept = [(by_id[visita.atendimento_id], visita) for visita in saida.visitas]
        modelo = self._hospital.modelos[row.modelo]
        try:
            contexto = self._contexto(kept)
            texto = render(modelo, contexto)
        except ModeloInvalido:
            logger.bind(modelo=modelo.nome, versao=modelo.versao).error("outbox.template_failed")
            self._give_back(row, visits, EstadoMensagem.FALHOU, motivo="modelo_invalido")
            return
        first = kept[0][0] if kept else None
        message = OutboundMessage(
            key=message_key(row.dia, row.id),
            to=_telefone(row),
            first_name=first_name(_nome(first)) if first else "Paciente",
            last_name="-",  # the gateway wants one; what it need not know it is not told
            text=texto,
            subscriber_id=row.externo_id,
            fields=_fields(first, self._hospital, contexto) if first else {},
            session_open=row.sessao,
            buttons=self._buttons(row),
        )
        self._texts.append((row.id, texto, modelo.versao))
        self.started.outbound.append(message)
        self.started.enviadas[message.key] = Enviada(
            mensagem_id=row.id,
            contato_id=row.contato_id,
            visitas=tuple(visita.atendimento_id for visita in saida.visitas),
            custo=row.custo,
            tentativas=row.tentativas,
            externo_id=row.externo_id,
            sessao=row.sessao,
        )
        if row.modelo in PERGUNTAS:
            self._mark_asked(row, kept)

    def _buttons(self, row: Row[Any]) -> tuple[Button, ...]:
        if not self._can.buttons or row.modelo not in PERGUNTAS:
            return ()
        finder = crypto.keyring().finder(self._job.tenant)
        return build_botoes(finder, contato_id=row.contato_id, mensagem_id=row.id)

    def _mark_asked(self, row: Row[Any], kept: Sequence[tuple[Row[Any], VisitaDaMensagem]]) -> None:
        """Record the question as asked before the gateway is called: a fast answer must find it."""
        for visit, visita in kept:
            decisao = decide(visita.status, Fato.PERGUNTA_SAINDO)
            if decisao is None:
                continue
            self._asked[visit.id] = decisao.status
            self.fatos.append(
                FatoHistorico(
                    atendimento_id=visit.id,
                    em=self._now,
                    fato=Fato.PERGUNTA_SAINDO,
                    quem=QUEM,
                    de=visita.status,
                    para=decisao.status,
                    porque=visit.passo,
                    mensagem_id=row.id,
                )
            )

    def _contexto(self, kept: Sequence[tuple[Row[Any], VisitaDaMensagem]]) -> dict[str, Any]:
        told = []
        for visit, visita in kept:
            unidade = self._hospital.unidades.get(visit.unidade_id)
            janela = self._hospital.janela_of(visit.unidade_id)
            counted = VisitaContada(
                letra=visita.letra,
                nome_paciente=_nome(visit),
                tipo=TipoAtendimento(visit.tipo),
                data_consulta=visit.data_consulta,
                especialidade=visit.especialidade,
                nome_medico=visit.nome_medico,
                unidade=unidade.nome if unidade else None,
                endereco=unidade.endereco if unidade else None,
                chegar_antes_min=visit.chegar_antes_min,
                preparo=visit.preparo,
            )
            line = tell_visita(counted, janela=janela, politica=self._hospital.politica, now=self._now)
            told.append(line | {"resposta": _ESTADO_DITO.get(visita.status, "ainda sem resposta")})
        return build_contexto(told, hospital=self._hospital.nome, telefone_hospital=self._hospital.telefone)

    def _give_back(
        self,
        row: Row[Any],
        visits: Sequence[Row[Any]],
        estado: EstadoMensagem,
        *,
        motivo: str,
        quando: datetime | None = None,
    ) -> None:
        self._back.append(Resultado(mensagem_id=row.id, estado=estado, motivo=motivo, quando=quando))
        if estado is EstadoMensagem.EXPIRADA:
            self.waking.extend(visit.id for visit in visits)
        for visit in visits:
            self.fatos.append(
                FatoHistorico(
                    atendimento_id=visit.id,
                    em=self._now,
                    fato=f"mensagem_{estado}",
                    quem=QUEM,
                    porque=motivo,
                    mensagem_id=row.id,
                )
            )


def message_key(dia: date, ident: int) -> str:
    """Return the key a gateway gives back in its receipts: with the day, which leads to the row's partition."""
    return f"{dia:%Y%m%d}-{ident}"


def _visita(visit: Row[Any]) -> VisitaDaMensagem:
    return VisitaDaMensagem(
        atendimento_id=visit.id,
        letra=visit.letra,
        status=StatusConfirmacao(visit.status_confirmacao),
        situacao=SituacaoAgenda(visit.situacao_agenda),
        data_consulta=visit.data_consulta,
        horario_versao=visit.horario_versao,
        perguntada=visit.perguntada,
        calado=visit.calado,
    )


def _telefone(row: Row[Any]) -> str:
    return crypto.keyring().decrypt(row.telefone, "contatos.telefone")


def _nome(visit: Row[Any]) -> str:
    return crypto.keyring().decrypt(visit.nome, "pacientes.nome")


def _fields(visit: Row[Any], hospital: Hospital, contexto: dict[str, Any]) -> dict[str, str]:
    """Return what an account's custom fields may hold: ids, and what the message says anyway."""
    local = hospital.janela_of(visit.unidade_id).local(visit.data_consulta)
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
