"""What a gateway brought us, in our words: an answer of a patient, news of a message, news of the account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.domain.confirmacao import EstadoMensagem
from app.domain.entrega import Falha


@dataclass(frozen=True, slots=True)
class Recebida:
    """One inbound event. What the gateway left out is None; a patient may well have written nothing."""

    kind: Literal["resposta", "status", "conta"]
    """`conta`: news of the account itself (disconnected, a template approved): nobody's message."""
    telefone: str | None = None
    """As it came: any format."""
    subscriber_id: str | None = None
    """The gateway's own id of the person, where it is not the phone."""
    texto: str = ""
    """What the patient wrote; of a button its label, of a picture its caption."""
    message_id: str | None = None
    """The gateway's id of this event's own message."""
    sent_at: datetime | None = None
    """When the patient wrote it, or when the news happened (UTC); gateways do not keep the order of arrival."""
    atendimento_id: int | None = None
    """`id_tabela`."""
    nr_seq_agenda: str | None = None
    nome: str | None = None
    quoted_id: str | None = None
    """The gateway's id of our message that the patient quoted, or whose button was touched."""
    botao: str | None = None
    """The payload of the button or list row that was touched, as we sent it."""
    midia: str | None = None
    """What came instead of text: audio, image, video, document, sticker, location, contact, reaction, other."""
    status: str | None = None
    """`status` and `conta`: the gateway's own word."""
    estado: EstadoMensagem | None = None
    """`status`: enviada, entregue, lida or falhou; None is a word we do not know."""
    about_id: str | None = None
    """`status`: the gateway's id of our message."""
    our_key: str | None = None
    """`status`: our own key, where the gateway gives it back."""
    falha: Falha | None = None
    codigo: str | None = None
    """The gateway's code behind `falha`."""
    corpo: str | None = None
    """This event's own part of the body, where one call brought several: what is kept of one patient names no other."""
