"""How a message leaves: start, send, record. A chunk may run twice; a message may not."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from loguru import logger
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Database, is_away
from app.domain.backoff import retry_delay
from app.domain.caminho import UltimosRecursos
from app.domain.confirmacao import EstadoMensagem
from app.domain.entrega import Falha
from app.domain.ritmo import Ritmo
from app.domain.saude import fall, judge
from app.observability import Metrics
from app.providers.base import (
    Ambiguous,
    Misconfigured,
    OutboundMessage,
    ProviderError,
    Receipt,
    Throttled,
    Unavailable,
    WhatsAppProvider,
)
from app.repositories.base import FatoHistorico, HistoricoRepository
from app.repositories.canais import CanalRepository
from app.repositories.efeitos import EfeitoRepository
from app.repositories.hospital import HospitalRepository
from app.repositories.paradas import ParadaRepository
from app.repositories.saida import Resultado, SaidaRepository
from app.services.consequencia import NAO_ENTREGUE, PEDIU_PARA_PARAR, Consequencia, follow
from app.services.liberacao_service import ChunkJob
from app.services.paradas import ParadaService
from app.workers.chunk import QUEM, ChunkStart, Started
from app.workers.disjuntor import Contagem, Disjuntor, failed

_RECORD_TRIES: Final = 8  # with back-off about a minute: a restarting database must not make sent messages uncertain
_AWAY: Final = "gateway_fora"
_PAUSE_MISCONFIGURED: Final = timedelta(minutes=5)
_SHORTEST_PAUSE_S: Final = 1.0  # some say "too fast" and "again in 0 seconds" in one breath
_BUSY: Final = (EstadoMensagem.EM_ENVIO, EstadoMensagem.INCERTA)
_SOON_S: Final = 0.002  # not worth waiting for
_LONGEST_WAIT_S: Final = 2.0
_LONGEST_ID: Final = 200

Clock = Callable[[], datetime]
Gateways = Callable[[int, int], Awaitable["Gateway | None"]]
"""(hospital, channel) → the gateway of that channel, or None when it is gone."""
Outcome = tuple[OutboundMessage, Receipt | ProviderError]


@dataclass(frozen=True, slots=True)
class Gateway:
    """One channel ready to send; `por_minuto` is its rate, None without one."""

    provider: WhatsAppProvider
    por_minuto: int | None
    ultimos: UltimosRecursos = field(default_factory=UltimosRecursos)
    """The hospital's channels for those whom WhatsApp does not reach."""


@dataclass(slots=True)
class _Sending:
    """A chunk while the gateway has it."""

    provider: WhatsAppProvider
    fuse: Disjuntor
    contagem: Contagem = field(default_factory=Contagem)

    def note(self, *, failure: bool) -> None:
        self.fuse.note(failure=failure)
        self.contagem.note(failure=failure)


