"""What a gateway brought us, in our words: an answer of a patient or news of a message."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Recebida:
    """One inbound event. What the gateway left out is None; a patient may well have written nothing."""

    kind: Literal["resposta", "status"]
    telefone: str | None = None
    """As it came: any format."""
    subscriber_id: str | None = None
    texto: str = ""
    message_id: str | None = None
    sent_at: datetime | None = None
    """When the patient wrote it (UTC); n8n does not keep the order of arrival."""
    atendimento_id: int | None = None
    """`id_tabela`."""
    nr_seq_agenda: str | None = None
    nome: str | None = None
    quoted_id: str | None = None
    status: str | None = None
    corpo: str | None = None
    """This event's own part of the body, where one call brought several: what is kept of one patient names no other."""
