"""Many events in one call: there is a most, and what surrounds them is not repeated for each."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pytest

from app.providers.base import UnreadableWebhook
from app.providers.botconversa.payload import parse_webhook as read_botconversa
from app.providers.evolution.payload import parse_webhook as read_evolution
from app.providers.meta.payload import parse_webhook as read_meta
from app.providers.zapi.payload import parse_webhook as read_zapi
from app.schemas.recebida import Recebida

PHONE: Final = "5531987654321"
HEAVY: Final = "x" * 100_000
Made = tuple[Callable[[bytes], Sequence[Recebida]], Any]


def botconversa(body: bytes) -> Sequence[Recebida]:
    return read_botconversa({}, body)


def meta(body: bytes) -> Sequence[Recebida]:
    return read_meta(body, phone_number_id="1", waba_id=None)


def change(part: str, *events: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = {"phone_number_id": "1", "x": HEAVY}
    contact = {"wa_id": PHONE, "profile": {"name": "Maria" + HEAVY}, "x": HEAVY}
    return {"field": "messages", "value": {"metadata": metadata, "contacts": [contact], part: events, "x": HEAVY}}


def said(n: int) -> Mapping[str, Any]:
    return {"from": PHONE, "id": f"wamid.{n}", "type": "text", "text": {"body": "1"}}


def upserted(n: int) -> Mapping[str, Any]:
    return {"key": {"remoteJid": f"{PHONE}@s.whatsapp.net", "id": f"A{n}"}, "message": {"conversation": "1"}}


def calls(events: int) -> Mapping[str, Made]:
    """Return calls of so many events, with heavy things around them."""
    every = range(events)

    half = events // 2
    entries = [{"id": "1", "x": HEAVY, "changes": [change("messages", *map(said, every[half:]))]}]
    entries.append(
        {"id": "1", "changes": [change("statuses", *({"id": f"w{n}", "status": "?"} for n in every[:half]))]}
    )
    outer = {"instance": "santacasa", "apikey": HEAVY, "x": HEAVY}
    receipt = {"type": "MessageStatusCallback", "phone": PHONE, "ids": [f"A{n}" for n in every], "x": HEAVY}
    return {
        "botconversa": (botconversa, [{"telefone": PHONE, "resposta": "1"} for _ in every]),
        "evolution": (read_evolution, {**outer, "event": "messages.upsert", "data": [upserted(n) for n in every]}),
        "meta": (meta, {"object": "whatsapp_business_account", "entry": entries}),
        "zapi": (read_zapi, {**receipt, "status": "?" * 50_000}),
        "zapi, a word we know": (read_zapi, {**receipt, "status": "READ"}),
    }


each_call = pytest.mark.parametrize("name", sorted(calls(2)))


@each_call
def test_a_thousand_are_read_without_what_surrounds_them(name: str) -> None:
    read, body = calls(1000)[name]
    received = read(json.dumps(body).encode())
    assert len(received) == 1000
    assert sum(len(recebida.corpo or "") for recebida in received) < 1_000_000


@each_call
def test_one_more_is_refused(name: str) -> None:
    read, body = calls(1001)[name]
    with pytest.raises(UnreadableWebhook) as refused:
        read(json.dumps(body).encode())
    assert refused.value.code == "eventos_demais"
