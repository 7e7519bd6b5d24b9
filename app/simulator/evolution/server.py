"""The fake Evolution on a real socket: keys, instances, their connection, and the webhook each has set."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from app.domain.confirmacao import EstadoMensagem
from app.simulator.evolution.avisos import EvolutionAvisos
from app.simulator.evolution.incoming import Forma, Resposta, message_data
from app.simulator.evolution.webhook import Webhook, why_not_set
from app.simulator.gateway import (
    Answer,
    Aviso,
    FakeGateway,
    FaultPlan,
    Operation,
    Receipts,
    Request,
    Taken,
    whatsapp_id,
)

_ROUTE: Final = re.compile(
    r"/(message/sendText|message/sendButtons|chat/whatsappNumbers|instance/connectionState|webhook/set|webhook/find)/([^/]+)"
)
_READS: Final = frozenset({"instance/connectionState", "webhook/find"})
_STATUS: Final[Mapping[EstadoMensagem, str]] = {
    EstadoMensagem.ENVIADA: "SERVER_ACK",
    EstadoMensagem.ENTREGUE: "DELIVERY_ACK",
    EstadoMensagem.LIDA: "READ",
    EstadoMensagem.FALHOU: "ERROR",
}
_MAX_REPLY_BUTTONS: Final = 3
_ROW: Final = "1b9d6bcd-0000-4000-8000-000000000001"


class ClosedAnswer(StrEnum):
    """How a send on a closed connection is answered: it depends on the version and on when it closed."""

    INSTANCE = "instance"
    REFUSED = "refused"
    FAILED = "failed"


class FakeEvolution(FakeGateway):
    """One server with one connected instance; `states` switches its connection."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        api_key: str,
        instance: str = "santacasa",
        *,
        faults: FaultPlan | None = None,
        avisos: EvolutionAvisos | None = None,
    ) -> None:
        super().__init__(clock, faults=faults, avisos=avisos or EvolutionAvisos())
        self.instance = instance
        self.global_key = api_key
        self.tokens: dict[str, str] = {}
        """Key of an instance -> the only instance it opens."""
        self.states: dict[str, str] = {instance: "open"}
        self.closed_answer = ClosedAnswer.INSTANCE
        self.without_whatsapp: set[str] = set()
        self.undelivered: set[str] = set()
        """Phones for which the receipt will say ERROR."""
        self.breaks_after_send = False
        """Its own database fails once the message left: answered 400, as if it had been refused."""
        self.lids: dict[str, str] = {}
        """Phone -> privacy id under which WhatsApp answers."""
        self.receipts_in_arrays = False
        self.webhook = Webhook()

    def read(self, request: Request) -> Operation | Answer:
        route = _ROUTE.fullmatch(request.path)
        if route is None or request.method != ("GET" if route[1] in _READS else "POST"):
            return _problem(404, f"Cannot {request.method} {request.path}")
        instance = unquote(route[2])
        if instance not in self.states:
            return _problem(404, f'The "{instance}" instance does not exist')
        key = request.headers.get("apikey", "")
        if key != self.global_key and self.tokens.get(key) != instance:
            return _problem(401, "Unauthorized")
        data = {} if route[1] in _READS else _object(request.body)
        if data is None:
            return _problem(400, "Unexpected end of JSON input")
        return self._route(route[1], instance, data)

    def throttled(self) -> Answer:
        problem = _problem(429, "Too Many Requests")  # of a proxy: the server itself counts nothing
        return Answer(429, problem.body, {"Retry-After": "7"})

    def news(self, taken: Taken, estado: EstadoMensagem) -> Aviso | None:
        data = {
            "messageId": f"row-{taken.id}",
            "keyId": taken.id,
            "remoteJid": self._jid(taken.phone),
            "fromMe": True,
            "participant": None,
            "status": _STATUS[estado],
            "instanceId": _ROW,
        }
        return self.aviso("messages.update", [data] if self.receipts_in_arrays else data)

    def aviso(self, event: str, data: object) -> Aviso | None:
        """Return the call that tells an event as the webhook is set; None where nobody asked for it."""
        return self.webhook.call(event, data, instance=self.instance, server_url=self.url, now=self.clock())

    def reply(self, resposta: Resposta, forma: Forma = Forma.TEXTO, *, copies: int = 1) -> None:
        """Tell what a patient wrote, `copies` times over."""
        self._tell_soon("messages.upsert", message_data(resposta, forma), copies)

    def switch(self, state: str, reason: int = 200) -> None:
        """Open or close the connection to WhatsApp, and say so."""
        self.states[self.instance] = state
        self._tell_soon("connection.update", {"instance": self.instance, "state": state, "statusReason": reason})

    def _route(self, path: str, instance: str, data: Mapping[str, Any]) -> Operation | Answer:
        match path:
            case "instance/connectionState":
                body = {"instance": {"instanceName": instance, "state": self.states[instance]}}
                return Operation("connectionState", "", lambda: Answer(200, body))
            case "webhook/find":
                return Answer(200, {"url": self.webhook.url, "enabled": self.webhook.enabled})
            case "webhook/set":
                return self._set_webhook(data)
            case "chat/whatsappNumbers":
                return self._exists(data)
            case _:
                return self._send(path.rpartition("/")[2], instance, data)

    def _set_webhook(self, data: Mapping[str, Any]) -> Answer:
        asked = data.get("webhook")
        wrong = why_not_set(asked)
        if wrong is not None or asked is None:
            return _problem(400, wrong)
        self.webhook = Webhook.of(asked)
        self.avisos.url = asked["url"]
        return Answer(201, {"id": _ROW, **asked})

    def _exists(self, data: Mapping[str, Any]) -> Answer:
        numbers = data.get("numbers")
        if not isinstance(numbers, list) or not all(isinstance(number, str) for number in numbers):
            return _problem(400, 'instance requires property "numbers"')
        return Answer(200, [self._number(number) for number in numbers])

    def _send(self, kind: str, instance: str, data: Mapping[str, Any]) -> Operation | Answer:
        wrong = _wrong_buttons(data) if kind == "sendButtons" else _wrong_text(data)
        if not isinstance(data.get("number"), str):
            wrong = 'instance requires property "number"'
        if wrong is not None:
            return _problem(400, wrong)
        if self.states[instance] != "open":
            return self._closed(instance)
        phone = data["number"].partition("@")[0]
        if phone in self.without_whatsapp:
            return _problem(400, self._number(phone))
        return Operation("send", phone, lambda: self._take(kind, phone, data))

    def _closed(self, instance: str) -> Answer:
        match self.closed_answer:
            case ClosedAnswer.REFUSED:
                return _problem(400, "Error: Connection Closed")
            case ClosedAnswer.FAILED:
                body = {"status": 500, "error": "Internal Server Error", "response": {"message": "Connection Closed"}}
                return Answer(500, body)
            case _:
                return _problem(400, f'The "{instance}" instance is not connected')

    def _take(self, kind: str, phone: str, data: Mapping[str, Any]) -> Answer:
        text = data["text"] if kind == "sendText" else data["description"]
        failure = "ERROR" if phone in self.undelivered else None
        taken = Taken(f"3EB0C0FFEE{len(self.messages) + 1:08X}", phone, text, failure=failure, kind=kind)
        sent = self._sent(taken, data)
        if self.breaks_after_send:
            broken = _problem(400, "PrismaClientKnownRequestError: \nInvalid `create()` invocation")
            return Answer(400, broken.body, taken=taken)
        if self.receipts is not Receipts.NEVER:
            self._tell_soon("send.message", sent)
        return Answer(201, sent, taken=taken)

    def _sent(self, taken: Taken, data: Mapping[str, Any]) -> dict[str, Any]:
        message: dict[str, Any] = {"conversation": taken.text}
        if taken.kind == "sendButtons":
            shown = {"body": {"text": f"*{data['title']}*\n\n{taken.text}\n"}}
            message = {"viewOnceMessage": {"message": {"interactiveMessage": shown}}}
        return {
            "key": {"remoteJid": self._jid(taken.phone), "fromMe": True, "id": taken.id},
            "pushName": "",
            "status": "PENDING",
            "message": message,
            "contextInfo": None,
            "messageType": next(iter(message)),
            "messageTimestamp": int(self.clock().timestamp()),
            "instanceId": _ROW,
            "source": "unknown",
        }

    def _tell_soon(self, event: str, data: object, copies: int = 1) -> None:
        for aviso in [self.aviso(event, data)] * copies:
            if aviso is not None:
                self.avisos.post_soon(aviso)

    def _jid(self, phone: str) -> str:
        return self.lids.get(phone) or f"{whatsapp_id(phone)}@s.whatsapp.net"

    def _number(self, phone: str) -> dict[str, Any]:
        return {"jid": self._jid(phone), "exists": phone not in self.without_whatsapp, "number": phone}


def _wrong_text(data: Mapping[str, Any]) -> str | None:
    text = data.get("text")
    if not isinstance(text, str):
        return 'instance requires property "text"'
    return None if text.strip() else "Text is required"


def _wrong_buttons(data: Mapping[str, Any]) -> str | None:
    buttons = data.get("buttons")
    if not isinstance(buttons, list) or not buttons:
        return "At least one button is required"
    if not data.get("title") or not data.get("description"):
        return 'The "title" cannot be empty'
    if not all(isinstance(one, dict) and one.get("displayText") and one.get("id") for one in buttons):
        return 'The "id" cannot be empty'
    kinds = {one.get("type") for one in buttons}
    if "reply" in kinds and len(buttons) > _MAX_REPLY_BUTTONS:
        return "Maximum of 3 reply buttons allowed"
    return None if kinds == {"reply"} else "Reply buttons cannot be mixed with other button types"


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        data = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    return data if isinstance(data, dict) else None


def _problem(status: int, *said: object) -> Answer:
    body = {"status": status, "error": HTTPStatus(status).phrase, "response": {"message": list(said)}}
    return Answer(status, body)
