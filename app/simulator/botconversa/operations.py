"""What each path of the API does to the account, and what it answers; an unlisted path does not exist."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.simulator.botconversa.account import Account, Contact
from app.simulator.botconversa.options import LookupForm, SendBody
from app.simulator.gateway.telefones import whatsapp_id

_PHONE: Final = re.compile(r"\d{10,15}")
_BRAZILIAN: Final = re.compile(r"55[1-9][1-9]\d{8,9}")
_NOT_FOUND: Final = {"detail": "Not found."}
_EMPTY: Final = object()


@dataclass(slots=True)
class Call:
    """One request, understood."""

    account: Account
    now: datetime
    segments: tuple[str, ...]
    data: Any
    query: str = ""
    url: str = ""
    contact: Contact | None = None
    """Set when the path names one, or once an operation found or made one."""

    @property
    def last_id(self) -> int:
        return int(self.segments[-1])


@dataclass(slots=True)
class Answer:
    status: int
    body: object = _EMPTY
    kind: str = ""
    """'text', 'file' or 'flow' when the patient was written to."""
    text: str = ""
    delivered: bool = False

    @property
    def has_body(self) -> bool:
        return self.body is not _EMPTY


Operation = Callable[[Call], Answer]


def contact_json(account: Account, contact: Contact) -> dict[str, object]:
    lists = account.lists
    return {
        "id": contact.id,
        "full_name": contact.full_name,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "phone": f"+{contact.phone}",
        "ddd": contact.phone[2:4],
        "created_at": contact.created_at.isoformat(),
        "live_chat": f"/live-chat/all/+{contact.phone}",
        "referrer": None,
        "referral_count": 0,
        "campaigns": [lists["campaigns"].get(number) for number in sorted(contact.campaigns)],
        "tags": [lists["tags"].get(number) for number in sorted(contact.tags)],
        "variables": account.variables(contact),
        "sequences": [lists["sequences"].get(number) for number in sorted(contact.sequences)],
    }


def _create(call: Call) -> Answer:
    account, options = call.account, call.account.options
    missing = {key: ["This field is required."] for key in ("phone", "first_name", "last_name") if not _text(call, key)}
    if options.require_opt_in and call.data.get("has_opt_in_whatsapp") is not True:
        missing["has_opt_in_whatsapp"] = ["This field is required."]
    if missing:
        return Answer(400, missing)
    phone = _text(call, "phone").lstrip("+")
    if not _PHONE.fullmatch(phone) or (phone.startswith("55") and not _BRAZILIAN.fullmatch(phone)):
        return Answer(400, {"phone": ["Enter a valid phone number."]})
    existing = account.by_phone.get(whatsapp_id(phone))
    if existing is not None and options.existing_is_401:
        return Answer(401, {"error_message": "Subscriber already exists"})
    created = existing is None
    call.contact = existing or account.create(phone, _text(call, "first_name"), _text(call, "last_name"), now=call.now)
    row = {**contact_json(account, call.contact), "created": created}
    if options.omit_id_on_create:
        del row["id"]
    return Answer(200, row)


def _find(call: Call) -> Answer:
    account, options, phone = call.account, call.account.options, call.segments[-1]
    has_plus = phone.upper().startswith(("%2B", "+"))
    refused = LookupForm.ONLY_DIGITS if has_plus else LookupForm.ONLY_PLUS
    digits = phone.upper().removeprefix("%2B").removeprefix("+")
    if options.lookup_normalises:
        digits = whatsapp_id(digits)
    found = None if options.lookup_form is refused else account.by_phone.get(digits)
    if found is None:
        return Answer(options.lookup_missing_status, _NOT_FOUND)
    call.contact = found
    return Answer(200, contact_json(account, found))


def _send_message(call: Call) -> Answer:
    contact, kind, value = _contact(call), call.data.get("type"), _text(call, "value")
    if kind not in {"text", "file"}:
        return Answer(400, {"type": [f'"{kind}" is not a valid choice.']})
    if not value:
        return Answer(400, {"value": ["This field may not be blank."]})
    delivered = call.account.reaches(contact, now=call.now)
    if delivered:
        call.account.write(contact, direction="saida", kind=kind, text=value, now=call.now)
    return _accepted(call, kind, value, delivered=delivered)


def _send_flow(call: Call) -> Answer:
    number = call.data.get("flow")
    if not isinstance(number, int) or isinstance(number, bool):
        return Answer(400, {"flow": ["A valid integer is required."]})
    flow = call.account.flows.get(number)
    if flow is None:
        return Answer(404, _NOT_FOUND)
    text = call.account.flow_text(flow, _contact(call))
    if text is not None:
        call.account.write(_contact(call), direction="saida", kind="flow", text=text, now=call.now)
    return _accepted(call, "flow", text or "", delivered=True)


def _accepted(call: Call, kind: str, text: str, *, delivered: bool) -> Answer:
    bodies: Mapping[SendBody, object] = {
        SendBody.OBJECT: {},
        SendBody.EMPTY: _EMPTY,
        SendBody.SUCCESS: {"success": True},
        SendBody.WITH_ID: {"message_id": f"m-{_contact(call).id}-{int(call.now.timestamp() * 1000)}"},
    }
    return Answer(200, bodies[call.account.options.send_body], kind, text, delivered=delivered)


def _set_field(call: Call) -> Answer:
    value = call.data.get("value")
    if call.last_id not in call.account.lists["custom_fields"]:
        return Answer(404, _NOT_FOUND)
    if not isinstance(value, str):
        return Answer(400, {"value": ["Not a valid string."]})
    _contact(call).values[call.last_id] = value
    return Answer(200, {})


def _clear_field(call: Call) -> Answer:
    _contact(call).values.pop(call.last_id, None)
    return Answer(204)


def _join(name: str) -> Operation:
    def join(call: Call) -> Answer:
        if call.last_id not in call.account.lists[name]:
            return Answer(404, _NOT_FOUND)
        _memberships(call, name).add(call.last_id)
        return Answer(200, {})

    return join


def _leave(name: str) -> Operation:
    def leave(call: Call) -> Answer:
        _memberships(call, name).discard(call.last_id)
        return Answer(204)

    return leave


def _memberships(call: Call, name: str) -> set[int]:
    contact = _contact(call)
    return {"tags": contact.tags, "campaigns": contact.campaigns, "sequences": contact.sequences}[name]


def _delete_contact(call: Call) -> Answer:
    call.account.delete(_contact(call))
    return Answer(204)


def _conversation_status(call: Call) -> Answer:
    value = call.data.get("open_conversation")
    if not isinstance(value, bool):
        return Answer(400, {"open_conversation": ["This field is required."]})
    _contact(call).live_chat_open = value
    return Answer(200, {})


def _list(name: str) -> Operation:
    label = "key" if name in {"custom_fields", "bot_fields"} else "name"

    def listing(call: Call) -> Answer:
        return _paged(call, [{"id": number, label: text} for number, text in call.account.lists[name].items()])

    return listing


def _list_contacts(call: Call) -> Answer:
    rows = sorted(call.account.contacts.values(), key=lambda contact: contact.id)
    return _paged(call, rows, lambda row: contact_json(call.account, row))


def _list_managers(call: Call) -> Answer:
    return _paged(call, list(call.account.managers.values()))


def _paged(call: Call, rows: list[Any], show: Callable[[Any], object] = lambda row: row) -> Answer:
    """Answer a plain array while the list is short, pages when it is long."""
    size, wanted = call.account.options.page_size, call.query.removeprefix("page=")
    page = int(wanted) if wanted.isdigit() else 1
    if len(rows) <= size and page == 1:
        return Answer(200, [show(row) for row in rows])
    start = (page - 1) * size
    if not 0 <= start < len(rows):
        return Answer(404, {"detail": "Invalid page."})
    host = call.account.options.next_host or call.url
    address = f"{host}/{'/'.join(call.segments)}/?page="
    following = f"{address}{page + 1}" if start + size < len(rows) else None
    previous = f"{address}{page - 1}" if page > 1 else None
    results = [show(row) for row in rows[start : start + size]]
    return Answer(200, {"count": len(rows), "next": following, "previous": previous, "results": results})


def _create_campaign(call: Call) -> Answer:
    name, campaigns = _text(call, "name"), call.account.lists["campaigns"]
    if not name:
        return Answer(400, {"name": ["This field is required."]})
    number = max(campaigns, default=2000) + 1
    campaigns[number] = name
    return Answer(201, {"id": number, "name": name})


def _read_campaign(call: Call) -> Answer:
    name = call.account.lists["campaigns"].get(call.last_id)
    return Answer(200, {"id": call.last_id, "name": name}) if name is not None else Answer(404, _NOT_FOUND)


def _delete_campaign(call: Call) -> Answer:
    return Answer(204) if call.account.lists["campaigns"].pop(call.last_id, None) else Answer(404, _NOT_FOUND)


def _set_bot_field(call: Call) -> Answer:
    if call.last_id not in call.account.lists["bot_fields"]:
        return Answer(404, _NOT_FOUND)
    call.account.bot_values[call.last_id] = _text(call, "value")
    return Answer(200, {})


def _create_manager(call: Call) -> Answer:
    number = max(call.account.managers, default=0) + 1
    call.account.managers[number] = {**call.data, "id": number}
    return Answer(201, call.account.managers[number])


def _read_manager(call: Call) -> Answer:
    found = call.account.managers.get(call.last_id)
    return Answer(200, found) if found is not None else Answer(404, _NOT_FOUND)


def _update_manager(call: Call) -> Answer:
    found = call.account.managers.get(call.last_id)
    if found is None:
        return Answer(404, _NOT_FOUND)
    found.update({key: value for key, value in call.data.items() if key != "id"})
    return Answer(200, found)


def _delete_manager(call: Call) -> Answer:
    return Answer(204) if call.account.managers.pop(call.last_id, None) else Answer(404, _NOT_FOUND)


def _text(call: Call, key: str) -> str:
    value = call.data.get(key)
    return value.strip() if isinstance(value, str) else ""


def _contact(call: Call) -> Contact:
    assert call.contact is not None, "paths with a contact are refused before they get here"  # noqa: S101
    return call.contact


# "#" stands for a number, "*" for a phone in any form
OPERATIONS: Final[Mapping[tuple[str, ...], Mapping[str, tuple[str, Operation]]]] = {
    ("bot_fields",): {"GET": ("list_bot_fields", _list("bot_fields"))},
    ("bot_fields", "#"): {"POST": ("set_bot_field", _set_bot_field)},
    ("campaigns",): {"GET": ("list_campaigns", _list("campaigns"))},
    ("campaigns", "create"): {"POST": ("create_campaign", _create_campaign)},
    ("campaigns", "#"): {
        "GET": ("read_campaign", _read_campaign),
        "DELETE": ("delete_campaign", _delete_campaign),
    },
    ("custom_fields",): {"GET": ("list_custom_fields", _list("custom_fields"))},
    ("flows",): {"GET": ("list_flows", _list("flows"))},
    ("managers",): {"GET": ("list_managers", _list_managers), "POST": ("create_manager", _create_manager)},
    ("managers", "#"): {
        "GET": ("read_manager", _read_manager),
        "PATCH": ("update_manager", _update_manager),
        "DELETE": ("delete_manager", _delete_manager),
    },
    ("sequences",): {"GET": ("list_sequences", _list("sequences"))},
    ("subscriber",): {"POST": ("create", _create)},
    ("subscriber", "get_by_phone", "*"): {"GET": ("find", _find)},
    ("subscriber", "#", "campaigns", "#"): {
        "POST": ("add_campaign", _join("campaigns")),
        "DELETE": ("remove_campaign", _leave("campaigns")),
    },
    ("subscriber", "#", "change_conversation_status"): {"POST": ("conversation_status", _conversation_status)},
    ("subscriber", "#", "custom_fields", "#"): {
        "POST": ("set_field", _set_field),
        "DELETE": ("clear_field", _clear_field),
    },
    ("subscriber", "#", "delete"): {"DELETE": ("delete", _delete_contact)},
    ("subscriber", "#", "send_flow"): {"POST": ("send_flow", _send_flow)},
    ("subscriber", "#", "send_message"): {"POST": ("send_message", _send_message)},
    ("subscriber", "#", "sequences", "#"): {
        "POST": ("add_sequence", _join("sequences")),
        "DELETE": ("remove_sequence", _leave("sequences")),
    },
    ("subscriber", "#", "tags", "#"): {
        "POST": ("add_tag", _join("tags")),
        "DELETE": ("remove_tag", _leave("tags")),
    },
    ("subscribers",): {"GET": ("list_subscribers", _list_contacts)},
    ("tags",): {"GET": ("list_tags", _list("tags"))},
}
