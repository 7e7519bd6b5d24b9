"""The form of one message: which of text and template leaves, and what is refused before anybody is called."""

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from app.providers.base import OutboundMessage, OutsideWindow, Rejected, Template, TemplateRefused
from app.providers.twilio.config import CONTENT_SID, TwilioConfig
from app.providers.twilio.medium import Medium
from app.providers.twilio.webhook import KEY_PARAMETER

LONGEST_TEXT: Final = 1600
_MOST_VARIABLES: Final = 100


def build_form(
    message: OutboundMessage, config: TwilioConfig, medium: Medium, *, webhook_url: str | None
) -> Mapping[str, str]:
    """Return the fields to post, or raise the Rejected that says what this channel cannot do."""
    sender = (
        {"From": medium.prefix + config.remetente}
        if config.remetente is not None
        else {"MessagingServiceSid": config.messaging_service_sid or ""}
    )
    callback = {"StatusCallback": _callback(webhook_url, message.key)} if webhook_url else {}
    return {"To": medium.prefix + message.to, **sender, **_content(message, config, medium), **callback}


def _content(message: OutboundMessage, config: TwilioConfig, medium: Medium) -> Mapping[str, str]:
    if message.flow is not None:
        raise Rejected("a Twilio não tem fluxos")
    if medium.templates and not message.session_open:
        if message.template is None:
            raise OutsideWindow("fora das 24 horas e sem modelo aprovado")
        return _template(message.template, config)
    if not 0 < len(message.text) <= LONGEST_TEXT:
        raise Rejected("texto vazio ou longo demais")
    return {"Body": message.text}  # Twilio has buttons inside contents only; the text says by itself what to answer


def _template(template: Template, config: TwilioConfig) -> Mapping[str, str]:
    if not CONTENT_SID.fullmatch(template.name):
        raise TemplateRefused("o modelo não tem um ContentSid")
    names = [name if template.named else str(place) for place, (name, _) in enumerate(template.values, 1)]
    variables = dict(zip(names, (value for _, value in template.values), strict=True))
    if template.name in config.modelos_com_payload:
        first = len(variables) + 1
        variables |= {str(place): payload for place, payload in enumerate(template.payloads, first)}
    if len(variables) > _MOST_VARIABLES:
        raise TemplateRefused("variáveis demais para um modelo")
    content = {"ContentSid": template.name}
    return content | {"ContentVariables": json.dumps(variables, ensure_ascii=False)} if variables else content


def _callback(webhook_url: str, key: str) -> str:
    return f"{webhook_url}{'&' if '?' in webhook_url else '?'}{KEY_PARAMETER}={quote(key, safe='')}"
