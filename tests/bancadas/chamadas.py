"""What Confirma made of odd calls: each one proven as its gateway proves it, and taken by the whole program."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from app import crypto
from app.providers.base import WebhookCall
from tests.bancadas.base import Bancada
from tests.bancadas.cena import Cena, Palco, open_cena

_NOVO: Final = "campo_novo"


@dataclass(frozen=True, slots=True)
class Chamada:
    nome: str
    body: Callable[[Bancada], bytes | None]
    proven: bool = True
    cut: bool = False
    """It loses its second half on the way."""


@dataclass(frozen=True, slots=True)
class Recepcao:
    """What was answered, what it changed, and whether the body was kept as it came."""

    status: int
    confirmou: bool
    guardada: bool


def _enriched(bancada: Bancada) -> bytes | None:
    """Add what nobody knows at every level of the answer "1"."""
    body = bancada.answer("1")
    if body is None or not body.startswith(b"{"):
        return None if body is None else body + f"&{_NOVO}=1".encode()
    return json.dumps(_with_news(json.loads(body))).encode()


def _with_news(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_news(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {**{key: _with_news(item) for key, item in value.items()}, _NOVO: {"a": [1, None]}}


CHAMADAS: Final = (
    Chamada("an event of a kind nobody knows", lambda bancada: bancada.novelty()),
    Chamada("an answer cut on its way", lambda bancada: bancada.answer("1"), cut=True),
    Chamada("JSON of something else", lambda _: b'{"algo": [1, {"mais": null}]}'),
    Chamada("bytes that are nothing", lambda _: b"\xff\xfe\x00\x9d&="),
    Chamada("an answer nobody proved", lambda bancada: bancada.answer("1"), proven=False),
    Chamada("an answer with unknown fields at every level", _enriched),
)


async def receive_all(palco: Palco, kind: str) -> dict[str, Recepcao | None]:
    """Post every call to one hospital whose patient was asked; None where this kind makes no such call."""
    async with open_cena(palco, kind) as cena:
        await cena.importar()
        await cena.step()
        cena.relogio.pass_time(minutes=5)
        return {chamada.nome: await _receive(cena, chamada) for chamada in CHAMADAS}


async def _receive(cena: Cena, chamada: Chamada) -> Recepcao | None:
    bancada, canal = cena.primeiro.bancada, cena.primeiro.public_id
    body = chamada.body(bancada)
    if body is None:
        return None
    call = (bancada.sign(body) if chamada.proven else None) or WebhookCall(body, {}, bancada.webhook_url)
    if chamada.cut:
        call = replace(call, body=body[: len(body) // 2])
    status = await cena.receive(call, canal=canal)
    [visita] = await cena.rows("SELECT status_confirmacao FROM atendimentos")
    kept = await cena.rows("SELECT corpo FROM recebidas WHERE corpo IS NOT NULL")
    bodies = [crypto.keyring().decrypt(row["corpo"], "recebidas.corpo", cena.tenant_id) for row in kept]
    return Recepcao(
        status=status,
        confirmou=visita["status_confirmacao"] == "confirmado",
        guardada=body.decode("utf-8", "replace") in bodies,
    )
