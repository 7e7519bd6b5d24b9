"""The other direction: what n8n, or a Botconversa block, posts to the hospital when a patient writes."""

import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import aiohttp
import msgspec


class Shape(StrEnum):
    N8N = "n8n"
    CLASSICO = "classico"
    PLANO = "plano"
    ASSINANTE = "assinante"
    CAMPOS = "campos"
    SO_ID = "so_id"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of one patient, before it has a shape."""

    subscriber_id: str
    telefone: str
    texto: str
    nome: str = ""
    campos: Mapping[str, str] = field(default_factory=dict)
    """The contact's custom fields as the flow reads them: `id_tabela`, `nr_seq_agenda`."""
    mensagem_id: str | None = None
    enviada_em: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: object


def _n8n(reply: Reply) -> dict[str, Any]:
    return {
        "telefone": reply.telefone,
        "subscriber_id": reply.subscriber_id,
        "resposta": reply.texto,
        "id_tabela": reply.campos.get("id_tabela"),
        "nr_seq_agenda": reply.campos.get("nr_seq_agenda"),
        "nome_paciente": reply.nome or None,
        "mensagem_original": reply.texto,
        "mensagem_id": reply.mensagem_id,
        "enviada_em": _iso(reply),
    }


def _contact(reply: Reply) -> dict[str, Any]:
    first, _, last = reply.nome.partition(" ")
    return {
        "id": int(reply.subscriber_id),
        "full_name": reply.nome,
        "first_name": first,
        "last_name": last,
        "phone": reply.telefone,
    }


def _classic(reply: Reply) -> dict[str, Any]:
    message = {"id": reply.mensagem_id, "type": "text", "content": reply.texto, "timestamp": _iso(reply)}
    return {"type": "message", "contact": _contact(reply), "message": message}


def _flat(reply: Reply) -> dict[str, Any]:
    return {"phone": reply.telefone, "message": reply.texto, "contact_id": reply.subscriber_id}


def _subscriber(reply: Reply) -> dict[str, Any]:
    return {"subscriber": _contact(reply), "message": {"text": reply.texto}}


def _fields(reply: Reply) -> dict[str, Any]:
    contact = {"id": int(reply.subscriber_id), "name": reply.nome, "whatsapp": reply.telefone}
    return {"eventId": reply.mensagem_id, "contact": contact, "fields": {**reply.campos, "resposta": reply.texto}}


def _status(reply: Reply) -> dict[str, Any]:
    return {"type": "status", "status": reply.texto, "contact": _contact(reply)}


def _iso(reply: Reply) -> str | None:
    return reply.enviada_em.isoformat() if reply.enviada_em is not None else None


_SHAPES: Final[Mapping[Shape, Callable[[Reply], dict[str, Any]]]] = {
    Shape.N8N: _n8n,
    Shape.CLASSICO: _classic,
    Shape.PLANO: _flat,
    Shape.ASSINANTE: _subscriber,
    Shape.CAMPOS: _fields,
    Shape.SO_ID: lambda reply: {"subscriber_id": reply.subscriber_id},
    Shape.STATUS: _status,
}


def build_body(
    reply: Reply, shape: Shape = Shape.N8N, *, empty: Collection[str] = (), unfilled: Collection[str] = ()
) -> bytes:
    """Return the body as it travels: a missing value loses its key, an unfilled variable sends its own name."""
    data = {key: value for key, value in _SHAPES[shape](reply).items() if value is not None}
    data |= dict.fromkeys(empty, "")
    data |= {key: f"{{{{ $json.{key} }}}}" for key in unfilled}
    return msgspec.json.encode(data)


def broken(body: bytes) -> bytes:
    """Spoil a body as an unescaped quote of a patient does."""
    return body.replace(b'":"', b'":""', 1)


def sign(body: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass(slots=True)
class Outgoing:
    """Posts to one address; set the ways of signing the hospital has."""

    session: aiohttp.ClientSession
    url: str
    shared_secret: str | None = None
    signing_secret: str | None = None
    signature_header: str = "X-Webhook-Signature"
    retries: int = 2
    """n8n repeats the identical request after a 5xx."""

    async def post(self, body: bytes, *, request_id: str | None = None, copies: int = 1) -> list[Answered]:
        """Send one body, `copies` times over; return every final answer."""
        headers = self._headers(body, request_id)
        return [await self._deliver(body, headers) for _ in range(copies)]

    async def reply(self, reply: Reply, shape: Shape = Shape.N8N, *, request_id: str | None = None) -> Answered:
        return (await self.post(build_body(reply, shape), request_id=request_id))[0]

    async def _deliver(self, body: bytes, headers: Mapping[str, str]) -> Answered:
        answered = await self._once(body, headers)
        for _ in range(self.retries):
            if answered.status < 500:  # noqa: PLR2004
                break
            answered = await self._once(body, headers)
        return answered

    async def _once(self, body: bytes, headers: Mapping[str, str]) -> Answered:
        async with self.session.post(self.url, data=body, headers=headers) as response:
            content = await response.read()
            try:
                return Answered(response.status, msgspec.json.decode(content) if content else None)
            except msgspec.DecodeError:
                return Answered(response.status, None)

    def _headers(self, body: bytes, request_id: str | None) -> dict[str, str]:
        headers = {"content-type": "application/json", "user-agent": "n8n", "connection": "close"}
        if self.shared_secret is not None:
            headers["x-webhook-secret"] = self.shared_secret
        if self.signing_secret is not None:
            headers[self.signature_header] = sign(body, self.signing_secret)
        if request_id is not None:
            headers["x-request-id"] = request_id
        return headers
