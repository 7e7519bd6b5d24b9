"""The fake Cloud API on a real socket: token, number, limits, window, templates, and receipts signed as Meta's."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

import aiohttp
import msgspec

from app.domain.confirmacao import EstadoMensagem
from app.simulator.gateway import (
    Answer,
    Aviso,
    Avisos,
    FakeGateway,
    FaultPlan,
    Operation,
    Request,
    Taken,
    whatsapp_id,
)
from app.simulator.meta.checks import Said, Wrong, read_send
from app.simulator.meta.errors import failure, refusal
from app.simulator.meta.inbound import Content, Desk, Person, bsuid_of, sign
from app.simulator.meta.limits import PerPair, PerSecond
from app.simulator.meta.options import MetaOptions

_VERSION: Final = re.compile(r"v\d+\.\d")
_STATUS: Final[Mapping[EstadoMensagem, str]] = {
    EstadoMensagem.ENVIADA: "sent",
    EstadoMensagem.ENTREGUE: "delivered",
    EstadoMensagem.LIDA: "read",
    EstadoMensagem.FALHOU: "failed",
}
_OUTSIDE_WINDOW: Final = 131047
_UNDELIVERABLE: Final = 131026
_NO_OBJECT: Final = "Unsupported post request. Object with ID does not exist"
_decode: Final = msgspec.json.Decoder().decode


class FakeMeta(FakeGateway):
    """Start it, point a channel's `base_url` at `url` and its own `avisos.url` at a webhook."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        options: MetaOptions | None = None,
        *,
        faults: FaultPlan | None = None,
        avisos: Avisos | None = None,
    ) -> None:
        super().__init__(clock, faults=faults, avisos=avisos)
        self.options = options = options or MetaOptions()
        self.templates = {(seed.name, seed.language): seed for seed in options.templates}
        self.desk = Desk(
            waba_id=options.waba_id, phone_number_id=options.phone_number_id, display_phone=options.display_phone
        )
        self._bearer = f"Bearer {options.token}"
        self._per_second = PerSecond(options.per_second)
        self._per_pair = PerPair(options.pair_interval_s, options.pair_burst)
        self._wrote_at: dict[str, float] = {}
        self._phones: dict[str, str] = {}
        self._taken = self._received = 0
        self._waiting: list[dict[str, Any]] = []
        self._routes: Mapping[tuple[str, str, str], Callable[[Request], Operation | Answer]] = {
            ("POST", options.phone_number_id, "messages"): self._read_send,
            ("GET", options.phone_number_id, ""): self._read_number,
            ("GET", options.waba_id, "message_templates"): self._read_templates,
        }

    # what it is asked

    def read(self, request: Request) -> Operation | Answer:
        if request.headers.get("authorization") != self._bearer:
            return refusal(190)
        version, _, path = request.path.lstrip("/").partition("/")
        if not _VERSION.fullmatch(version):
            return refusal(2500, status=400)
        ident, _, edge = path.partition("/")
        route = self._routes.get((request.method, ident, edge))
        return route(request) if route is not None else refusal(100, _NO_OBJECT, subcode=33)

    def throttled(self) -> Answer:
        return refusal(130429, status=self.options.throttle_status)

    def _read_send(self, request: Request) -> Operation | Answer:
        try:
            said = read_send(_decode(request.body), self.templates)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return refusal(100, "The request is not valid JSON")
        except Wrong as wrong:
            return wrong.answer
        phone = said.phone or self._phones.get(said.user_id or "", "")
        if (code := self.options.refused.get(phone)) is not None:
            return refusal(code, f"({phone}) {said.text}")
        if not self._per_second.takes(now := self.clock().timestamp()):
            return self.throttled()
        if not self._per_pair.takes(whatsapp_id(phone), now):
            return refusal(131056, phone, status=self.options.throttle_status)
        return Operation("send", phone, lambda: self._take(said, phone))

    def _take(self, said: Said, phone: str) -> Answer:
        self._taken += 1
        taken = Taken(
            id=f"wamid.HBgM{self._taken:024d}",
            phone=phone,
            text=said.text,
            key=said.key,
            failure=self._failure(said, phone),
            kind=said.kind,
        )
        who = {"input": said.user_id, "user_id": said.user_id} if said.user_id else _dialled(phone)
        message = {"id": taken.id, "message_status": self.options.message_status}
        body = {"messaging_product": "whatsapp", "contacts": [who], "messages": [message]}
        return Answer(200, body, taken=taken)

    def _failure(self, said: Said, phone: str) -> str | None:
        if not phone:
            return str(_UNDELIVERABLE)
        if (code := self.options.undelivered.get(phone)) is not None:
            return str(code)
        return str(_OUTSIDE_WINDOW) if said.kind != "template" and not self.is_open(phone) else None

    def is_open(self, phone: str) -> bool:
        """Tell whether the person wrote less than 24 hours ago."""
        wrote = self._wrote_at.get(whatsapp_id(phone))
        return wrote is not None and self.clock().timestamp() - wrote < self.options.window_s

    def _read_number(self, _: Request) -> Operation:
        body = {"id": self.options.phone_number_id, "quality_rating": self.options.quality}
        return Operation("check", "", lambda: Answer(200, body))

    def _read_templates(self, request: Request) -> Operation | Answer:
        asked = {key: values[-1] for key, values in parse_qs(request.query).items()}
        limit, after = asked.get("limit", "25"), asked.get("after", "0")
        if not (limit.isdigit() and after.isdigit()):
            return refusal(100, "Invalid cursor")
        size = min(int(limit), self.options.page_size)
        return Operation("templates", "", lambda: Answer(200, self._page(int(after), size, request)))

    def _page(self, start: int, size: int, request: Request) -> dict[str, Any]:
        rows = [seed.listed() for seed in self.templates.values()]
        page: dict[str, Any] = {"data": rows[start : start + size]}
        page["paging"] = {"cursors": {"before": str(start), "after": str(start + size)}}
        if start + size < len(rows):
            query = urlencode({"access_token": self.options.token, "after": start + size})
            page["paging"]["next"] = f"https://graph.facebook.com{request.path}?{query}"
        return page

    # what it tells

    def states_of(self, taken: Taken) -> Sequence[EstadoMensagem]:
        states = super().states_of(taken)
        return [s for s in states if s is not EstadoMensagem.ENTREGUE] if self.options.skip_delivered else states

    def news(self, taken: Taken, estado: EstadoMensagem) -> Aviso | None:
        """Return the receipt; in batches it waits for others and is posted with them."""
        status = self._status(taken, estado)
        if self.options.batch <= 1:
            return self._signed(self.desk.statuses([status]))
        self._waiting.append(status)
        if len(self._waiting) >= self.options.batch:
            self.flush()
        elif len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(self.options.batch_pause_s, self.flush)
        return None

    def flush(self) -> None:
        """Post the receipts that wait."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self.avisos.post_soon(self._signed(self.desk.statuses(waiting)))

    def receive(self, person: Person, content: Content, *, quoted: str | None = None) -> Aviso:
        """Let a person write: the window opens, and the call that tells it is returned."""
        return self.receive_all([(person, content)], quoted=quoted)

    def receive_all(self, written: Sequence[tuple[Person, Content]], *, quoted: str | None = None) -> Aviso:
        """Let many write, told in one call."""
        now = self.clock()
        messages = []
        for person, content in written:
            self._received += 1
            self._wrote_at[person.wa_id] = now.timestamp()
            self._phones[person.user_id] = person.phone
            self._per_second.takes(now.timestamp())
            ident = f"wamid.HBgN{self._received:024d}"
            messages.append(self.desk.message(person, content, ident=ident, now=now, quoted=quoted))
        people = list({person.user_id: person for person, _ in written}.values())
        return self._signed(self.desk.messages(people, messages))

    def tell(self, field: str, value: Mapping[str, Any]) -> Aviso:
        """Return the call with news of the account."""
        return self._signed(self.desk.news(field, value, now=self.clock()))

    async def greet(self, verify_token: str, challenge: str = "1158201444") -> tuple[int, str]:
        """Ask the webhook whether it is ours, as Meta does when the address is typed in."""
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
        async with aiohttp.ClientSession() as session, session.get(self.avisos.url, params=query) as response:
            return response.status, await response.text()

    def _status(self, taken: Taken, estado: EstadoMensagem) -> dict[str, Any]:
        status: dict[str, Any] = {
            "id": taken.id,
            "status": _STATUS[estado],
            "timestamp": str(int(self.clock().timestamp())),
            "recipient_user_id": bsuid_of(taken.phone),
        }
        if not self.options.only_bsuid:
            status["recipient_id"] = whatsapp_id(taken.phone)
        if taken.key is not None:
            status["biz_opaque_callback_data"] = taken.key
        if estado is EstadoMensagem.FALHOU:
            return status | {"errors": [failure(int(taken.failure or _UNDELIVERABLE))]}
        pricing = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"}
        return status | {"pricing": pricing}

    def _signed(self, body: bytes) -> Aviso:
        return sign(body, "outro-segredo" if self.options.wrong_signature else self.options.app_secret)


def _dialled(phone: str) -> dict[str, str]:
    return {"input": f"+{phone}", "wa_id": whatsapp_id(phone)}
