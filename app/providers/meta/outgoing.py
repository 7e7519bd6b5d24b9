"""The body of one send: a template outside the 24 hours, inside them a text with or without buttons."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

from app.providers.base import BadNumber, Button, OutboundMessage, OutsideWindow, Rejected, Template

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
BSUID: Final = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
"""Meta's id of a person, the same whatever their number is called."""
_UNFIT: Final = re.compile(r"[\n\r\t]| {5,}")
_LONGEST_TEXT: Final = 4096
_LONGEST_WITH_BUTTONS: Final = 1024
_LONGEST_PAYLOAD: Final = 256
_LONGEST_TITLE: Final = 20
_MOST_BUTTONS: Final = 3
_MOST_PAYLOADS: Final = 10


class Form(StrEnum):
    """What was sent, as the operator reads it."""

    TEMPLATE = "modelo"
    TEXT = "mensagem"
    BUTTONS = "mensagem com botões"


def compose(message: OutboundMessage, *, botoes: bool) -> tuple[Form, dict[str, Any]]:
    """Return the form and body of a message, or raise the refusal that Meta would answer: it costs no request."""
    body = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_recipient(message),
        "biz_opaque_callback_data": message.key,
    }
    if message.flow is not None:
        raise Rejected("a API da Meta não inicia fluxos")
    if not message.session_open:
        if message.template is None:
            raise OutsideWindow("fora das 24 horas e sem modelo aprovado")
        return Form.TEMPLATE, body | {"type": "template", "template": _template(message.template)}
    _check_text(message.text)
    # the text says in words what may be answered: where buttons do not fit, nothing is lost without them
    if botoes and message.buttons and len(message.text) <= _LONGEST_WITH_BUTTONS:
        return Form.BUTTONS, body | {"type": "interactive", "interactive": _interactive(message)}
    return Form.TEXT, body | {"type": "text", "text": {"preview_url": False, "body": message.text}}


def _recipient(message: OutboundMessage) -> dict[str, str]:
    if _E164.fullmatch(message.to):
        return {"to": message.to}  # with its +: without, Meta may put the country of the business in front
    if not message.to and message.subscriber_id is not None and BSUID.fullmatch(message.subscriber_id):
        return {"recipient": message.subscriber_id}
    raise BadNumber("o telefone não está no formato internacional")


def _check_text(text: str) -> None:
    if not text.strip():
        raise Rejected("texto vazio")
    if len(text) > _LONGEST_TEXT:
        raise Rejected(f"texto acima de {_LONGEST_TEXT} caracteres")


def _interactive(message: OutboundMessage) -> dict[str, Any]:
    _check_buttons(message.buttons)
    buttons = [{"type": "reply", "reply": {"id": b.payload, "title": b.title}} for b in message.buttons]
    return {"type": "button", "body": {"text": message.text}, "action": {"buttons": buttons}}


def _check_buttons(buttons: Sequence[Button]) -> None:
    if len(buttons) > _MOST_BUTTONS:
        raise Rejected(f"mais de {_MOST_BUTTONS} botões")
    if not all(b.title.strip() and len(b.title) <= _LONGEST_TITLE for b in buttons):
        raise Rejected(f"botão sem rótulo, ou acima de {_LONGEST_TITLE} caracteres")
    for own in ("payload", "title"):
        if len({getattr(b, own) for b in buttons}) < len(buttons):
            raise Rejected("dois botões iguais")
    _check_payloads([b.payload for b in buttons])


def _check_payloads(payloads: Sequence[str]) -> None:
    if not all(0 < len(payload) <= _LONGEST_PAYLOAD for payload in payloads):
        raise Rejected(f"conteúdo de botão vazio ou acima de {_LONGEST_PAYLOAD} caracteres")


def _template(template: Template) -> dict[str, Any]:
    if not template.name or not template.language:
        raise Rejected("modelo sem nome ou idioma")
    if len(template.payloads) > _MOST_PAYLOADS:
        raise Rejected(f"modelo com mais de {_MOST_PAYLOADS} botões")
    _check_payloads(template.payloads)
    components = [_button(index, payload) for index, payload in enumerate(template.payloads)]
    if template.values:
        parameters = [_parameter(name, value, named=template.named) for name, value in template.values]
        components.insert(0, {"type": "body", "parameters": parameters})
    said: dict[str, Any] = {"name": template.name, "language": {"code": template.language}}
    return said | {"components": components} if components else said


def _parameter(name: str, value: str, *, named: bool) -> dict[str, str]:
    if not value.strip():
        raise Rejected("variável do modelo vazia")
    if len(value) > _LONGEST_WITH_BUTTONS or _UNFIT.search(value):
        raise Rejected("variável do modelo com quebra de linha, tabulação, espaços em série ou longa demais")
    own = {"parameter_name": name} if named else {}
    return {"type": "text", **own, "text": value}


def _button(index: int, payload: str) -> dict[str, Any]:
    return {
        "type": "button",
        "sub_type": "quick_reply",
        "index": str(index),
        "parameters": [{"type": "payload", "payload": payload}],
    }
