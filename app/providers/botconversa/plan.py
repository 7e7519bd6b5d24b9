"""What one message asks of one account: which steps, which names, how many requests at most."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from app.providers.base import OutboundMessage
from app.providers.botconversa.catalog import Kind
from app.providers.botconversa.config import BotconversaConfig, Modo

OWN_ID: Final = "subscriber_id"  # a field only this side of the gateway can fill


@dataclass(frozen=True, slots=True)
class Plan:
    text: bool
    flow: bool
    flow_ref: str | None
    """Id or name; None although a flow is wanted means that nobody configured one."""
    fields: Mapping[str, str]
    """Our name -> theirs, of the fields this message has a value for."""
    decorations: tuple[tuple[Kind, str], ...]

    @classmethod
    def of(cls, config: BotconversaConfig, message: OutboundMessage) -> Self:
        flow = _wants_flow(config, message)
        wanted = message.flow or config.flow_id or config.flow_name
        decorations = ((Kind.ETIQUETA, config.tag), (Kind.CAMPANHA, config.campanha))
        return cls(
            text=config.modo is not Modo.OFICIAL or message.session_open,
            flow=flow,
            flow_ref=str(wanted) if flow and wanted else None,
            fields={ours: theirs for ours, theirs in config.campos.items() if ours == OWN_ID or ours in message.fields},
            decorations=tuple((kind, name) for kind, name in decorations if name is not None),
        )

    @property
    def flow_number(self) -> int | None:
        ref = self.flow_ref
        return int(ref) if ref is not None and ref.isascii() and ref.isdigit() else None

    @property
    def named_kinds(self) -> frozenset[Kind]:
        """What has to be looked up by name."""
        kinds = {kind for kind, _ in self.decorations}
        if self.fields:
            kinds.add(Kind.CAMPO)
        if self.flow_ref is not None and self.flow_number is None:
            kinds.add(Kind.FLUXO)
        return frozenset(kinds)

    @property
    def cost(self) -> int:
        """Requests once the contact and all ids are known."""
        return len(self.fields) + len(self.decorations) + self.text + self.flow


def _wants_flow(config: BotconversaConfig, message: OutboundMessage) -> bool:
    if config.modo is Modo.MENSAGEM_E_FLUXO:
        return message.flow != ""
    return config.modo is Modo.OFICIAL and not message.session_open
