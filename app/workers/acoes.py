"""What an operator does by hand at the gateway: a whole send of one visit now, a flow, the list of campaigns."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from app.database import Database
from app.domain.confirmacao import (
    EstadoMensagem,
    Fato,
    SituacaoAgenda,
    StatusConfirmacao,
    TipoMensagem,
    decide,
    pode_perguntar,
)
from app.models import Atendimento, Contato
from app.providers.base import GatewayHealth, Misconfigured, Receipt, StepResult
from app.providers.botconversa import BotconversaProvider, Named
from app.repositories.hospital import HospitalRepository
from app.repositories.liberacao import LiberacaoRepository
from app.repositories.planejamento import MensagemNova, PlanejamentoRepository, key_of
from app.repositories.saida import Resultado, SaidaRepository
from app.services.atendimento_service import AtendimentoInexistente, RegraRecusou
from app.services.botconversa_service import BotconversaService
from app.services.liberacao_service import ChunkJob
from app.workers.canais import Canais, CanalPronto
from app.workers.outbox import Outbox

_PASSO: Final = "manual"
_VALE: Final = timedelta(minutes=10)
_PARADO: Final = "pedido_sem_canal"
_ESPERANDO: Final = (EstadoMensagem.AGENDADA, EstadoMensagem.NA_FILA)


@dataclass(frozen=True, slots=True)
class Workflow:
    """What one send did, step by step; `ok` is false when it ended in a failure."""

    subscriber_id: str | None
    message_id: str | None
    steps: Sequence[StepResult]
    ok: bool = True


class GatewayActions:
    """The first Botconversa channel of one hospital, in an operator's hand."""

    def __init__(
        self,
        database: Database,
        canais: Canais,
        outbox: Outbox,
        *,
        tenant_id: int,
        clock: Callable[[], datetime],
    ) -> None:
        """Take what sends."""
        self._database, self._canais, self._outbox = database, canais, outbox
        self._tenant_id, self._clock = tenant_id, clock

    async def workflow(self, atendimento_id: int, now: datetime) -> Workflow:
        """Ask about one visit now: find or create the contact, fields, tag and campaign, message or flow.

        Raises AtendimentoInexistente, or RegraRecusou when the rules forbid asking. The message is an ordinary row of
        the outbox: it has a history, and an answer to it finds its visit.
        """
        pronto = await self._channel()
        job = await self._plan(atendimento_id, pronto, now)
        outcomes = await self._outbox.send_chunk(job)
        if not outcomes:
            raise await self._give_up(job, now)
        _, outcome = outcomes[0]
        if isinstance(outcome, Receipt):
            return Workflow(outcome.subscriber_id, outcome.message_id, outcome.steps)
        failed = any(not step.ok for step in outcome.steps)
        last = () if failed else (StepResult("envio", ok=False, ms=0.0, detail=outcome.reason),)
        return Workflow(outcome.subscriber_id, None, (*outcome.steps, *last), ok=False)

    async def send_flow(self, subscriber_id: str, flow: str) -> object:
        """Start a flow, given by id or by name, for a contact of the gateway."""
        service = await self._service()
        if flow.isascii() and flow.isdigit():
            return await service.send_flow(subscriber_id, flow_id=int(flow))
        return await service.send_flow(subscriber_id, flow_name=flow)

    async def list_campaigns(self) -> Sequence[Named]:
        return await (await self._service()).list_campaigns()

    async def check(self) -> GatewayHealth:
        """Tell whether every account in use answers; of several, which do not. One that is paused is not asked."""
        async with self._database.session_scope(self._tenant_id) as session:
            rows = await HospitalRepository(session, self._tenant_id).canais()
        in_use = {row.id for row in rows if row.pausado_ate is None or row.pausado_ate <= self._clock()}
        channels = sorted((await self._canais.all()).items())
        ours = [pronto for (tenant, canal), pronto in channels if tenant == self._tenant_id and canal in in_use]
        if not ours:
            return GatewayHealth(ok=False, detail="Nenhum canal está em uso.", ms=0.0)
        found = await asyncio.gather(*(pronto.provider.check() for pronto in ours))
        if len(found) == 1:
            return found[0]
        wrong = [f"{pronto.nome}: {health.detail}" for pronto, health in zip(ours, found, strict=True) if not health.ok]
        detail = "; ".join(wrong) or f"os {len(found)} canais respondem"
        return GatewayHealth(ok=not wrong, detail=detail, ms=max(health.ms for health in found))

    async def service(self) -> BotconversaService:
        """Return every operation of the account."""
        return await self._service()

    async def _channel(self) -> CanalPronto:
        for (tenant_id, _), pronto in sorted((await self._canais.all()).items()):
            if tenant_id == self._tenant_id and pronto.ativo and isinstance(pronto.provider, BotconversaProvider):
                return pronto
        raise Misconfigured("Nenhum canal da Botconversa está configurado.")

    async def _service(self) -> BotconversaService:
        provider = (await self._channel()).provider
        if not isinstance(provider, BotconversaProvider):  # _channel chose it for that
            raise Misconfigured("O canal não é da Botconversa.")
        return BotconversaService(provider.client, provider, provider.catalog)

    async def _give_up(self, job: ChunkJob, now: datetime) -> RegraRecusou:
        """Withdraw what could not leave now: the operator will click again, and the patient must get one."""
        given_up = [Resultado(mensagem_id=ident, estado=EstadoMensagem.CANCELADA, motivo=_PARADO) for ident in job.ids]
        async with self._database.session_scope(self._tenant_id) as session:
            saida = SaidaRepository(session, self._tenant_id)
            withdrawn = await saida.record(job.lote, given_up, now=now, atuais=_ESPERANDO)
        if withdrawn:
            return RegraRecusou(_PARADO, "O canal não pode enviar agora, e nada foi enviado. Tente daqui a pouco.")
        return RegraRecusou("nada_a_dizer", "O atendimento mudou enquanto a mensagem era preparada.")

    async def _plan(self, atendimento_id: int, pronto: CanalPronto, now: datetime) -> ChunkJob:
        async with self._database.session_scope(self._tenant_id) as session:
            row = await session.get(Atendimento, atendimento_id, with_for_update=True)
            if row is None:
                raise AtendimentoInexistente(atendimento_id)
            contato_id = _contact_of(row, now)
            optout = await session.scalar(select(Contato.optout_em).where(Contato.id == contato_id))
            if optout is not None:
                raise RegraRecusou("pediu_para_parar", "Este telefone pediu para não receber mensagens.")
            planejamento = PlanejamentoRepository(session, self._tenant_id)
            versions = await planejamento.versions([contato_id], [row.dia])
            mensagem = MensagemNova(
                contato_id=contato_id,
                dia=row.dia,
                tipo=TipoMensagem.MANUAL,  # an operator's own act: no window, no limit of a message a day
                passo=_PASSO,
                modelo="pedido",
                versao=versions.get((contato_id, row.dia, _PASSO), 0) + 1,
                prioridade=0,
                quando=now,
                ate=min(now + _VALE, row.data_consulta),
                itens=[(row.id, "A", _PASSO, row.horario_versao)],
            )
            ids = await planejamento.add([mensagem], now)
            ident = ids[key_of(mensagem)]
            chunk = "00000000-0000-0000-0000-000000000000"  # no job carries it: a crash leaves it to the rescue
            await LiberacaoRepository(session, self._tenant_id).release(
                pronto.canal_id, [(ident, row.dia, 0, chunk)], now=now
            )
        return ChunkJob(self._tenant_id, pronto.canal_id, [ident], row.dia, row.dia)


def _contact_of(row: Atendimento, now: datetime) -> int:
    """Return the visit's phone, or raise RegraRecusou with the rule that forbids asking about it."""
    if not pode_perguntar(SituacaoAgenda(row.situacao_agenda)):
        raise RegraRecusou("situacao_nao_permite", f"A situação na agenda é “{row.situacao_agenda}”.")
    if row.data_consulta <= now:
        raise RegraRecusou("consulta_passada", "O horário do atendimento já passou.")
    if row.contato_id is None:
        raise RegraRecusou("sem_celular", "O atendimento não tem um celular que possa receber mensagens.")
    if decide(StatusConfirmacao(row.status_confirmacao), Fato.PERGUNTA_SAINDO) is None:
        raise RegraRecusou("respondida", f"O paciente já respondeu: {row.status_confirmacao}.")
    return row.contato_id
