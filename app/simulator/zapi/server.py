"""The fake Z-API on a real socket: instance, tokens, its queue, and the news of what left it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Final

import msgspec

from app.domain.confirmacao import EstadoMensagem
from app.simulator.gateway import Answer, Aviso, Avisos, FakeGateway, FaultPlan, Operation, Request, Taken
from app.simulator.zapi.calls import Calls

_PATH: Final = re.compile(r"/instances/([^/]+)/token/([^/]+)/([a-z-]+)")
_PHONE: Final = re.compile(r"[1-9][0-9]{7,14}")
_MAX_DELAY, _MAX_TEXT = 15, 4096
_METHODS: Final[Mapping[str, str]] = {
    "send-text": "POST",
    "send-button-list": "POST",
    "status": "GET",
    "queue": "GET",
}
_NOT_FOUND: Final = "Instance not found"
_LEAVES: Final = (EstadoMensagem.EM_ENVIO, EstadoMensagem.ENVIADA, EstadoMensagem.ENTREGUE, EstadoMensagem.LIDA)
_WORDS: Final[Mapping[EstadoMensagem, str]] = {
    EstadoMensagem.ENVIADA: "SENT",
    EstadoMensagem.ENTREGUE: "RECEIVED",
    EstadoMensagem.LIDA: "READ",
}
_NOBODY: Final = "Phone number does not exist"


@dataclass(slots=True)
class Refusals:
    """Where accounts differ, and what is wrong with this one."""

    unauthorized: str = "your client-token is not configured"
    """The documentation has "null not allowed"."""
    instance_status: int = 400
    """404 is told as well."""
    without_whatsapp: set[str] = field(default_factory=set)
    """Phones whose messages leave and come back with an error."""
    refuses_at_once: bool = False
    """Say so in the answer instead."""
    shadow_ban: bool = False
    subscribed: bool = True
    """An expired instance goes on saying that it is connected."""
    says_disconnected: bool = False
    """Refuse a send while disconnected, instead of queueing it."""
    queue_limit: int = 1000


class FakeZapi(FakeGateway):
    """One instance. `connected` may be switched off; `reconnect` lets the queue go."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        instance_id: str,
        instance_token: str,
        client_token: str | None = None,
        calls_token: str | None = None,
        refusals: Refusals | None = None,
        faults: FaultPlan | None = None,
        avisos: Avisos | None = None,
    ) -> None:
        super().__init__(clock, faults=faults, avisos=avisos)
        self.calls = Calls(instance_id, clock, token=calls_token)
        self.refusals = refusals or Refusals()
        self.connected = True
        self.queue: list[Taken] = []
        self.bodies: list[dict[str, Any]] = []
        """What was sent, as it was written."""
        self._tokens = (instance_id, instance_token)
        self._client_token = client_token
        self._numbers = count(1)

    def read(self, request: Request) -> Operation | Answer:
        found = _PATH.fullmatch(request.path)
        if found is None:
            return Answer(404, {"error": "NOT_FOUND", "message": "Unable to find matching target resource method"})
        if (found[1], found[2]) != self._tokens:
            return Answer(self.refusals.instance_status, {"error": _NOT_FOUND})
        if self._client_token is not None and request.headers.get("client-token") != self._client_token:
            return Answer(400, {"error": self.refusals.unauthorized})
        return self._operation(found[3], request)

    def _operation(self, name: str, request: Request) -> Operation | Answer:
        method = _METHODS.get(name)
        if method is None:
            return Answer(404, {"error": "NOT_FOUND"})
        if request.method != method:
            return Answer(405)
        if name == "status":
            return Operation("status", "", self._status)
        if name == "queue":
            return Operation("queue", "", lambda: Answer(body={"size": len(self.queue)}))
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return Answer(415)
        data = _object(request.body)
        wrong = _wrong_in(data, buttons=name == "send-button-list")
        if wrong is not None:
            return Answer(400, {"error": wrong})
        return Operation("send", data["phone"], lambda: self._send(name, data))

    def throttled(self) -> Answer:
        return Answer(429, {"error": "Too many requests"}, {"Retry-After": "7"})

    def news(self, taken: Taken, estado: EstadoMensagem) -> Aviso | None:
        """Tell a message's departure apart from what WhatsApp says of it afterwards."""
        if estado is EstadoMensagem.FALHOU:
            code = "SHADOW_BAN" if taken.failure == "SHADOW_BAN" else None
            return self.calls.aviso(self.calls.departure(taken.id, taken.phone, error=_NOBODY, error_code=code))
        if estado is EstadoMensagem.EM_ENVIO:
            return self.calls.aviso(self.calls.departure(taken.id, taken.phone))
        return self.calls.aviso(self.calls.status(_WORDS[estado], taken.phone, taken.id))

    def states_of(self, taken: Taken) -> tuple[EstadoMensagem, ...]:
        return _LEAVES if taken.failure is None else (EstadoMensagem.FALHOU,)

    async def reconnect(self) -> None:
        """Connect again: the queue goes out by itself, however old its messages are."""
        self.connected = True
        waiting, self.queue = self.queue, []
        for taken in waiting:
            await self._tell(taken)

    def _status(self) -> Answer:
        error = "You are already connected." if self.connected else "You are not connected."
        return Answer(body={"connected": self.connected, "error": error, "smartphoneConnected": self.connected})

    def _send(self, name: str, data: dict[str, Any]) -> Answer:
        if not self.refusals.subscribed:
            return Answer(400, {"error": "To continue sending a message, you must subscribe to this instance again"})
        if self.refusals.refuses_at_once and data["phone"] in self.refusals.without_whatsapp:
            return Answer(400, {"error": f"Invalid phone: {data['phone']}"})
        return self._refuse_disconnected() or self._enqueue(name, data)

    def _refuse_disconnected(self) -> Answer | None:
        if not self.connected and self.refusals.says_disconnected:
            return Answer(400, {"error": "You need to be connected to send messages"})
        if not self.connected and len(self.queue) >= self.refusals.queue_limit:
            return Answer(400, {"error": "The queue is full"})
        return None

    def _enqueue(self, name: str, data: dict[str, Any]) -> Answer:
        self.bodies.append(data)
        taken = self._take(name, data)
        ids = {"zaapId": f"3999{next(self._numbers):028X}", "messageId": taken.id, "id": taken.id}
        if self.connected:
            return Answer(body=ids, taken=taken)
        self.queue.append(taken)
        return Answer(body=ids)

    def _take(self, name: str, data: dict[str, Any]) -> Taken:
        phone = data["phone"]
        failure = "SHADOW_BAN" if self.refusals.shadow_ban else None
        if failure is None and phone in self.refusals.without_whatsapp:
            failure = "PHONE_NOT_EXISTS"
        kind = "text" if name == "send-text" else "buttons"
        return Taken(f"D241{next(self._numbers):016X}", phone, data["message"], failure=failure, kind=kind)


def _object(body: bytes) -> dict[str, Any]:
    try:
        data = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return data if isinstance(data, dict) else {}


def _wrong_in(data: dict[str, Any], *, buttons: bool) -> str | None:
    """Return the sentence with which the body of a send is refused."""
    phone, message, delay = data.get("phone"), data.get("message"), data.get("delayMessage", 1)
    if not isinstance(phone, str) or not _PHONE.fullmatch(phone):
        return f"Invalid phone: {phone}"
    if not isinstance(message, str) or not message.strip() or len(message) > _MAX_TEXT:
        return "message must be informed"
    if not isinstance(delay, int) or not 1 <= delay <= _MAX_DELAY:
        return "delayMessage must be between 1 and 15"
    if set(data) - {"phone", "message", "delayMessage", "delayTyping", "editMessageId", "buttonList"}:
        return "unknown field"
    return _wrong_in_buttons(data.get("buttonList")) if buttons else None


def _wrong_in_buttons(shown: object) -> str | None:
    listed = shown.get("buttons") if isinstance(shown, dict) else None
    if not isinstance(listed, list) or not listed:
        return "buttonList.buttons must be informed"
    return None if all(isinstance(one, dict) and one.get("label") for one in listed) else "label must be informed"