class Outbox:
    """Sends chunks. It holds no connection while a gateway answers."""

    def __init__(
        self,
        database: Database,
        gateways: Gateways,
        clock: Clock,
        *,
        concurrency: int = 100,
        only_to: frozenset[str] | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        """`concurrency` bounds the messages in flight here; `only_to` (E.164) is staging's list, None allows all."""
        self._metrics = metrics or Metrics()
        self._database = database
        self._gateways = gateways
        self._clock = clock
        self._slots = asyncio.Semaphore(concurrency)
        self._only_to = only_to
        self._fuses: defaultdict[tuple[int, int], Disjuntor] = defaultdict(Disjuntor)

    async def send_chunk(self, job: ChunkJob) -> Sequence[Outcome]:
        """Send what is still wanted of one chunk; return what the gateway said of each message handed over."""
        gateway = await self._gateways(job.tenant, job.canal)
        if gateway is None:
            logger.bind(tenant=job.tenant, canal=job.canal).warning("outbox.channel_gone")
            await self._give_back(job, "canal_desligado")
            return []
        fuse = self._fuses[job.tenant, job.canal]
        if job.prova:
            if not await self._answers(job, gateway):
                return []
            fuse.close()
        if fuse.aberto:
            await self._give_back(job, _AWAY)
            return []
        began = monotonic()
        started = await self._start(job, gateway)
        sending = _Sending(gateway.provider, fuse)
        sent = await self._hand_over(sending, started.outbound, job)
        outcomes = list(zip(started.outbound, sent, strict=True))
        if outcomes:
            await self._record(job, gateway, _Sent(started, outcomes, sending.contagem, caiu=fuse.aberto))
            self._metrics.chunk_took(gateway.provider.name, monotonic() - began)
        return outcomes

    async def _answers(self, job: ChunkJob, gateway: Gateway) -> bool:
        """Ask a gateway that fell whether it is back, before more messages become uncertain."""
        health = await gateway.provider.check()
        now = self._clock()
        async with self._database.session_scope(job.tenant) as session:
            canais = CanalRepository(session, job.tenant)
            if not health.ok:
                await _return_all(SaidaRepository(session, job.tenant), job, _AWAY, now)
                saude = await canais.lock_health(job.canal)
                await canais.set_health(job.canal, saude if saude.is_sick(now) else fall(saude, now))
            if gateway.por_minuto:
                await canais.refund(job.canal, -1, teto=Ritmo(gateway.por_minuto).teto)  # a request like any other
        return health.ok

    async def _give_back(self, job: ChunkJob, motivo: str) -> None:
        async with self._database.session_scope(job.tenant) as session:
            await _return_all(SaidaRepository(session, job.tenant), job, motivo, self._clock())

    async def _start(self, job: ChunkJob, gateway: Gateway) -> Started:
        """Look a last time, render, and commit `em_envio` before anything is handed over.

        A channel that was paused or fell since the release gives back what waits for it.
        """
        now = self._clock()
        async with self._database.session_scope(job.tenant) as session:
            saida = SaidaRepository(session, job.tenant)
            may_send, _ = await CanalRepository(session, job.tenant).may_send(job.canal, now)
            if not may_send:
                await _return_all(saida, job, "canal_parado", now)
                return Started()
            hospital = await HospitalRepository(session, job.tenant).load()
            can = gateway.provider.capabilities
            chunk = ChunkStart(job, now, hospital, saida, can=can, ultimos=gateway.ultimos, only_to=self._only_to)
            await chunk.prepare()
            efeitos = EfeitoRepository(session, job.tenant)
            await efeitos.wake(chunk.waking, now=now)
            await efeitos.set_attention(chunk.unsaid, NAO_ENTREGUE, now=now, over=False)
            await HistoricoRepository(session, job.tenant).add(chunk.fatos)
            return chunk.started

    async def _hand_over(
        self, sending: _Sending, messages: Sequence[OutboundMessage], job: ChunkJob
    ) -> list[Receipt | ProviderError]:
        """Send all, spaced out where the channel's rate asks for it; nothing waits once the gateway is gone."""
        loop = asyncio.get_running_loop()
        ahead = min(max(job.inicio - self._clock().timestamp(), 0.0), _LONGEST_WAIT_S)
        begin = loop.time() + ahead
        under_way = []
        for position, message in enumerate(messages):
            wait = begin + position / job.por_s - loop.time() if job.por_s else 0.0
            if wait > _SOON_S and not sending.fuse.aberto:
                await asyncio.sleep(wait)
            under_way.append(asyncio.create_task(self._try_send(sending, message)))
        return await asyncio.gather(*under_way)

    async def _try_send(self, sending: _Sending, message: OutboundMessage) -> Receipt | ProviderError:
        """Send one message; one message's bug must not lose what became of its neighbours."""
        async with self._slots:
            if sending.fuse.aberto:
                return Unavailable(_AWAY)
            began = monotonic()
            outcome: Receipt | ProviderError
            try:
                outcome = _tidy(await sending.provider.send(message))
            except ProviderError as error:
                outcome = error
            except Exception as error:  # noqa: BLE001  an unknown failure may have reached the patient: never repeated blindly
                logger.bind(mensagem=message.key, error=type(error).__name__).error("outbox.send_failed")
                outcome = Ambiguous(type(error).__name__)
            sending.note(failure=failed(outcome, monotonic() - began))
            return outcome

    async def _record(self, job: ChunkJob, gateway: Gateway, sent: "_Sent") -> None:
        """Write down what happened, as often as it takes: until then the messages count as in the air."""
        for attempt in range(1, _RECORD_TRIES):
            try:
                await self._record_once(job, gateway, sent)
            except Exception as error:  # noqa: BLE001  what one message spoils must not lose its neighbours
                if not is_away(error):
                    await self._record_apart(job, gateway, sent, error)
                    return
                log = logger.bind(messages=len(sent.outcomes), attempt=attempt, error=type(error).__name__)
                log.warning("outbox.record_retry")
                await asyncio.sleep(retry_delay(attempt, 0.5).total_seconds())
            else:
                return
        raise ConnectionError("the database did not come back in time to record a chunk")

    async def _record_apart(self, job: ChunkJob, gateway: Gateway, sent: "_Sent", error: Exception) -> None:
        """Record messages one by one, so that what spoils one does not lose what became of its neighbours."""
        log = logger.bind(tenant=job.tenant, canal=job.canal, error=type(error).__name__)
        log.opt(exception=error).error("outbox.record_failed")
        if len(sent.outcomes) == 1:
            return  # it stays in the air, and becomes uncertain
        for outcome in sent.outcomes:
            await self._record(job, gateway, replace(sent, outcomes=[outcome], contagem=Contagem()))

    async def _record_once(self, job: ChunkJob, gateway: Gateway, sent: "_Sent") -> None:
        now = self._clock()
        async with self._database.session_scope(job.tenant) as session:
            recorder = _Recorder(session, job, gateway, now)
            following = sent.follow(caiu=await recorder.falls(sent), now=now)
            await recorder.write(sent, following)
        states = Counter(consequencia.resultado.estado for consequencia in following)
        for estado, count in states.items():
            self._metrics.message(gateway.provider.name, estado, count)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A chunk after the gateway answered."""

    started: Started
    outcomes: Sequence[Outcome]
    contagem: Contagem
    caiu: bool

    def follow(self, *, caiu: bool, now: datetime) -> list[Consequencia]:
        return [
            follow(self.started.no_ar[message.key].enviada, outcome, caiu=caiu, now=now)
            for message, outcome in self.outcomes
        ]

    def visits(self, following: Sequence[Consequencia]) -> list[tuple[Consequencia, int]]:
        visits = {each.enviada.mensagem_id: each.visitas for each in self.started.no_ar.values()}
        return [(each, visita) for each in following for visita in visits[each.resultado.mensagem_id]]

    def contacts(self, following: Sequence[Consequencia], falha: Falha) -> list[int]:
        contacts = {each.enviada.mensagem_id: each.enviada.contato_id for each in self.started.no_ar.values()}
        return sorted({contacts[each.resultado.mensagem_id] for each in following if each.falha is falha})


class _Recorder:
    """The second transaction of a chunk; it locks in the order of docs/arquitetura.md."""

    def __init__(self, session: AsyncSession, job: ChunkJob, gateway: Gateway, now: datetime) -> None:
        self._saida = SaidaRepository(session, job.tenant)
        self._canais = CanalRepository(session, job.tenant)
        self._paradas = ParadaRepository(session, job.tenant)
        self._stops = ParadaService(session, job.tenant)
        self._efeitos = EfeitoRepository(session, job.tenant)
        self._historico = HistoricoRepository(session, job.tenant)
        self._job, self._gateway, self._now = job, gateway, now

    async def falls(self, sent: _Sent) -> bool:
        """Tell whether the channel is given up for now, or about to be: nothing of the chunk found a gateway."""
        contagem = sent.contagem
        if sent.caiu or not contagem.erros:
            return sent.caiu
        if not contagem.acertos:
            return True  # tried again at once, it is asked whether it lives; if not, the next channel takes over
        _, saude = await self._canais.may_send(self._job.canal, self._now)
        return judge(saude, acertos=contagem.acertos, erros=contagem.erros, now=self._now).is_sick(self._now)

    async def write(self, sent: _Sent, following: Sequence[Consequencia]) -> None:
        """Write the results of those messages that nobody else moved meanwhile (a receipt may have been faster)."""
        now = self._now
        if self._job.canal not in self._gateway.ultimos.canais:  # a landline of SMS may well have a WhatsApp
            await self._paradas.flag_without_whatsapp(sent.contacts(following, Falha.NUMERO), now)
        refused = await self._stops.refused(sent.contacts(following, Falha.PAROU), now)
        urgent = [each.resultado.mensagem_id for each in following if each.atencao]
        await self._saida.lock_visits(urgent, visitas=refused)
        results = [each.resultado for each in following]
        changed = await self._saida.record(self._job.lote, results, now=now, atuais=_BUSY)
        kept = [each for each in following if each.resultado.mensagem_id in changed]
        await self._historico.add([_line(each, visita, now) for each, visita in sent.visits(kept)])
        await self._call_people(sent, kept)
        told = {visita for each, visita in sent.visits(kept) if each.falha is Falha.PAROU}
        await self._stops.silence(refused, PEDIU_PARA_PARAR, now, told=told)
        await self._learn(sent)
        await self._account(sent)

    async def _call_people(self, sent: _Sent, kept: Sequence[Consequencia]) -> None:
        """Show reception the visits whose message reached nobody; a number refused for good is asked no more."""
        for atencao in sorted({each.atencao for each in kept if each.atencao}):
            visits = [visita for each, visita in sent.visits(kept) if each.atencao == atencao]
            await self._efeitos.set_attention(visits, atencao, now=self._now, over=atencao != NAO_ENTREGUE)
        await self._efeitos.stop([visita for each, visita in sent.visits(kept) if each.atencao and each.sem_numero])

    async def _learn(self, sent: _Sent) -> None:
        no_ar = sent.started.no_ar
        learnt = {
            no_ar[message.key].enviada.contato_id: outcome.subscriber_id
            for message, outcome in sent.outcomes
            if outcome.subscriber_id and outcome.subscriber_id != no_ar[message.key].externo_id
        }
        await self._saida.learn_subscribers(self._job.canal, learnt)

    async def _account(self, sent: _Sent) -> None:
        """Give back what was not spent, judge the channel's health, and slow it where it asks for that."""
        canal = self._job.canal
        saude = await self._canais.lock_health(canal)
        counted = sent.contagem
        judged = judge(saude, acertos=counted.acertos, erros=counted.erros, now=self._now, caiu=sent.caiu)
        if judged != saude:
            await self._canais.set_health(canal, judged)
        if judged.is_sick(self._now):
            logger.bind(tenant=self._job.tenant, canal=canal, quedas=judged.quedas).error("outbox.channel_sick")
        if self._gateway.por_minuto:
            no_ar = sent.started.no_ar
            spared = sum(no_ar[message.key].custo - outcome.requests for message, outcome in sent.outcomes)
            await self._canais.refund(canal, spared, teto=Ritmo(self._gateway.por_minuto).teto)
        await self._pause(sent.outcomes)

    async def _pause(self, outcomes: Sequence[Outcome]) -> None:
        """Slow the channel that asked for it; the others go on."""
        waits = [outcome.retry_after for _, outcome in outcomes if isinstance(outcome, Throttled)]
        if waits:
            ate = self._now + timedelta(seconds=max(*waits, _SHORTEST_PAUSE_S))
            await self._canais.pause(self._job.canal, ate, "limite_do_gateway")
        wrong = next((outcome for _, outcome in outcomes if isinstance(outcome, Misconfigured)), None)
        if wrong is not None:
            logger.bind(canal=self._job.canal, reason=wrong.reason).error("outbox.channel_misconfigured")
            await self._canais.pause(self._job.canal, self._now + _PAUSE_MISCONFIGURED, f"configuracao: {wrong.reason}")


def _tidy(receipt: Receipt) -> Receipt:
    """Return the receipt without ids that no gateway of ours gives: longer than an index holds, or unprintable."""
    kept = [
        ident if ident is None or (len(ident) <= _LONGEST_ID and ident.isprintable()) else None
        for ident in (receipt.message_id, receipt.subscriber_id)
    ]
    return replace(receipt, message_id=kept[0], subscriber_id=kept[1])


async def _return_all(saida: SaidaRepository, job: ChunkJob, motivo: str, now: datetime) -> None:
    """Let what waits for this channel wait for any."""
    waiting = [Resultado(mensagem_id=ident, estado=EstadoMensagem.AGENDADA, motivo=motivo) for ident in job.ids]
    await saida.record(job.lote, waiting, now=now, atuais=(EstadoMensagem.NA_FILA,))


def _line(each: Consequencia, visita: int, now: datetime) -> FatoHistorico:
    return FatoHistorico(
        atendimento_id=visita,
        em=now,
        fato=f"mensagem_{each.resultado.estado}",
        quem=QUEM,
        porque=each.resultado.motivo,
        mensagem_id=each.resultado.mensagem_id,
    )
