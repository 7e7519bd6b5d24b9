"""Finding or creating a contact: the written forms of a phone, and which of them an account understands."""

import asyncio
import re
from typing import Final

from app.domain.telefone import chave_telefone
from app.providers.base import OutboundMessage, Rejected
from app.providers.botconversa.client import BotconversaClient, Subscriber

_WITH_NINTH: Final = re.compile(r"(55[1-9][1-9])9([6-9]\d{7})")
_WITHOUT_NINTH: Final = re.compile(r"(55[1-9][1-9])([6-9]\d{7})")
_PREFIXES: Final = ("", "%2B")
_NO_SURNAME: Final = "."  # the API wants one


def phone_variants(digits: str) -> tuple[str, ...]:
    """Return the number as it is, then with its ninth digit removed or added."""
    if found := _WITH_NINTH.fullmatch(digits):
        return digits, found[1] + found[2]
    if found := _WITHOUT_NINTH.fullmatch(digits):
        return digits, f"{found[1]}9{found[2]}"
    return (digits,)


class ContactFinder:
    """Looks up first and creates second; learns from the first contact whether `+` belongs in the address.

    Until that is known one message probes while the others wait: half the look-ups of a first run are saved,
    and the number of requests does not depend on which answer came back first.
    """

    def __init__(self) -> None:
        self._prefixes: tuple[str, ...] = _PREFIXES
        self._is_sure = False
        self._probing = asyncio.Lock()

    def cost(self, to: str) -> int:
        """Return the most that finding or creating a contact spends."""
        lookups = len(self._prefixes) * len(phone_variants(_digits(to)))
        return lookups + 1 + (0 if self._is_sure else len(_PREFIXES))

    async def find_or_create(self, client: BotconversaClient, message: OutboundMessage) -> tuple[Subscriber, bool]:
        """Return the contact, and whether it was created just now."""
        if self._is_sure:
            return await self._resolve(client, message)
        if self._probing.locked():
            async with self._probing:
                pass  # the probe has ended, well or badly; a failed one must not make a queue of slow failures
            return await self._resolve(client, message)
        async with self._probing:
            subscriber, created = await self._resolve(client, message)
            if created and not self._is_sure:
                await self._learn_from(client, subscriber)
            return subscriber, created

    async def find(self, client: BotconversaClient, to: str) -> Subscriber | None:
        """Try each form until one finds this very line."""
        digits = _digits(to)
        for variant in phone_variants(digits):
            for prefix in self._prefixes:
                found = await client.find_subscriber(prefix + variant)
                if found is not None and _is_same_line(found.phone, digits):
                    self._learn(prefix)
                    return found
        return None

    async def _resolve(self, client: BotconversaClient, message: OutboundMessage) -> tuple[Subscriber, bool]:
        found = await self.find(client, message.to)
        if found is not None:
            return found, False
        name, surname = message.first_name.strip() or _NO_SURNAME, message.last_name.strip() or _NO_SURNAME
        created = await client.create_subscriber(_digits(message.to), name, surname)
        if created is not None:
            if not _is_same_line(created.phone, _digits(message.to)):
                raise Rejected("a Botconversa devolveu outro contato")
            return created, True
        found = await self.find(client, message.to)
        if found is None:
            raise Rejected("a Botconversa não devolveu o contato criado")
        return found, True

    async def _learn_from(self, client: BotconversaClient, subscriber: Subscriber) -> None:
        for prefix in _PREFIXES:
            if await client.find_subscriber(prefix + _digits(subscriber.phone)) is not None:
                return self._learn(prefix)
        self._is_sure = True  # neither form finds what was just created: keep trying both
        return None

    def _learn(self, prefix: str) -> None:
        self._prefixes, self._is_sure = (prefix,), True


def _digits(phone: str) -> str:
    return re.sub(r"\D", "", phone)


def _is_same_line(returned: str, digits: str) -> bool:
    """Refuse a contact with another number: it is not this patient, whatever the search meant by it."""
    return not returned or chave_telefone(returned) == chave_telefone(digits)
