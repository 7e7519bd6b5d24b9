"""What an operator may do at Botconversa by hand: contacts, tags, campaigns, fields, texts and flows, by name."""

from collections.abc import Mapping, Sequence

from app.domain.telefone import TelefoneRecusado, parse_telefone
from app.providers.base import BadNumber, OutboundMessage, ProviderError, Rejected, StepResult
from app.providers.botconversa import BotconversaClient, BotconversaProvider, Catalog, Kind, Named, Subscriber


class BotconversaService:
    """Finds ids by name and calls one operation. Failures are ProviderErrors; nothing is repeated here."""

    def __init__(self, client: BotconversaClient, provider: BotconversaProvider, catalog: Catalog) -> None:
        self._client = client
        self._provider = provider
        self._catalog = catalog

    async def run_workflow(self, message: OutboundMessage) -> Sequence[StepResult]:
        """Send one message step by step and return every step, the failed one last, instead of raising."""
        try:
            receipt = await self._provider.send(message)
        except ProviderError as error:
            failed = any(not step.ok for step in error.steps)
            return error.steps if failed else (*error.steps, StepResult("envio", ok=False, ms=0.0, detail=error.reason))
        return receipt.steps

    # contacts

    async def find_subscriber(self, telefone: str) -> Subscriber | None:
        """Look a phone up in every form it may be written in."""
        return await self._provider.contacts.find(self._client, _e164(telefone))

    async def create_subscriber(self, telefone: str, first_name: str, last_name: str = "") -> Subscriber:
        """Return the contact of this phone, new or not."""
        contact, _ = await self._provider.contacts.find_or_create(
            self._client,
            OutboundMessage(key="", to=_e164(telefone), first_name=first_name, last_name=last_name, text=""),
        )
        return contact

    async def list_subscribers(self, page: int | None = None) -> Sequence[Subscriber]:
        return await self._client.list_subscribers(page)

    async def delete_subscriber(self, subscriber_id: str) -> None:
        await self._client.delete_subscriber(subscriber_id)

    # campaigns

    async def list_campaigns(self) -> Sequence[Named]:
        return await self._client.list_campaigns()

    async def create_campaign(self, name: str) -> Mapping[str, object]:
        return await self._client.create_campaign(name)

    async def read_campaign(self, campaign_id: int) -> Mapping[str, object]:
        return await self._client.read_campaign(campaign_id)

    async def delete_campaign(self, campaign_id: int) -> None:
        await self._client.delete_campaign(campaign_id)

    async def add_to_campaign(self, subscriber_id: str, name: str) -> None:
        await self._client.add_to_campaign(subscriber_id, await self._id_of(Kind.CAMPANHA, name))

    async def remove_from_campaign(self, subscriber_id: str, name: str) -> None:
        await self._client.remove_from_campaign(subscriber_id, await self._id_of(Kind.CAMPANHA, name))

    # tags and sequences

    async def list_tags(self) -> Sequence[Named]:
        return await self._client.list_tags()

    async def add_tag(self, subscriber_id: str, name: str) -> None:
        await self._client.add_tag(subscriber_id, await self._id_of(Kind.ETIQUETA, name))

    async def remove_tag(self, subscriber_id: str, name: str) -> None:
        await self._client.remove_tag(subscriber_id, await self._id_of(Kind.ETIQUETA, name))

    async def list_sequences(self) -> Sequence[Named]:
        return await self._client.list_sequences()

    async def add_to_sequence(self, subscriber_id: str, name: str) -> None:
        await self._client.add_to_sequence(subscriber_id, await self._id_of(Kind.SEQUENCIA, name))

    async def remove_from_sequence(self, subscriber_id: str, name: str) -> None:
        await self._client.remove_from_sequence(subscriber_id, await self._id_of(Kind.SEQUENCIA, name))

    # custom fields

    async def list_custom_fields(self) -> Sequence[Named]:
        return await self._client.list_custom_fields()

    async def set_custom_field(self, subscriber_id: str, name: str, value: str) -> None:
        await self._client.set_custom_field(subscriber_id, await self._id_of(Kind.CAMPO, name), value)

    async def clear_custom_field(self, subscriber_id: str, name: str) -> None:
        await self._client.clear_custom_field(subscriber_id, await self._id_of(Kind.CAMPO, name))

    # messages and flows

    async def send_message(self, subscriber_id: str, text: str) -> str | None:
        """Send a text now; the message's id if the gateway tells one."""
        return await self._client.send_message(subscriber_id, text)

    async def list_flows(self) -> Sequence[Named]:
        return await self._client.list_flows()

    async def send_flow(
        self, subscriber_id: str, *, flow_id: int | None = None, flow_name: str | None = None
    ) -> str | None:
        """Start a flow, told by its id or else by its name."""
        if flow_id is None and flow_name is None:
            raise Rejected("informe flow_id ou flow_name")
        number = flow_id if flow_id is not None else await self._id_of(Kind.FLUXO, flow_name or "")
        return await self._client.send_flow(subscriber_id, number)

    async def _id_of(self, kind: Kind, name: str) -> int:
        found = await self._catalog.find(kind, name, self._client)
        if found is None:
            raise Rejected(f"{kind} não existe na conta: {name}")
        return found


def _e164(telefone: str) -> str:
    """Read a phone as a person types it."""
    lido = parse_telefone(telefone)
    if isinstance(lido, TelefoneRecusado):
        raise BadNumber(f"telefone recusado: {lido.motivo}")
    return lido.e164
