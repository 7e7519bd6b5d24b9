"""The phone page over HTTP: the page itself, the conversations, and what you write as a patient."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from importlib.resources import files
from typing import Annotated, Any, Final, Protocol
from zoneinfo import ZoneInfo

import aiohttp
from fastapi import APIRouter, Body, HTTPException, Response

from app.dashboard.datas import phone
from app.simulator.botconversa import Contact
from app.simulator.telefone.conversas import Conversas

_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"
)
_FILES: Final[Mapping[str, str]] = {
    "pagina.html": "text/html; charset=utf-8",
    "telefone.css": "text/css; charset=utf-8",
    "telefone.js": "text/javascript; charset=utf-8",
}
_LONGEST: Final = 10_000
_PREVIEW: Final = 80


class Time(Protocol):
    """The demonstration's clock, and somebody to wake when a patient wrote."""

    @property
    def now(self) -> datetime: ...
    @property
    def speed(self) -> float: ...
    def hurry(self) -> None: ...


def build_router(conversas: Conversas, tempo: Time, zona: ZoneInfo) -> APIRouter:
    """Return the routes of the phone."""
    router = APIRouter(prefix="/demo/telefone", include_in_schema=False)

    @router.get("")
    async def show_phone() -> Response:
        return _file("pagina.html")

    @router.get("/conversas")
    async def list_conversas() -> dict[str, Any]:
        contacts = [contact for contact in conversas.gateway.account.contacts.values() if contact.messages]
        contacts.sort(key=lambda contact: str(contact.messages[-1]["em"]), reverse=True)
        listed = [_summary(conversas, contact, zona) for contact in contacts]
        return {**_clock(tempo, zona), "conversas": listed}

    @router.get("/conversas/{contact_id}")
    async def read_conversa(contact_id: int) -> dict[str, Any]:
        contact = _known(conversas, contact_id)
        mensagens = [_message(message, zona) for message in contact.messages]
        return {**_clock(tempo, zona), **_summary(conversas, contact, zona), "mensagens": mensagens}

    @router.post("/conversas/{contact_id}")
    async def write(contact_id: int, texto: Annotated[str, Body(embed=True, max_length=_LONGEST)]) -> dict[str, Any]:
        contact = _known(conversas, contact_id)
        if not texto.strip():
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            await conversas.write(contact, texto)
        except (aiohttp.ClientError, OSError):
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE) from None
        tempo.hurry()
        return {"ok": True}

    @router.get("/{name}")
    async def show_file(name: str) -> Response:
        return _file(name)

    return router


def _file(name: str) -> Response:
    kind = _FILES.get(name)
    if kind is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    content = files("app.simulator.telefone").joinpath(name).read_bytes()
    return Response(content, headers={"Content-Type": kind, "Content-Security-Policy": _CSP})


def _known(conversas: Conversas, contact_id: int) -> Contact:
    contact = conversas.find(contact_id)
    if contact is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return contact


def _clock(tempo: Time, zona: ZoneInfo) -> dict[str, Any]:
    return {"agora": tempo.now.astimezone(zona).isoformat(), "velocidade": tempo.speed}


def _summary(conversas: Conversas, contact: Contact, zona: ZoneInfo) -> dict[str, Any]:
    last = _message(contact.messages[-1], zona) if contact.messages else None
    asked = conversas.is_asked(contact)
    untouched = contact.last_inbound is None and not conversas.is_expected(contact)
    return {
        "id": contact.id,
        "nome": contact.first_name,
        "telefone": phone(f"+{contact.given_phone}"),
        "ultima": {**last, "texto": last["texto"][:_PREVIEW]} if last else None,
        "aberta": asked,
        "livre": asked and untouched,
    }


def _message(message: Mapping[str, object], zona: ZoneInfo) -> dict[str, Any]:
    em = datetime.fromisoformat(str(message["em"])).astimezone(zona)
    return {"em": em.isoformat(), "minha": message["direcao"] == "entrada", "texto": str(message["texto"])}
