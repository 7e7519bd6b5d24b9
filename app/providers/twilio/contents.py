"""The account's contents as approved texts. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from app.providers.base import TemplateState
from app.providers.twilio.client import Row

_State = Literal["aprovado", "pendente", "recusado", "pausado", "desativado"]

_STATES: Final[Mapping[str, _State]] = {
    "approved": "aprovado",
    "pending": "pendente",
    "received": "pendente",
    "rejected": "recusado",
    "paused": "pausado",
    "disabled": "desativado",
}
_VARIABLE: Final = re.compile(r"\{\{\s*([^{}\s]{1,64})\s*\}\}")
_QUICK_REPLY: Final = "twilio/quick-reply"


def read_contents(rows: Sequence[Row]) -> list[TemplateState]:
    """Return what was submitted to WhatsApp; a content that never was is for open conversations only."""
    return [state for row in rows if (state := _read(row)) is not None]


def _read(row: Row) -> TemplateState | None:
    sid, approval = row.get("sid"), _approval(row.get("approval_requests"))
    word = str(approval.get("status") or "unsubmitted").strip().lower()
    if not isinstance(sid, str) or not sid or word == "unsubmitted":
        return None
    replies = _quick_replies(row.get("types"))
    variables = _text_variables(row.get("variables"), replies)
    return TemplateState(
        name=sid,
        language=str(row.get("language") or ""),
        state=_STATES.get(word, "pendente"),  # a word we do not know is no permission
        category=str(approval.get("category") or ""),
        variables=variables,
        named=not all(name.isdigit() for name in variables),
        buttons=len(replies),
        reason=str(approval.get("rejection_reason") or "") or None,
    )


def _approval(told: object) -> Mapping[str, Any]:
    if isinstance(told, list):
        told = next((one for one in told if isinstance(one, dict)), None)
    return told if isinstance(told, dict) else {}


def _quick_replies(types: object) -> list[Mapping[str, Any]]:
    """Return the quick replies of a content; in a card they stand among other buttons."""
    if not isinstance(types, dict):
        return []
    return [
        action
        for kind, shape in types.items()
        if isinstance(shape, dict) and isinstance(shape.get("actions"), list)
        for action in shape["actions"]
        if isinstance(action, dict) and (kind == _QUICK_REPLY or action.get("type") == "QUICK_REPLY")
    ]


def _text_variables(told: object, replies: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the variables whose values are text: those of a button's id are filled with its payload."""
    names = [str(name) for name in told] if isinstance(told, dict) else []
    of_ids = {name for reply in replies for name in _VARIABLE.findall(str(reply.get("id") or ""))}
    return sorted((name for name in names if name not in of_ids), key=lambda name: (len(name), name))
