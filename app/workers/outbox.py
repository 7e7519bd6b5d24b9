"""How a message leaves: start, send, record. A chunk may run twice; a message may not."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from loguru import logger

from app.database import Database, is_away
from app.domain.backoff import retry_delay
from app.domain.confirmacao import EstadoMensagem
from app.domain.ritmo import Ritmo
from app.observability import Metrics
from app.providers.base import (
    Ambiguous,
    BadNumber,
    Misconfigured,
    OutboundMessage,
    ProviderError,
    Receipt,
    Rejected,
    Throttled,
    Unavailable,
    WhatsAppProvider,
)
from app.repositories.base import FatoHistorico, HistoricoRepository
from app.repositories.efeitos import EfeitoRepository
from app.repositories.hospital import HospitalRepository
from app.repositories.saida import Resultado, SaidaRepository
from app.services.liberacao_service import ChunkJob
from app.workers.chunk import QUEM, ChunkStart, Started

_RECORD_TRIES: Final = 8  # with back-off about a minute: a restarting database must not make sent messages uncertain
_BAD_NUMBER: Final = "numero_recusado"
_RETRY_BASE: Final = timedelta(seconds=30)
_AWAY: Final = "gateway_fora"
_PAUSE_AWAY: Final = timedelta(minutes=1)
_PAUSE_MISCONFIGURED: Final = timedelta(minutes=5)
_BUSY: Final = frozenset({EstadoMensagem.EM_ENVIO, EstadoMensagem.INCERTA})

Clock = Callable[[], datetime]
Gateways = Callable[[int, int], Awaitable["Gateway | None"]]
"""(hospital, channel) → the gateway of that channel, or None when it is gone."""
Outcome = tuple[OutboundMessage, Receipt | ProviderError]


@dataclass(frozen=True, slots=True)
class Gateway:
    """One channel ready to send; `por_minuto` is its rate, None without one."""

    provider: WhatsAppProvider
    por_minuto: int | None


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
        self._failing: set[tuple[int, int]] = set()

    async def send_chunk(self, job: ChunkJob) -> Sequence[Outcome]:
        """Send what is still wanted of one chunk; return what the gateway said of each message handed over."""
        gateway = await self._gateways(job.tenant, job.canal)
        if gateway is None:
            logger.bind(tenant=job.tenant, canal=job.canal).warning("outbox.channel_gone")
            return []
        if (job.tenant, job.canal) in self._failing and not await self._answers(job, gateway):
            return []
        began = monotonic()
        started = await self._start(job)
        sent = await asyncio.gather(*(self._try_send(gateway.provider, message) for message in started.outbound))
        outcomes = list(zip(started.outbound, sent, strict=True))
        results = [self._result_of(started, message, outcome) for message, outcome in outcomes]
        if outcomes:
            self._note_failure(job, sent)
            await self._record(job, gateway, _Sent(started, outcomes, results))
            self._count(gateway.provider.name, results, monotonic() - began)
        return outcomes

    def _count(self, channel: str, results: Sequence[Resultado], seconds: float) -> None:
        self._metrics.chunk_took(channel, seconds)
        for estado, count in Counter(result.estado for result in results).items():
            self._metrics.message(channel, estado, count)

    def _note_failure(self, job: ChunkJob, sent: Sequence[Receipt | ProviderError]) -> None:
        if all(isinstance(outcome, (Unavailable, Ambiguous)) for outcome in sent):
            self._failing.add((job.tenant, job.canal))

    async def _answers(self, job: ChunkJob, gateway: Gateway) -> bool:
        """Ask a gateway that took nothing last time whether it lives, before more messages become uncertain."""
        health = await gateway.provider.check()
        now = self._clock()
        async with self._database.session_scope(job.tenant) as session:
            saida = SaidaRepository(session, job.tenant)
            if not health.ok:
                waiting = [Resultado(mensagem_id=i, estado=EstadoMensagem.AGENDADA, motivo=_AWAY) for i in job.ids]
                await saida.record(job.lote, waiting, now=now, atuais=(EstadoMensagem.NA_FILA,))
                await saida.pause(job.canal, now + _PAUSE_AWAY, _AWAY)
            if gateway.por_minuto:
                await saida.refund(job.canal, -1, teto=Ritmo(gateway.por_minuto).teto)  # the question is a request too
        if health.ok:
            self._failing.discard((job.tenant, job.canal))
        return health.ok

    async def _start(self, job: ChunkJob) -> Started:
        """Look a last time, render, and commit `em_envio` before anything is handed over."""
        now = self._clock()
        async with self._database.session_scope(job.tenant) as session:
            hospital = await HospitalRepository(session, job.tenant).load()
            saida = SaidaRepository(session, job.tenant)
            chunk = ChunkStart(job, now, hospital, saida, only_to=self._only_to)
            await chunk.prepare()
            await EfeitoRepository(session, job.tenant).wake(chunk.waking, now=now)
            await HistoricoRepository(session, job.tenant).add(chunk.fatos)
            return chunk.started

    async def _try_send(self, provider: WhatsAppProvider, message: OutboundMessage) -> Receipt | ProviderError:
        """Send one message; one message's bug must not lose what became of its neighbours."""
        async with self._slots:
            try:
                return await provider.send(message)
            except ProviderError as error:
                return error
            except Exception as error:  # noqa: BLE001  an unknown failure may have reached the patient: never repeated blindly
                logger.bind(mensagem=message.key, error=type(error).__name__).error("outbox.send_failed")
                return Ambiguous(type(error).__name__)

    def _result_of(self, started: Started, message: OutboundMessage, outcome: Receipt | ProviderError) -> Resultado:
        key = int(message.key)
        match outcome:
            case Receipt():
                return Resultado(mensagem_id=key, estado=EstadoMensagem.ENVIADA, provider_id=outcome.message_id)
            case Ambiguous():
                return Resultado(mensagem_id=key, estado=EstadoMensagem.INCERTA, motivo=outcome.reason)
            case BadNumber():
                return Resultado(mensagem_id=key, estado=EstadoMensagem.FALHOU, motivo=_BAD_NUMBER)
            case Rejected():
                return Resultado(mensagem_id=key, estado=EstadoMensagem.FALHOU, motivo=outcome.reason)
            case _:
                quando = self._clock() + _wait(outcome, started.tentativas[message.key], key)
                return Resultado(mensagem_id=key, estado=EstadoMensagem.AGENDADA, motivo=outcome.reason, quando=quando)

    async def _record(self, job: ChunkJob, gateway: Gateway, sent: "_Sent") -> None:
        """Write down what happened, as often as it takes: until then the messages count as in the air."""
        for attempt in range(1, _RECORD_TRIES):
            try:
                await self._record_once(job, gateway, sent)
            except Exception as error:
                if not is_away(error):
                    raise
                log = logger.bind(messages=len(sent.results), attempt=attempt, error=type(error).__name__)
                log.warning("outbox.record_retry")
                await asyncio.sleep(retry_delay(attempt, 0.5).total_seconds())
            else:
                return
        raise ConnectionError("the database did not come back in time to record a chunk")

    async def _record_once(self, job: ChunkJob, gateway: Gateway, sent: "_Sent") -> None:
        now = self._clock()
        async with self._database.session_scope(job.tenant) as session:
            saida = SaidaRepository(session, job.tenant)
            await saida.lock_visits([r.mensagem_id for r in sent.results if r.motivo == _BAD_NUMBER])
            changed = await _Recorder(saida, job, gateway, now).write(sent)
            await HistoricoRepository(session, job.tenant).add(
                [line for result in changed for line in _lines(sent.started, result, now)]
            )
            refused = [v for r in changed if r.motivo == _BAD_NUMBER for v in _visits(sent.started, r)]
            effects = EfeitoRepository(session, job.tenant)
            await effects.set_attention(refused, _BAD_NUMBER, now=now)
            await effects.stop(refused)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A chunk after the gateway answered."""

    started: Started
    outcomes: Sequence[Outcome]
    results: Sequence[Resultado]


class _Recorder:
    """The second transaction of a chunk."""

    def __init__(self, saida: SaidaRepository, job: ChunkJob, gateway: Gateway, now: datetime) -> None:
        self._saida, self._job, self._gateway, self._now = saida, job, gateway, now

    async def write(self, sent: _Sent) -> list[Resultado]:
        """Write the results; return those that changed something (a receipt may have been faster)."""
        started = sent.started
        changed = await self._saida.record(self._job.lote, sent.results, now=self._now, atuais=sorted(_BUSY))
        learnt = {
            started.contatos[message.key]: outcome.subscriber_id
            for message, outcome in sent.outcomes
            if outcome.subscriber_id and outcome.subscriber_id != started.known[message.key]
        }
        await self._saida.learn_subscribers(self._job.canal, learnt)
        if self._gateway.por_minuto:
            spared = sum(started.custos[message.key] - outcome.requests for message, outcome in sent.outcomes)
            await self._saida.refund(self._job.canal, spared, teto=Ritmo(self._gateway.por_minuto).teto)
        await self._pause(sent.outcomes)
        return [result for result in sent.results if result.mensagem_id in changed]

    async def _pause(self, outcomes: Sequence[Outcome]) -> None:
        """Slow the channel that asked for it; the others go on."""
        waits = [outcome.retry_after for _, outcome in outcomes if isinstance(outcome, Throttled)]
        if waits:
            await self._saida.pause(self._job.canal, self._now + timedelta(seconds=max(waits)), "limite_do_gateway")
        wrong = next((outcome for _, outcome in outcomes if isinstance(outcome, Misconfigured)), None)
        if wrong is not None:
            logger.bind(canal=self._job.canal, reason=wrong.reason).error("outbox.channel_misconfigured")
            await self._saida.pause(self._job.canal, self._now + _PAUSE_MISCONFIGURED, f"configuracao: {wrong.reason}")


def _lines(started: Started, result: Resultado, now: datetime) -> list[FatoHistorico]:
    return [
        FatoHistorico(
            atendimento_id=visita,
            em=now,
            fato=f"mensagem_{result.estado}",
            quem=QUEM,
            porque=result.motivo,
            mensagem_id=result.mensagem_id,
        )
        for visita in _visits(started, result)
    ]


def _visits(started: Started, result: Resultado) -> list[int]:
    return started.visitas[str(result.mensagem_id)]


def _wait(error: ProviderError, tentativas: int, key: int) -> timedelta:
    if isinstance(error, Throttled):
        return timedelta(seconds=error.retry_after)
    return retry_delay(tentativas + 1, (key % 97) / 97, base=_RETRY_BASE)
