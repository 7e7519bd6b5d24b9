"""The socket of a fake gateway: reads a request, lets the gateway's own rules judge it, and fails where told to."""

import asyncio
from abc import ABC, abstractmethod
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

import msgspec
from aiohttp import web

from app.domain.confirmacao import EstadoMensagem
from app.simulator.gateway.avisos import Aviso, Avisos, Receipts
from app.simulator.gateway.faults import BEFORE, Fault, FaultPlan

_HTML: Final = b"<!doctype html><title>Erro</title><h1>Algo deu errado</h1>"
_HTML_TYPE: Final = {"Content-Type": "text/html; charset=utf-8"}
_ARRIVES: Final = (EstadoMensagem.ENVIADA, EstadoMensagem.ENTREGUE, EstadoMensagem.LIDA)


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    """As it was written, without the query."""
    query: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """A message the gateway accepted; what becomes of it is told later."""

    id: str
    phone: str
    """Digits, as they were given."""
    text: str
    key: str | None = None
    """What the sender wants back in the receipts."""
    failure: str | None = None
    """The gateway's code with which it will turn out not to have arrived."""
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int = 200
    body: object = None
    """Encoded as JSON; bytes go as they are, None is an empty body."""
    headers: Mapping[str, str] = field(default_factory=dict)
    taken: Taken | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A request whose sender, address and shape are right; `run` does it."""

    name: str
    """`send` for every kind of message to a patient."""
    phone: str
    """Digits, "" where it concerns nobody."""
    run: Callable[[], Answer]


class FakeGateway(ABC):
    """Start it, point a gateway at `url`, read `log` and `delivered`."""

    content_type: ClassVar[str] = "application/json"

    def __init__(
        self, clock: Callable[[], datetime], *, faults: FaultPlan | None = None, avisos: Avisos | None = None
    ) -> None:
        self.faults = faults or FaultPlan()
        self.avisos = avisos or Avisos()
        self.receipts = Receipts.NORMAL
        self.log: list[dict[str, Any]] = []
        self.messages: list[Taken] = []
        self.on_taken: Callable[[Taken], None] | None = None
        self.outage: int | None = None
        """Everything answers this status; 0 cuts the connection."""
        self.slow_seconds, self.silent_seconds = 0.2, 30.0
        self.keep_log = True
        self.requests = 0
        self.url = ""
        self.clock = clock
        self._ordinals: Counter[tuple[str, str]] = Counter()
        self._next_faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._runner: web.ServerRunner | None = None

    @abstractmethod
    def read(self, request: Request) -> Operation | Answer:
        """Return what the request asks for, or the refusal the real gateway would answer."""

    @abstractmethod
    def throttled(self) -> Answer:
        """Return how this gateway says that it was asked too fast."""

    @abstractmethod
    def news(self, taken: Taken, estado: EstadoMensagem) -> Aviso | None:
        """Return the call that tells a state of a message; None where the gateway does not tell it."""

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._runner = web.ServerRunner(web.Server(self._serve, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self.avisos.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def fail_next(self, operation: str, *faults: Fault) -> None:
        """Make the next calls of one operation fail, in this order, whatever the plan says."""
        self._next_faults[operation].extend(faults)

    @property
    def delivered(self) -> list[Taken]:
        """Return the messages that reached a phone, oldest first."""
        return [taken for taken in self.messages if taken.failure is None]

    def states_of(self, taken: Taken) -> Sequence[EstadoMensagem]:
        """Return what will be told of a message, in order."""
        return _ARRIVES if taken.failure is None else (EstadoMensagem.FALHOU,)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read() if request.body_exists else b""
        path, _, query = request.raw_path.partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests += 1
        if self.outage is not None:
            return self._cut(request) if self.outage == 0 else _html(self.outage)
        read = Request(request.method, path, query, headers, body)
        asked = self.read(read)
        if isinstance(asked, Answer):
            self._record(read, asked)
            return self._respond(asked)
        fault = self._draw(asked)
        answer = self._refusal(fault) if fault in BEFORE else asked.run()
        self._record(read, answer, asked, fault)
        return await self._answer(request, answer, fault)

    def _refusal(self, fault: Fault | None) -> Answer:
        return self.throttled() if fault is Fault.THROTTLE else Answer(500)

    async def _answer(self, request: web.BaseRequest, answer: Answer, fault: Fault | None) -> web.StreamResponse:
        await self._tell(answer.taken)
        if fault is Fault.SLOW:
            await asyncio.sleep(self.slow_seconds)
        if fault is Fault.SILENT:
            await asyncio.sleep(self.silent_seconds)
        if fault in {Fault.LOST_ANSWER, Fault.SILENT, Fault.RESET}:
            return self._cut(request)
        if fault is Fault.ERROR_AFTER:
            return self._respond(Answer(500))
        return _html(200) if fault is Fault.GARBAGE else self._respond(answer)

    def _draw(self, asked: Operation) -> Fault | None:
        queued = self._next_faults.get(asked.name)
        if queued:
            return queued.popleft()
        if not asked.phone or not self.faults.rates:
            return None  # lists concern nobody: whose turn it was would depend on arrival
        ordinal = self._ordinals[asked.phone, asked.name]
        self._ordinals[asked.phone, asked.name] += 1
        return self.faults.decide(asked.phone, asked.name, ordinal)

    async def _tell(self, taken: Taken | None) -> None:
        if taken is None:
            return
        self.messages.append(taken)
        if self.on_taken is not None and taken.failure is None:
            self.on_taken(taken)
        if self.receipts is Receipts.NEVER or not self.avisos.url:
            return
        states = list(self.states_of(taken))
        if self.receipts is Receipts.REVERSED:
            states.reverse()
        for aviso in [aviso for state in states if (aviso := self.news(taken, state)) is not None]:
            if self.receipts is Receipts.EARLY:
                await self.avisos.post(aviso)
                continue
            for _ in range(2 if self.receipts is Receipts.TWICE else 1):
                self.avisos.post_soon(aviso)

    def _record(
        self, request: Request, answer: Answer, asked: Operation | None = None, fault: Fault | None = None
    ) -> None:
        if self.keep_log:
            taken = answer.taken
            row = {
                "em": self.clock().isoformat(),
                "metodo": request.method,
                "caminho": request.path,
                "operacao": asked.name if asked else "",
                "status": answer.status,
                "telefone": asked.phone if asked else "",
                "id": taken.id if taken else None,
                "tipo": taken.kind if taken else None,
                "texto": taken.text if taken else None,
                "falha": str(fault) if fault is not None else None,
            }
            self.log.append(row)

    @staticmethod
    def _cut(request: web.BaseRequest) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _respond(self, answer: Answer) -> web.Response:
        if answer.status >= 500 and answer.body is None:  # noqa: PLR2004
            return _html(answer.status)
        if answer.body is None:
            return web.Response(status=answer.status, headers=answer.headers)
        body = answer.body if isinstance(answer.body, bytes) else msgspec.json.encode(answer.body)
        return web.Response(
            status=answer.status, body=body, headers={"Content-Type": self.content_type, **answer.headers}
        )


def _html(status: int) -> web.Response:
    return web.Response(status=status, body=_HTML, headers=_HTML_TYPE)
