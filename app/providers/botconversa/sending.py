"""One message on its way: contact, fields, tag and campaign, then what the patient sees."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final, TypeVar

from app.providers.base import (
    Ambiguous,
    Misconfigured,
    OutboundMessage,
    ProviderError,
    Receipt,
    Rejected,
    StepResult,
    Unavailable,
)
from app.providers.botconversa.catalog import Catalog, Kind
from app.providers.botconversa.client import BotconversaClient, Meter, NotFound
from app.providers.botconversa.contacts import ContactFinder
from app.providers.botconversa.plan import OWN_ID, Plan
from app.providers.measured import milliseconds_since

T = TypeVar("T")

_MAX_TEXT: Final = 4096  # WhatsApp's own limit


@dataclass(slots=True)
class Sending:
    """Good for one `run`. Keeps what was done, so that a failure can tell it."""

    message: OutboundMessage
    plan: Plan
    client: BotconversaClient
    meter: Meter
    catalog: Catalog
    contacts: ContactFinder
    _steps: list[StepResult] = field(default_factory=list)
    _subscriber_id: str | None = None
    _message_id: str | None = None
    _text_taken: bool = False
    _enrolled: set[tuple[str, Kind]] = field(default_factory=set)
    _doubts: list[Callable[[], None]] = field(default_factory=list)
    """What a 404 may be blamed on, besides a thing that does not exist."""

    async def run(self) -> Receipt:
        try:
            await self._deliver()
        except ProviderError as error:
            told = self._told(error).traced(self.meter.requests, self._steps, self._subscriber_id)
            if told is error:
                raise
            raise told from error
        return Receipt(self._subscriber_id, self._message_id, self.meter.requests, tuple(self._steps))

    def _told(self, error: ProviderError) -> ProviderError:
        """Once the patient has the text, no failure after it may lead to a repetition."""
        if self._text_taken and not isinstance(error, Ambiguous):
            return Ambiguous(f"texto enviado, fluxo não: {error.reason}")
        return error

    async def _deliver(self) -> None:
        if self.plan.text and not 0 < len(self.message.text) <= _MAX_TEXT:
            raise Rejected("texto vazio ou longo demais")
        if self.plan.flow and self.plan.flow_ref is None:
            raise Misconfigured("fluxo não configurado")
        self._subscriber_id = self.message.subscriber_id
        if self._subscriber_id is not None:
            self._doubts.append(self._forget_contact)
        if any(self.catalog.is_loaded(kind) for kind in self.plan.named_kinds):
            version = self.catalog.version
            self._doubts.append(lambda: self.catalog.drop(version))
        while not await self._reached():
            self._doubts.pop(0)()

    async def _reached(self) -> bool:
        """Go all the way; False when a remembered id turned out dead and may be looked up again."""
        try:
            await self._reach()
        except NotFound:
            if not self._doubts:
                raise
            return False
        return True

    def _forget_contact(self) -> None:
        self._subscriber_id = None

    async def _reach(self) -> None:
        if self._subscriber_id is None:
            self._subscriber_id = await self._contact()
        subscriber_id = self._subscriber_id
        flow = await self._flow_id() if self.plan.flow else None
        await self._write_fields(subscriber_id)
        for kind, name in self.plan.decorations:
            await self._decorate(subscriber_id, kind, name)
        if self.plan.text and not self._text_taken:
            text = self.client.send_message(subscriber_id, self.message.text)
            self._message_id = await self._step("mensagem", text, show=_message_id)
            self._text_taken = True
        if flow is not None:
            sent = self._existing("fluxo", self.client.send_flow(subscriber_id, flow))
            told = await self._step("fluxo", sent, show=_message_id)
            self._message_id = self._message_id or told

    async def _contact(self) -> str:
        found = self.contacts.find_or_create(self.client, self.message)
        subscriber, _ = await self._step(
            "contato", found, show=lambda pair: (pair[0].id, "criado" if pair[1] else "encontrado")
        )
        return subscriber.id

    async def _flow_id(self) -> int:
        number = self.plan.flow_number
        return number if number is not None else await self._id_of(Kind.FLUXO, self.plan.flow_ref or "")

    async def _id_of(self, kind: Kind, name: str) -> int:
        found = await self.catalog.find(kind, name, self.client)
        if found is None:
            raise Misconfigured(f"{kind} não existe na conta: {name}")
        return found

    async def _write_fields(self, subscriber_id: str) -> None:
        """Write every field before the send: a flow reads them when it runs. The first failure speaks for all."""
        writes = [
            self._step(f"campo {ours}", self._write(subscriber_id, ours, theirs))
            for ours, theirs in self.plan.fields.items()
        ]
        for failure in await asyncio.gather(*writes, return_exceptions=True):
            if failure is not None:
                raise failure

    async def _write(self, subscriber_id: str, ours: str, theirs: str) -> None:
        value = subscriber_id if ours == OWN_ID else self.message.fields[ours]
        custom_field = await self._id_of(Kind.CAMPO, theirs)
        await self._existing("campo", self.client.set_custom_field(subscriber_id, custom_field, value))

    async def _existing(self, thing: str, call: Awaitable[T]) -> T:
        """Tell whose 404 it is: when nothing was remembered the contact surely exists, so the thing does not."""
        try:
            return await call
        except NotFound:
            if self._doubts:
                raise
            raise Misconfigured(f"{thing} não existe na conta") from None

    async def _decorate(self, subscriber_id: str, kind: Kind, name: str) -> None:
        """Tag or enrol the contact, once. What fails here is shown and does not keep the patient from being asked."""
        if (subscriber_id, kind) in self._enrolled:
            return
        try:
            await self._step(str(kind), self._add(subscriber_id, kind, name))
            self._enrolled.add((subscriber_id, kind))
        except NotFound:
            if self._doubts:
                raise
        except (Unavailable, Ambiguous, Rejected):
            return

    async def _add(self, subscriber_id: str, kind: Kind, name: str) -> None:
        found = await self.catalog.find(kind, name, self.client)
        if found is None:
            raise Rejected(f"{kind} não existe na conta: {name}")
        if kind is Kind.ETIQUETA:
            await self.client.add_tag(subscriber_id, found)
        else:
            await self.client.add_to_campaign(subscriber_id, found)

    async def _step(
        self, name: str, work: Awaitable[T], *, show: Callable[[T], tuple[str | None, str]] = lambda _: (None, "")
    ) -> T:
        started = perf_counter()
        try:
            result = await work
        except ProviderError as error:
            self._steps.append(StepResult(name, ok=False, ms=milliseconds_since(started), detail=error.reason))
            raise
        shown, detail = show(result)
        self._steps.append(StepResult(name, ok=True, ms=milliseconds_since(started), detail=detail, id=shown))
        return result


def _message_id(told: str | None) -> tuple[str | None, str]:
    return told, "aceita"
