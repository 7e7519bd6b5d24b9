"""The fake Twilio on a real socket: Basic authentication, forms, what is refused, and what is told later."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from app.domain.confirmacao import EstadoMensagem
from app.simulator.gateway import Answer, Aviso, Avisos, FakeGateway, FaultPlan, Operation, Request, Taken
from app.simulator.twilio.account import Conversations, TwilioOptions, digits, magic_failure
from app.simulator.twilio.rules import Refusal, Submitted, read_form
from app.simulator.twilio.signing import sign

_MESSAGES: Final = re.compile(r"/2010-04-01/Accounts/(AC[0-9a-f]{32})/Messages\.json")
_CONTENTS: Final = "/v1/ContentAndApprovals"
_FORM: Final = "application/x-www-form-urlencoded"
_WORDS: Final[Mapping[EstadoMensagem, str]] = {
    EstadoMensagem.EM_ENVIO: "queued",
    EstadoMensagem.ENVIADA: "sent",
    EstadoMensagem.ENTREGUE: "delivered",
    EstadoMensagem.LIDA: "read",
    EstadoMensagem.FALHOU: "undelivered",
}
_NO_SESSION: Final = 63016


class FakeTwilio(FakeGateway):
    """One account for WhatsApp and SMS. `url` serves both its hosts."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        options: TwilioOptions | None = None,
        *,
        faults: FaultPlan | None = None,
        avisos: Avisos | None = None,
    ) -> None:
        super().__init__(clock, faults=faults, avisos=avisos)
        self.options = options or TwilioOptions()
        self.conversations = Conversations()
        self.forms: list[dict[str, str]] = []
        """What was submitted and taken, as it came."""
        self.rows: list[dict[str, Any]] = []
        """The account's messages as a list of them shows, oldest first."""
        self._addresses: dict[str, tuple[str, str]] = {}

    def read(self, request: Request) -> Operation | Answer:
        if not self._knows(request.headers.get("authorization", "")):
            return _refused(Refusal(401, 20003, "Authenticate"))
        if request.path == _CONTENTS and request.method == "GET":
            return Operation("list_contents", "", lambda: self._list_contents(request.query))
        found = _MESSAGES.fullmatch(request.path)
        if found is None or found[1] != self.options.account_sid:
            return _refused(Refusal(404, 20404, "The requested resource was not found"))
        if request.method == "GET":
            return Operation("list", "", lambda: self._list_messages(request))
        return self._read_send(request)

    async def deliver(self, aviso: Aviso) -> int:
        """Post what a patient did; on WhatsApp their 24 hours begin with it."""
        sender = dict(parse_qsl(aviso.body.decode())).get("From", "")
        if sender.startswith("whatsapp:+"):
            self.conversations.open(sender)
        return await self.avisos.post(aviso)

    def throttled(self) -> Answer:
        return _refused(Refusal(429, 20429, "Too Many Requests"))

    def states_of(self, taken: Taken) -> Sequence[EstadoMensagem]:
        if taken.failure is not None:
            return EstadoMensagem.EM_ENVIO, EstadoMensagem.FALHOU
        arrives = (EstadoMensagem.EM_ENVIO, EstadoMensagem.ENVIADA, EstadoMensagem.ENTREGUE)
        return (*arrives, EstadoMensagem.LIDA) if self._is_whatsapp(taken) else arrives

    def news(self, taken: Taken, estado: EstadoMensagem) -> Aviso | None:
        if taken.key is None:
            return None  # nobody asked to be told
        to, sender = self._addresses[taken.id]
        word = _WORDS[estado]
        fields = {
            "AccountSid": self.options.account_sid,
            "ApiVersion": "2010-04-01",
            "From": sender,
            "MessageSid": taken.id,
            "MessageStatus": word,
            "SmsSid": taken.id,
            "SmsStatus": word,
            "To": to,
        }
        if self._is_whatsapp(taken):
            fields |= {"ChannelInstallSid": "XE" + "0" * 32, "ChannelPrefix": "whatsapp", "EventType": word.upper()}
            fields["ChannelToAddress"] = to.removeprefix("whatsapp:")[:-8] + "X" * 8
        if estado is EstadoMensagem.FALHOU:
            fields |= {"ErrorCode": str(taken.failure), "ErrorMessage": ""}
        return self.signed(fields, taken.key)

    def signed(self, fields: Mapping[str, str], url: str) -> Aviso:
        """Return a form as the account posts it to `url`."""
        signature = sign(self.options.auth_token, url, fields.items())
        headers = {"Content-Type": _FORM, "X-Twilio-Signature": signature, "User-Agent": "TwilioProxy/1.1"}
        return Aviso(urlencode(fields).encode(), headers, url)

    def _is_whatsapp(self, taken: Taken) -> bool:
        return self._addresses[taken.id][0].startswith("whatsapp:")

    def _knows(self, authorization: str) -> bool:
        scheme, _, value = authorization.partition(" ")
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        logins = {**self.options.api_keys, self.options.account_sid: self.options.auth_token}
        return scheme == "Basic" and logins.get(user) == password

    def _read_send(self, request: Request) -> Operation | Answer:
        if request.method != "POST":
            return _refused(Refusal(405, 20004, "Method not allowed"))
        if request.headers.get("content-type") != _FORM:
            return _refused(Refusal(400, 21604, "A 'To' phone number is required."))
        fields = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        read = read_form(fields, self.options)
        if isinstance(read, Refusal):
            return _refused(read)
        phone = digits(read.to)
        code = magic_failure(phone, later=False)
        if code is not None:
            status = {20003: 401, 20429: 429}.get(code, 400)
            return _refused(Refusal(status, code, "Refused on purpose"))
        return Operation("send", phone, lambda: self._take(read, fields))

    def _take(self, read: Submitted, fields: dict[str, str]) -> Answer:
        number = len(self.rows) + 1
        sid = f"{'SM' if number % 2 else 'MM'}{number:032x}"
        failure = self._failure(read)
        text = f"Sent from your Twilio trial account - {read.text}" if self.options.trial else read.text
        row = self._row(sid, read, text)
        self.forms.append(fields)
        self.rows.append(row)
        self._addresses[sid] = (read.to, read.sender)
        taken = Taken(
            id=sid,
            phone=digits(read.to),
            text=read.text,
            key=fields.get("StatusCallback"),
            failure=str(failure) if failure is not None else None,
            kind="template" if read.content_sid else "text",
        )
        return Answer(201, {**row, "date_sent": None}, taken=taken)

    def _failure(self, read: Submitted) -> int | None:
        code = magic_failure(digits(read.to), later=True) or read.fails_with
        if code is None and read.to.startswith("whatsapp:") and read.content_sid is None:
            return None if self.conversations.is_open(read.to) else _NO_SESSION
        return code

    def _row(self, sid: str, read: Submitted, text: str) -> dict[str, Any]:
        now = format_datetime(self.clock())
        path = f"/2010-04-01/Accounts/{self.options.account_sid}/Messages/{sid}"
        return {
            "sid": sid,
            "account_sid": self.options.account_sid,
            "status": "accepted" if read.service else "queued",
            "to": read.to,
            "from": read.sender,
            "body": text,
            "messaging_service_sid": read.service,
            "num_segments": "1",
            "num_media": "0",
            "direction": "outbound-api",
            "api_version": "2010-04-01",
            "price": None,
            "price_unit": None,
            "error_code": None,
            "error_message": None,
            "date_created": now,
            "date_updated": now,
            "date_sent": now,
            "uri": f"{path}.json",
            "subresource_uris": {"media": f"{path}/Media.json"},
        }

    def _list_messages(self, request: Request) -> Answer:
        asked = dict(parse_qsl(request.query))
        rows = [
            row
            for row in reversed(self.rows)
            if asked.get("To") in {None, row["to"]} and asked.get("From") in {None, row["from"]}
        ]
        page, following = self._cut_page(rows, asked)
        uri = self.options.next_page or (f"{request.path}?{following}" if following else None)
        return Answer(200, {"messages": page, "next_page_uri": uri, "page": 0, "page_size": len(page)})

    def _list_contents(self, query: str) -> Answer:
        page, following = self._cut_page(
            [content.as_row() for content in self.options.contents], dict(parse_qsl(query))
        )
        url = f"https://content.twilio.com{_CONTENTS}?{following}" if following else None
        return Answer(200, {"contents": page, "meta": {"key": "contents", "next_page_url": url}})

    def _cut_page(self, rows: list[dict[str, Any]], asked: dict[str, str]) -> tuple[list[dict[str, Any]], str]:
        size = min(int(asked.get("PageSize", "50")), self.options.page_size)
        start = int(asked.get("PageToken", "PA0").removeprefix("PA"))
        end = start + size
        return rows[start:end], urlencode({**asked, "PageToken": f"PA{end}"}) if end < len(rows) else ""


def _refused(refusal: Refusal) -> Answer:
    body = {
        "code": refusal.code,
        "message": refusal.message,
        "more_info": f"https://www.twilio.com/docs/errors/{refusal.code}",
        "status": refusal.status,
    }
    return Answer(refusal.status, body)
