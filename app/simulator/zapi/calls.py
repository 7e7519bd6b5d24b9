"""What Z-API posts to the hospital: every shape it is known to use, and the odd ones."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Final

import msgspec

from app.simulator.gateway import Aviso, whatsapp_id

Body = dict[str, Any]

TOKEN_HEADER: Final = "z-api-token"  # noqa: S105  a header's name
_EXPIRES: Final = "https://arquivos.invalid/ficticio"
_MEDIA: Final[Mapping[str, Body]] = {
    "image": {"mimeType": "image/jpeg", "imageUrl": _EXPIRES, "thumbnailUrl": _EXPIRES, "caption": ""},
    "audio": {"mimeType": "audio/ogg; codecs=opus", "audioUrl": _EXPIRES},
    "video": {"mimeType": "video/mp4", "videoUrl": _EXPIRES, "caption": ""},
    "document": {"mimeType": "application/pdf", "documentUrl": _EXPIRES, "fileName": "exame.pdf", "pageCount": 1},
    "sticker": {"mimeType": "image/webp", "stickerUrl": _EXPIRES},
    "location": {"longitude": -43.9, "latitude": -19.9, "address": "", "url": ""},
    "contact": {"displayName": "Contato", "vCard": "BEGIN:VCARD\nEND:VCARD", "phones": []},
    "poll": {"question": "?", "options": []},
}


@dataclass(frozen=True, slots=True)
class Patient:
    phone: str
    """Digits, as the hospital dials them."""
    name: str = "Maria"

    @property
    def lid(self) -> str:
        """The id under which WhatsApp hides the phone."""
        digest = hashlib.blake2b(self.phone.encode(), digest_size=6).digest()
        return f"{int.from_bytes(digest):015}@lid"


class Calls:
    """Builds the bodies of one instance; their ids count up, so that a run can be repeated."""

    def __init__(self, instance_id: str, clock: Callable[[], datetime], *, token: str | None = None) -> None:
        """`token` goes along in z-api-token; None leaves the header out."""
        self.instance_id = instance_id
        self.token = token
        self.ninth_digit = False
        """Write phones as they were dialled, not as WhatsApp knows them."""
        self._clock = clock
        self._numbers = count(1)

    def aviso(self, body: Mapping[str, Any], *, url: str | None = None) -> Aviso:
        headers = {"content-type": "application/json"}
        if self.token is not None:
            headers[TOKEN_HEADER] = self.token
        return Aviso(msgspec.json.encode(body), headers, url)

    # what a patient does

    def text(self, patient: Patient, texto: str, *, quoted: str | None = None) -> Body:
        return self._received(patient, text={"message": texto}, referenceMessageId=quoted)

    def button(self, patient: Patient, button_id: str, label: str, *, quoted: str) -> Body:
        touched = {"buttonId": button_id, "message": label}
        return self._received(patient, buttonsResponseMessage=touched, referenceMessageId=quoted)

    def list_choice(self, patient: Patient, row_id: str, title: str, *, quoted: str, description: str = "") -> Body:
        chosen = {"message": description, "title": title, "selectedRowId": row_id}
        return self._received(patient, listResponseMessage=chosen, referenceMessageId=quoted)

    def media(self, patient: Patient, kind: str, *, caption: str | None = None) -> Body:
        content = _MEDIA[kind] if caption is None else {**_MEDIA[kind], "caption": caption}
        return self._received(patient, **{kind: content})

    def reaction(self, patient: Patient, emoji: str, *, about: str) -> Body:
        referenced = {"messageId": about, "fromMe": True, "phone": self._phone(patient.phone), "participant": None}
        content = {"value": emoji, "time": self._now(), "reactionBy": self._phone(patient.phone)}
        return self._received(patient, reaction={**content, "referencedMessage": referenced})

    def hidden(self, body: Body, patient: Patient) -> Body:
        """Return the same call with WhatsApp's id where the phone stands."""
        return {**body, "phone": patient.lid}

    def edited(self, body: Body, texto: str) -> Body:
        """Return the call that corrects an earlier text: it has the first one's id."""
        return {**body, "text": {"message": texto}, "isEdit": True, "momment": body["momment"] + 5000}

    # what nobody must take for an answer

    def own(self, patient: Patient, texto: str) -> Body:
        return {**self.text(patient, texto), "fromMe": True}

    def group(self, patient: Patient, texto: str) -> Body:
        phone = f"{self._phone(patient.phone)}-group"
        return {**self.text(patient, texto), "isGroup": True, "phone": phone, "participantPhone": patient.phone}

    def waiting(self, patient: Patient) -> Body:
        return {**self._received(patient), "waitingMessage": True}

    def missed_call(self, patient: Patient) -> Body:
        return self._received(patient, notification="CALL_MISSED_VOICE", notificationParameters=[], callId="F44E")

    # news

    def status(self, word: str, phone: str, *ids: str) -> Body:
        return {
            "instanceId": self.instance_id,
            "status": word,
            "ids": list(ids),
            "momment": self._now(),
            "phoneDevice": 0,
            "phone": self._phone(phone),
            "type": "MessageStatusCallback",
            "isGroup": False,
        }

    def departure(
        self, message_id: str, phone: str, *, error: str | None = None, error_code: str | None = None
    ) -> Body:
        body: Body = {
            "phone": phone,
            "zaapId": hashlib.blake2b(message_id.encode(), digest_size=16).hexdigest().upper(),
            "messageId": message_id,
            "type": "DeliveryCallback",
            "instanceId": self.instance_id,
            "momment": self._now(),
        }
        told = {"error": error, "errorCode": error_code}
        return body | {key: value for key, value in told.items() if value is not None}

    def disconnected(self) -> Body:
        told = {"error": "Device has been disconnected", "disconnected": True, "type": "DisconnectedCallback"}
        return {"momment": self._now(), **told, "instanceId": self.instance_id}

    def connected(self, phone: str = "553130000000") -> Body:
        told = {"connected": True, "phone": phone, "type": "ConnectedCallback"}
        return {"momment": self._now(), **told, "instanceId": self.instance_id}

    def _received(self, patient: Patient, **content: Any) -> Body:
        body: Body = dict.fromkeys(("isStatusReply", "waitingMessage", "isEdit", "isGroup", "isNewsletter"), False)
        body |= {
            "chatLid": patient.lid,
            "connectedPhone": "553130000000",
            "instanceId": self.instance_id,
            "messageId": f"3EB0{next(self._numbers):016X}",
            "phone": self._phone(patient.phone),
            "fromMe": False,
            "momment": self._now(),
            "status": "RECEIVED",
            "chatName": patient.name,
            "senderPhoto": None,
            "senderName": patient.name,
            "photo": None,
            "broadcast": False,
            "participantPhone": None,
            "participantLid": None,
            "forwarded": False,
            "type": "ReceivedCallback",
            "fromApi": False,
        }
        return body | {key: value for key, value in content.items() if value is not None}

    def _phone(self, digits: str) -> str:
        return digits if self.ninth_digit else whatsapp_id(digits)

    def _now(self) -> int:
        return int(self._clock().timestamp() * 1000)
