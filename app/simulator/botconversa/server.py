"""The fake Botconversa on a real socket: key, rate, faults, and a log of everything to judge from."""

import asyncio
import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from aiohttp import web

from app.simulator.botconversa.account import Account, Contact
from app.simulator.botconversa.operations import OPERATIONS, Answer, Call, Operation
from app.simulator.botconversa.options import FakeOptions
from app.simulator.gateway.faults import BEFORE, Fault, FaultPlan

BASE_PATH: Final = "/api/v1/webhook"
_MINUTE: Final = 60.0
_UNAUTHORIZED: Final = {"detail": "Authentication credentials were not provided."}
_HTML: Final = b"<!doctype html><title>Erro</title><h1>Algo deu errado</h1>"
_JSON_TYPE: Final = {"Content-Type": "application/json"}
_HTML_TYPE: Final = {"Content-Type": "text/html; charset=utf-8"}
_DIGITS: Final = re.compile(r"\D")


@dataclass(slots=True)
class _Ruling:
    """What is answered, and what went wrong on purpose."""

    answer: Answer
    fault: Fault | None = None
    operation: str = ""
    call: Call | None = None
    cut: bool = False
    headers: dict[str, str] | None = None


class FakeBotconversa:
    """Start it, point a gateway at `url`, read `log` and `conversations()`."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        api_key: str,
        options: FakeOptions | None = None,
        *,
        faults: FaultPlan | None = None,
        on_delivered: Callable[[Contact, str], None] | None = None,
    ) -> None:
        self.options = options or FakeOptions()
        self.account = Account(self.options)
        self.faults = faults or FaultPlan()
        self.on_delivered = on_delivered
        self.log: list[dict[str, Any]] = []
        self.requests = 0
        self._clock = clock
        self._api_key = api_key
        self._ordinals: Counter[tuple[str, str]] = Counter()
        self._next_faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._recent: deque[float] = deque()
        self._runner: web.ServerRunner | None = None
        self.url = ""

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._runner = web.ServerRunner(web.Server(self._serve, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}{BASE_PATH}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def fail_next(self, operation: str, *faults: Fault) -> None:
        """Make the next calls of one operation fail, in this order, whatever the plan says."""
        self._next_faults[operation].extend(faults)

    def add_contact(self, phone: str, first_name: str = "Contato", last_name: str = ".") -> Contact:
        """Put a contact there as if it had written first."""
        return self.account.create(_DIGITS.sub("", phone), first_name, last_name, now=self._clock())

    def receive(self, subscriber_id: int | str, text: str) -> Contact:
        """Write down what a patient wrote; telling the hospital is `outgoing`'s work."""
        contact = self.account.contacts[int(subscriber_id)]
        self.account.write(contact, direction="entrada", kind="text", text=text, now=self._clock())
        return contact

    def conversation(self, subscriber_id: int | str) -> dict[str, object]:
        contact = self.account.contacts[int(subscriber_id)]
        return {
            "subscriber_id": str(contact.id),
            "telefone": f"+{contact.phone}",
            "nome": contact.full_name,
            "campos": self.account.variables(contact),
            "mensagens": contact.messages,
        }

    def conversations(self) -> list[dict[str, object]]:
        """Return every contact with what was written in both directions, oldest first."""
        return [self.conversation(number) for number in self.account.contacts]

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read() if request.body_exists else b""
        now = self._clock()
        self.requests += 1
        ruling = self._rule(request, body, now)
        self._record(request, ruling, now)
        if ruling.fault is Fault.SLOW:
            await asyncio.sleep(self.options.slow_seconds)
        if ruling.fault is Fault.SILENT:
            await asyncio.sleep(self.options.silent_seconds)
        if ruling.cut and request.transport is not None:
            request.transport.abort()
        return _response(ruling)

    def _rule(self, request: web.BaseRequest, body: bytes, now: datetime) -> _Ruling:
        if self.options.outage is not None:
            return _Ruling(Answer(self.options.outage or 503), cut=self.options.outage == 0)
        if request.headers.get("API-KEY") != self._api_key:
            return _Ruling(Answer(401, _UNAUTHORIZED))
        wait = self._throttled_for(now)
        if wait:
            return self._throttle(wait)
        path, _, query = request.raw_path.partition("?")
        if not path.startswith(BASE_PATH + "/"):
            return _not_found()
        segments = tuple(path[len(BASE_PATH) + 1 :].removesuffix("/").split("/"))
        methods = OPERATIONS.get(_pattern(segments))
        if methods is None:
            return _not_found()
        if request.method not in methods:
            return _Ruling(Answer(405, {"detail": f'Method "{request.method}" not allowed.'}))
        if not path.endswith("/") and self.options.strict_slash:
            return _without_slash(request)
        name, operation = methods[request.method]
        call = Call(self.account, now, segments, {}, query, self.url)
        return self._perform(name, operation, call, body)

    def _perform(self, name: str, operation: Operation, call: Call, body: bytes) -> _Ruling:
        if body and not _understood(call, body):
            return _Ruling(Answer(400, {"detail": "JSON parse error"}), operation=name)
        phone, is_known = self._subject(call)
        if not is_known:
            return _Ruling(Answer(404, {"detail": "Not found."}), operation=name, call=call)
        fault = self._draw(phone, name, call)
        if fault in BEFORE:
            return self._refuse(fault, name, call)
        answer = operation(call)
        if answer.delivered and call.contact is not None and answer.text and self.on_delivered is not None:
            self.on_delivered(call.contact, answer.text)
        cut = fault in {Fault.LOST_ANSWER, Fault.SILENT}
        shown = Answer(500, None, answer.kind, answer.text, delivered=answer.delivered)
        return _Ruling(shown if fault is Fault.ERROR_AFTER else answer, fault, name, call, cut)

    def _subject(self, call: Call) -> tuple[str, bool]:
        """Return the phone a call is about ("" for none), and whether the contact of its path exists."""
        segments = call.segments
        if segments[0] != "subscriber":
            return "", True
        if len(segments) == 1:
            return _DIGITS.sub("", str(call.data.get("phone", ""))), True
        if segments[1] == "get_by_phone":
            return _DIGITS.sub("", segments[2].upper().removeprefix("%2B")), True
        call.contact = self.account.contacts.get(int(segments[1]))
        return (call.contact.phone, True) if call.contact is not None else ("", False)

    def _draw(self, phone: str, name: str, call: Call) -> Fault | None:
        queued = self._next_faults.get(name)
        if queued:
            return queued.popleft()
        if not phone or not self.faults.rates:
            return None  # lists concern nobody: whose turn it was would depend on arrival
        operation = name if len(call.segments) < 4 else f"{name}:{call.segments[3]}"  # noqa: PLR2004 - one per field
        ordinal = self._ordinals[phone, operation]
        self._ordinals[phone, operation] += 1
        return self.faults.decide(phone, operation, ordinal)

    def _refuse(self, fault: Fault | None, name: str, call: Call) -> _Ruling:
        if fault is Fault.THROTTLE:
            ruling = self._throttle(1)
            ruling.fault, ruling.operation, ruling.call = fault, name, call
            return ruling
        return _Ruling(Answer(500, {"detail": "Server error"}), fault, name, call, cut=fault is Fault.RESET)

    def _throttled_for(self, now: datetime) -> int:
        """Return the seconds until the key may speak again, 0 when it may now."""
        if self.options.per_minute is None:
            return 0
        instant, recent = now.timestamp(), self._recent
        while recent and recent[0] <= instant - _MINUTE:
            recent.popleft()
        if len(recent) < self.options.per_minute:
            recent.append(instant)
            return 0
        return int(recent[0] + _MINUTE - instant) + 1

    def _throttle(self, wait: int) -> _Ruling:
        detail = f"Request was throttled. Expected available in {wait} seconds."
        headers = {"Retry-After": str(wait)} if self.options.retry_after_header else {}
        return _Ruling(Answer(429, {"detail": detail}), headers=headers)

    def _record(self, request: web.BaseRequest, ruling: _Ruling, now: datetime) -> None:
        if not self.options.keep_log:
            return
        answer, contact = ruling.answer, ruling.call.contact if ruling.call is not None else None
        row: dict[str, Any] = {
            "em": now.isoformat(),
            "metodo": request.method,
            "caminho": request.raw_path.removeprefix(BASE_PATH),
            "operacao": ruling.operation,
            "status": 0 if ruling.cut else answer.status,
            "subscriber_id": str(contact.id) if contact is not None else None,
            "telefone": f"+{contact.phone}" if contact is not None else None,
            "telefone_informado": f"+{contact.given_phone}" if contact is not None else None,
            "tipo": answer.kind or None,
            "texto": answer.text or None,
            "campos": self.account.variables(contact) if contact is not None and answer.kind else None,
            "entregue": answer.delivered,
            "falha": str(ruling.fault) if ruling.fault is not None else None,
        }
        self.log.append(row)


