"""The first half of sending a chunk: the last look at every message, its text, and `em_envio` written down."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from app import crypto
from app.domain.caminho import UltimosRecursos
from app.domain.confirmacao import (
    EstadoMensagem,
    Fato,
    SituacaoAgenda,
    StatusConfirmacao,
    TipoMensagem,
    decide,
)
from app.domain.saida import PERGUNTAS, MotivoSaida, Saida, VisitaDaMensagem, decide_saida
from app.providers.base import Capabilities, OutboundMessage
from app.repositories.base import FatoHistorico
from app.repositories.hospital import Hospital
from app.repositories.saida import Resultado, SaidaRepository
from app.services.consequencia import Enviada
from app.services.liberacao_service import ChunkJob
from app.workers.composicao import Composer

QUEM: Final = "confirma"


@dataclass(frozen=True, slots=True)
class NoAr:
    """What must be remembered of a message while the gateway has it."""

    enviada: Enviada
    visitas: tuple[int, ...]
    custo: int
    externo_id: str | None


@dataclass(slots=True)
class Started:
    """What left the first transaction: messages to hand over, and what to remember of each, by its key."""

    outbound: list[OutboundMessage] = field(default_factory=list)
    no_ar: dict[str, NoAr] = field(default_factory=dict)


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
        ultimos: UltimosRecursos,
        only_to: frozenset[str] | None = None,
    ) -> None:
        self._job, self._now, self._hospital, self._saida = job, now, hospital, saida
        self._composer = Composer(job, hospital, can, now)
        self._ultimos = ultimos
        self._only_to = only_to
        self.started = Started()
        self.fatos: list[FatoHistorico] = []
        self.waking: list[int] = []
        self.unsaid: list[int] = []
        """Visits of messages that this channel cannot say."""
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
        if self._only_to is not None and _telefone(row, self._job.tenant) not in self._only_to:
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
        composta = self._composer.compose(row, kept)
        if isinstance(composta, str):  # this channel cannot say it: a person may
            self._give_back(row, visits, EstadoMensagem.FALHOU, motivo=composta)
            self.unsaid.extend(by_id)
            return
        message = composta.message
        self._texts.append((row.id, message.text, composta.versao))
        self.started.outbound.append(message)
        enviada = Enviada(
            mensagem_id=row.id,
            contato_id=row.contato_id,
            canal_id=self._job.canal,
            tentativas=row.tentativas,
            sessao=row.sessao,
            outro_meio=self._ultimos.serve(self._job.canal, tem_email=any(visit.email for visit, _ in kept)),
        )
        visitas = tuple(visita.atendimento_id for visita in saida.visitas)
        self.started.no_ar[message.key] = NoAr(enviada, visitas, row.custo, row.externo_id)
        if row.modelo in PERGUNTAS:
            self._mark_asked(row, kept)

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


def _telefone(row: Row[Any], tenant_id: int) -> str:
    return crypto.keyring().decrypt(row.telefone, "contatos.telefone", tenant_id)
