"""The account's approved texts as Meta lists them, page by page."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import urlencode

from app.providers.base import TemplateState

_FIELDS: Final = "name,status,category,language,components,parameter_format,rejected_reason"
_PER_PAGE: Final = 100
_VARIABLE: Final = re.compile(r"\{\{\s*([A-Za-z0-9_]{1,64})\s*\}\}")

Estado = Literal["aprovado", "pendente", "recusado", "pausado", "desativado"]
_ESTADOS: Final[Mapping[str, Estado]] = {
    "APPROVED": "aprovado",
    "PENDING": "pendente",
    "IN_APPEAL": "pendente",
    "REJECTED": "recusado",
    "PAUSED": "pausado",
    "DISABLED": "desativado",
    "LIMIT_EXCEEDED": "desativado",
    "ARCHIVED": "desativado",
    "PENDING_DELETION": "desativado",
    "DELETED": "desativado",
}


def page_path(waba_id: str, after: str | None) -> str:
    """Return where one page is; the address Meta tells for the next one is not followed: it repeats the token."""
    query = {"fields": _FIELDS, "limit": str(_PER_PAGE)} | ({"after": after} if after else {})
    return f"{waba_id}/message_templates?{urlencode(query)}"


def read_page(data: object) -> tuple[list[TemplateState], str | None] | None:
    """Return one page's templates and the cursor of the next page; None is not a page."""
    if not isinstance(data, dict) or not isinstance(data.get("data"), list):
        return None
    states = [state for row in data["data"] if (state := _state(row)) is not None]
    paging = _object(data.get("paging"))
    after = _object(paging.get("cursors")).get("after")
    return states, after if paging.get("next") and isinstance(after, str) and after else None


def _state(row: object) -> TemplateState | None:
    data = _object(row)
    name, language = data.get("name"), data.get("language")
    if not isinstance(name, str) or not isinstance(language, str):
        return None
    listed = data.get("components")
    parts = [_object(part) for part in listed] if isinstance(listed, list) else []
    named = str(data.get("parameter_format", "")).upper() == "NAMED"
    rejected = data.get("rejected_reason")
    return TemplateState(
        name=name,
        language=language,
        state=_ESTADOS.get(str(data.get("status", "")).upper(), "pendente"),  # a state nobody knows is not sent with
        category=str(data.get("category", "")).lower(),
        variables=_variables(parts, named=named),
        named=named,
        buttons=sum(_quick_replies(part) for part in parts),
        reason=rejected if isinstance(rejected, str) and rejected not in {"", "NONE"} else None,
    )


def _variables(parts: list[Mapping[str, Any]], *, named: bool) -> tuple[str, ...]:
    text = next((str(part.get("text", "")) for part in parts if _kind(part) == "BODY"), "")
    found = list(dict.fromkeys(_VARIABLE.findall(text)))
    if named or not all(name.isdigit() for name in found):
        return tuple(found)
    return tuple(sorted(found, key=int))  # "{{2}} … {{1}}": the values go by number


def _quick_replies(part: Mapping[str, Any]) -> int:
    buttons = part.get("buttons")
    if _kind(part) != "BUTTONS" or not isinstance(buttons, list):
        return 0
    return sum(_kind(_object(button)) == "QUICK_REPLY" for button in buttons)


def _kind(part: Mapping[str, Any]) -> str:
    return str(part.get("type", "")).upper()


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