def _pattern(segments: tuple[str, ...]) -> tuple[str, ...]:
    if segments[:2] == ("subscriber", "get_by_phone") and len(segments) == 3:  # noqa: PLR2004
        return "subscriber", "get_by_phone", "*"
    return tuple("#" if part.isascii() and part.isdigit() else part for part in segments)


def _understood(call: Call, body: bytes) -> bool:
    try:
        call.data = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return False
    return isinstance(call.data, dict)


def _not_found() -> _Ruling:
    return _Ruling(Answer(404, {"detail": "Not found."}))


def _without_slash(request: web.BaseRequest) -> _Ruling:
    if request.method == "GET":
        path, _, query = request.raw_path.partition("?")
        return _Ruling(Answer(301), headers={"Location": f"{path}/?{query}" if query else f"{path}/"})
    return _not_found()


def _response(ruling: _Ruling) -> web.Response:
    answer = ruling.answer
    if ruling.fault is Fault.GARBAGE or (answer.status >= 500 and ruling.operation == ""):  # noqa: PLR2004
        status = 200 if ruling.fault is Fault.GARBAGE else answer.status
        return web.Response(status=status, body=_HTML, headers=_HTML_TYPE)
    body = msgspec.json.encode(answer.body) if answer.has_body else b""
    return web.Response(status=answer.status, body=body, headers={**_JSON_TYPE, **(ruling.headers or {})})
