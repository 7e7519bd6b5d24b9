"""Reading what Twilio tells us: an answer of a patient, or what became of a message. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from app.domain.confirmacao import EstadoMensagem
from app.providers.base import UnreadableWebhook, WebhookCall
from app.providers.ids import read_id
from app.providers.lote import unheard_of
from app.providers.twilio.codes import falha_of, read_code
from app.providers.twilio.form import read_form
from app.schemas.campos import clean_text
from app.schemas.recebida import Recebida

Form = Mapping[str, str]

KEY_PARAMETER: Final = "k"
_SIDS: Final = ("MessageSid", "SmsSid", "SmsMessageSid")
_KEY: Final = re.compile(r"[0-9a-z.-]{1,64}")
_PHONE: Final = re.compile(r"\+?[0-9]{3,15}")
_PERSON: Final = re.compile(r"[A-Za-z]{2}\.[\w.-]{1,128}", re.ASCII)
_UNUSED: Final = frozenset({"CallSid", "PayloadType"})  # of a telephone call; an alarm of the account
_INBOUND: Final = frozenset({"received", "receiving"})
_ESTADOS: Final[Mapping[str, EstadoMensagem]] = {
    # Twilio has it: proof enough for a message whose answer was lost
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), EstadoMensagem.ENVIADA),
    "delivered": EstadoMensagem.ENTREGUE,
    "read": EstadoMensagem.LIDA,
    **dict.fromkeys(("failed", "undelivered", "canceled"), EstadoMensagem.FALHOU),
}
_CONTENT_TYPES: Final[tuple[tuple[str, str], ...]] = (
    ("image/webp", "sticker"),
    ("image/", "image"),
    ("audio/", "audio"),
    ("video/", "video"),
    ("text/vcard", "contact"),
    ("text/x-vcard", "contact"),
    ("text/directory", "contact"),
    ("application/", "document"),
    ("text/", "document"),
)
_MESSAGE_TYPES: Final[Mapping[str, str]] = {
    "contacts": "contact",
    **{kind: kind for kind in ("audio", "image", "video", "document", "sticker", "location", "contact", "reaction")},
    **dict.fromkeys(("order", "system", "unsupported", "unknown"), "other"),
}


def parse_webhook(call: WebhookCall) -> Sequence[Recebida]:
    """Return the event of one call, or none; UnreadableWebhook has a sentence for whoever set it up."""
    text = call.body.decode("utf-8", "replace")
    if text.lstrip()[:1] in {"{", "["}:
        return _read_json(text)
    fields = read_form(call.body)
    if fields is None:
        raise UnreadableWebhook("corpo_grande", "O formulário é maior do que a Twilio os faz.")
    form = {name: clean_text(values[0]) for name, values in fields.items()}
    if "AccountSid" not in form and _sid(form) is None:
        raise UnreadableWebhook(
            "formato_desconhecido",
            "O corpo não é um formulário da Twilio: em Messaging, aponte o número ou o serviço para este endereço.",
        )
    if _sid(form) is None:
        return () if _UNUSED & form.keys() else (unheard_of(form.get("EventType", "formulário")),)
    status = (form.get("MessageStatus") or form.get("SmsStatus") or "received").strip().lower()
    return _read_answer(form) if status in _INBOUND else (_read_status(form, status, _key(call.url)),)


def _read_json(text: str) -> Sequence[Recebida]:
    """Accept Twilio's event streams, of which we use nothing."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableWebhook("json_invalido", "O corpo não é um JSON válido nem um formulário.") from None
    return ()


def _read_status(form: Form, status: str, key: str | None) -> Recebida:
    telefone, person = _address(form.get("To", ""))
    estado = _ESTADOS.get(status)
    has_failed = estado is EstadoMensagem.FALHOU
    code = read_code(form.get("ErrorCode")) if has_failed else None
    return Recebida(
        kind="status",
        telefone=telefone,
        subscriber_id=person,
        status=status,
        estado=estado,
        about_id=read_id(_sid(form)),
        our_key=key,
        falha=falha_of(code) if has_failed else None,
        codigo=str(code) if code is not None else None,
    )


def _read_answer(form: Form) -> Sequence[Recebida]:
    sender = form.get("From", "").strip()
    telefone, person = _address(sender)
    telefone = telefone or _address(form.get("WaId", ""))[0]
    person = _address(form.get("ExternalUserId", ""))[1] or person
    if telefone is None and person is None:
        if sender:
            return ()  # a name instead of a number, or another network: nobody we could have asked
        raise UnreadableWebhook("sem_identificacao", "A chamada da Twilio veio sem remetente (From).", campo="From")
    recebida = Recebida(
        kind="resposta",
        telefone=telefone,
        subscriber_id=person,
        texto=form.get("Body") or form.get("ButtonText") or form.get("ListTitle") or "",
        message_id=_sid(form),
        nome=form.get("ProfileName") or None,
        quoted_id=read_id(form.get("OriginalRepliedMessageSid")),
        botao=form.get("ButtonPayload") or form.get("ListId") or None,
        midia=_midia(form),
    )
    return (recebida,)


def _sid(form: Form) -> str | None:
    return next((form[name] for name in _SIDS if form.get(name)), None)


def _address(value: str) -> tuple[str | None, str | None]:
    """Return the phone, or the id WhatsApp gives a person who hides it."""
    bare = value.strip().removeprefix("whatsapp:").strip()
    if _PHONE.fullmatch(bare):
        return bare, None
    return None, bare if _PERSON.fullmatch(bare) else None


def _key(url: str) -> str | None:
    query = read_form(url.partition("#")[0].partition("?")[2].encode("utf-8", "replace")) or {}
    told = query.get(KEY_PARAMETER, [""])[0]
    return told if _KEY.fullmatch(told) else None


def _midia(form: Form) -> str | None:
    told = _MESSAGE_TYPES.get(form.get("MessageType", "").strip().lower())
    content_type = form.get("MediaContentType0", "").strip().lower()
    if content_type or form.get("NumMedia", "0").strip() not in {"", "0"}:
        kind = next((kind for start, kind in _CONTENT_TYPES if content_type.startswith(start)), "other")
        return told or kind
    if form.get("Latitude") and form.get("Longitude"):
        return "location"
    return told
