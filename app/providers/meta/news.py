"""News of the account itself: templates, the quality of the number, restrictions. Nobody's message."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from app.domain.entrega import Falha
from app.providers.ids import read_code
from app.providers.meta.codes import falha_of
from app.providers.meta.content import Body, id_of, object_of, text_of
from app.schemas.recebida import Recebida

_TEMPLATE: Final = "message_template_status_update"
_ACCOUNT: Final = "account_update"
# Where each kind of news keeps its word.
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    _TEMPLATE: ("event", "new_quality_score"),
    "message_template_quality_update": ("new_quality_score",),
    "message_template_components_update": (),
    "template_category_update": ("new_category",),
    "phone_number_quality_update": ("event",),
    "phone_number_name_update": ("decision",),
    _ACCOUNT: ("event",),
    "account_review_update": ("decision",),
    "account_alerts": ("alert_type",),
    "business_capability_update": (),
    "security": ("event",),
}
NEWS_FIELDS: Final = frozenset(_WORDS)
_ALARMS: Final[Mapping[str, Mapping[str, Falha]]] = {
    _TEMPLATE: dict.fromkeys(("REJECTED", "PAUSED", "DISABLED", "DELETED", "PENDING_DELETION"), Falha.MODELO),
    _ACCOUNT: dict.fromkeys(
        ("ACCOUNT_RESTRICTION", "ACCOUNT_DELETED", "DISABLED_UPDATE", "PARTNER_REMOVED"), Falha.CONFIGURACAO
    ),
}


def read_news(field: str, value: Body, *, sent_at: datetime | None) -> Recebida:
    """Return `field:word` as the status; of a template `about_id` is its name, `codigo` the reason Meta gives."""
    told = object_of(value.get("alert_info")) or value
    word = next((said for key in _WORDS[field] if (said := text_of(told, key))), None)
    falha = _ALARMS.get(field, {}).get(word or "")
    reason = id_of(value, "reason")
    return Recebida(
        kind="conta",
        sent_at=sent_at,
        status=f"{field}:{word}" if word else field,
        about_id=id_of(value, "message_template_name"),
        falha=falha,
        codigo=reason if falha is not None and reason != "NONE" else None,
    )


def read_errors(raw: Body, *, sent_at: datetime | None) -> Recebida | None:
    """Return an error that concerns the account and no message."""
    code = read_code(raw.get("code"))
    if code is None:
        return None
    return Recebida(kind="conta", sent_at=sent_at, status="errors", falha=falha_of(code), codigo=str(code))
