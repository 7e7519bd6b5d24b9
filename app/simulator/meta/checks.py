"""What makes the Cloud API refuse a send before anybody is spoken to: shape, lengths, templates."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.simulator.meta.errors import refusal
from app.simulator.meta.options import SeedTemplate

Templates = Mapping[tuple[str, str], SeedTemplate]

_E164: Final = re.compile(r"\+[1-9]\d{6,14}")
_BSUID: Final = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_BREAKS: Final = re.compile(r"[\n\t]| {5}")
_KEYS: Final = frozenset(
    {"messaging_product", "recipient_type", "to", "recipient", "type", "context", "biz_opaque_callback_data"}
)
_NOT_SENT: Final[Mapping[str, int]] = {"PAUSED": 132015, "DISABLED": 132016}


@dataclass(frozen=True, slots=True)
class Said:
    """What a right body says."""

    kind: str
    """text, interactive or template."""
    text: str
    phone: str
    """Digits; "" where a user id stands in its place."""
    user_id: str | None
    key: str | None


class Wrong(Exception):  # noqa: N818 - named for what happened
    def __init__(self, code: int, details: str) -> None:
        super().__init__(details)
        self.answer = refusal(code, details)


def read_send(data: Any, templates: Templates) -> Said:
    """Return what the body says, or raise Wrong with the refusal."""
    if not isinstance(data, dict) or data.get("messaging_product") != "whatsapp":
        raise Wrong(100, "messaging_product must be whatsapp")
    kind = data.get("type", "text")
    read = _KINDS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise Wrong(131051, "Unsupported message type")
    if unexpected := set(data) - _KEYS - {kind}:
        raise Wrong(100, f"Unexpected key {min(unexpected)}")
    if data.get("recipient_type", "individual") != "individual":
        raise Wrong(100, "recipient_type must be individual")
    phone, user_id = _recipient(data)
    key = data.get("biz_opaque_callback_data")
    if key is not None and not (isinstance(key, str) and len(key) <= 512):  # noqa: PLR2004 - Meta's limit
        raise Wrong(100, "biz_opaque_callback_data must be at most 512 characters long")
    return Said(kind, read(_object(data.get(kind), kind), templates), phone, user_id, key)


def _recipient(data: Mapping[str, Any]) -> tuple[str, str | None]:
    to, recipient = data.get("to"), data.get("recipient")
    if to is None and isinstance(recipient, str) and _BSUID.fullmatch(recipient):
        return "", recipient
    if not isinstance(to, str) or not _E164.fullmatch(to):
        raise Wrong(100, f"The parameter to must be a phone number with + and country code: {to}")
    return to[1:], None


def _text(said: Mapping[str, Any], _: Templates) -> str:
    return _length(said.get("body"), "text.body", 4096)


def _interactive(said: Mapping[str, Any], _: Templates) -> str:
    if said.get("type") != "button":
        raise Wrong(131009, "interactive.type must be button")
    text = _length(_object(said.get("body"), "body").get("text"), "interactive.body.text", 1024)
    buttons = _object(said.get("action"), "action").get("buttons")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:  # noqa: PLR2004 - Meta's limit
        raise Wrong(131009, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")
    replies = [_object(_object(button, "button").get("reply"), "reply") for button in buttons]
    ids = [_length(reply.get("id"), "reply.id", 256) for reply in replies]
    titles = [_length(reply.get("title"), "reply.title", 20) for reply in replies]
    if len(set(ids)) < len(ids) or len(set(titles)) < len(titles):
        raise Wrong(131009, "Buttons must be unique")
    return text


def _template(said: Mapping[str, Any], templates: Templates) -> str:
    language = _object(said.get("language"), "language").get("code")
    seed = templates.get((str(said.get("name")), str(language)))
    if seed is None or seed.status not in {"APPROVED", *_NOT_SENT}:
        raise Wrong(132001, "template does not exist in the translation")
    if seed.status in _NOT_SENT:
        raise Wrong(_NOT_SENT[seed.status], "template is not active")
    components = said.get("components", [])
    if not isinstance(components, list):
        raise Wrong(131009, "components must be an array")
    parts = [_object(component, "component") for component in components]
    parameters: Any = next((part.get("parameters") for part in parts if part.get("type") == "body"), [])
    _check_buttons([part for part in parts if part.get("type") == "button"], seed)
    return seed.fill(_values(parameters, seed))


def _values(parameters: Any, seed: SeedTemplate) -> dict[str, str]:
    if not isinstance(parameters, list) or len(parameters) != len(seed.variables):
        raise Wrong(132000, "number of localizable_params does not match the expected number of params")
    values: dict[str, str] = {}
    for variable, given in zip(seed.variables, parameters, strict=True):
        parameter = _object(given, "parameter")
        name = str(parameter.get("parameter_name", variable if not seed.named else ""))
        if name in seed.variables:
            values[name] = _fit(parameter)
    if len(values) != len(seed.variables):
        raise Wrong(132000, "Parameter name is missing or empty")
    return values


def _fit(parameter: Mapping[str, Any]) -> str:
    text = parameter.get("text")
    if parameter.get("type") != "text" or not isinstance(text, str) or not text:
        raise Wrong(131008, "Parameter of type text is missing text value")
    if _BREAKS.search(text):
        raise Wrong(132012, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces")
    return text


def _check_buttons(parts: list[Mapping[str, Any]], seed: SeedTemplate) -> None:
    for part in parts:
        parameters = part.get("parameters")
        index = str(part.get("index"))
        if part.get("sub_type") != "quick_reply" or index not in map(str, range(len(seed.buttons))):
            raise Wrong(132012, "button at that index is not a quick reply of the template")
        payloads = [_object(given, "parameter") for given in parameters] if isinstance(parameters, list) else []
        if len(payloads) != 1 or payloads[0].get("type") != "payload":
            raise Wrong(131008, "button parameter payload is required")
        _length(payloads[0].get("payload"), "payload", 256)


def _length(value: Any, name: str, most: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Wrong(100, f"The parameter {name} is required.")
    if len(value) > most:
        raise Wrong(100, f"Param {name} must be at most {most} characters long: {value}")
    return value


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Wrong(100, f"Param {name} must be a JSON object")
    return value


_KINDS: Final[Mapping[str, Callable[[Mapping[str, Any], Templates], str]]] = {
    "text": _text,
    "interactive": _interactive,
    "template": _template,
}
