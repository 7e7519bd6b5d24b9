"""What patients do, as Twilio tells it: every shape it is known to send, signed, and one that it did not send."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Final, Self
from urllib.parse import urlencode

from app.simulator.gateway import Aviso
from app.simulator.gateway.telefones import whatsapp_id
from app.simulator.twilio.account import digits
from app.simulator.twilio.signing import sign, with_body_hash

_FORM: Final = "application/x-www-form-urlencoded"
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Inbound:
    """Makes calls to one address. `sender` is the hospital's: with `whatsapp:` or, for SMS, without."""

    url: str
    token: str
    account_sid: str = "AC" + "0" * 32
    sender: str = "whatsapp:+553130000000"
    phone: str = "+5531987654321"
    name: str = "Maria"

    def of(self, phone: str, name: str = "Maria") -> Self:
        return replace(self, phone=phone, name=name)

    def text(self, body: str, **more: str) -> Aviso:
        return self._call({"Body": body, **more})

    def button(self, title: str, payload: str, about: str, *, in_session: bool = False) -> Aviso:
        kind = "interactive" if in_session else "button"
        fields = {"Body": title, "ButtonText": title, "ButtonPayload": payload, "MessageType": kind}
        return self._call({**fields, **self._quote(about)})

    def list_choice(self, title: str, row: str, about: str) -> Aviso:
        fields = {"Body": title, "ListId": row, "ListTitle": title, "MessageType": "interactive"}
        return self._call({**fields, **self._quote(about)})

    def quoted(self, body: str, about: str) -> Aviso:
        return self._call({"Body": body, **self._quote(about)})

    def media(self, content_type: str, caption: str = "") -> Aviso:
        url = f"https://api.twilio.com/2010-04-01/Accounts/{self.account_sid}/Messages/MM1/Media/ME1"
        kind = content_type.partition("/")[0]
        fields = {"Body": caption, "NumMedia": "1", "MediaContentType0": content_type, "MediaUrl0": url}
        return self._call({**fields, "MessageType": "document" if kind == "application" else kind})

    def location(self) -> Aviso:
        return self._call({"Body": "", "Latitude": "-19.9", "Longitude": "-43.9", "MessageType": "location"})

    def hidden_number(self, body: str, person: str = "BR.1a2b3c", *, about: str | None = None) -> Aviso:
        """Return the call of a person who has a user name: no number, no WaId."""
        fields = {"Body": body, "From": f"whatsapp:{person}", "ExternalUserId": f"whatsapp:{person}"}
        call = self._fields({**fields, **(self._quote(about) if about else {})})
        return self._signed({name: value for name, value in call.items() if name != "WaId"})

    def json(self, body: bytes) -> Aviso:
        url = with_body_hash(self.url, body)
        headers = {"Content-Type": "application/json", "X-Twilio-Signature": sign(self.token, url)}
        return Aviso(body, headers, url)

    def forged(self, body: str) -> Aviso:
        """Return a call that somebody else signed."""
        return replace(self, token="outro" + self.token).text(body)

    def _call(self, fields: Mapping[str, str]) -> Aviso:
        return self._signed(self._fields(fields))

    def _quote(self, about: str) -> dict[str, str]:
        return {"OriginalRepliedMessageSid": about, "OriginalRepliedMessageSender": self.sender}

    def _fields(self, more: Mapping[str, str]) -> dict[str, str]:
        sid = f"SM{next(_numbers):032x}"
        fields = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "From": self.phone,
            "MessageSid": sid,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": self.sender,
        }
        if self.sender.startswith("whatsapp:"):
            known = whatsapp_id(digits(self.phone))
            fields |= {"From": f"whatsapp:+{known}", "WaId": known, "ProfileName": self.name, "MessageType": "text"}
        else:
            fields |= {"FromCountry": "BR", "ToCountry": "BR"}
        return fields | dict(more)

    def _signed(self, fields: Mapping[str, str]) -> Aviso:
        signature = sign(self.token, self.url, fields.items())
        return Aviso(urlencode(fields).encode(), {"Content-Type": _FORM, "X-Twilio-Signature": signature}, self.url)
