"""What a patient writes, in each of the shapes the gateway may put it into."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from app.simulator.gateway import whatsapp_id


class Forma(StrEnum):
    TEXTO = "texto"
    TEXTO_LONGO = "texto_longo"
    BOTAO = "botao"
    BOTAO_DE_MODELO = "botao_de_modelo"
    BOTAO_NATIVO = "botao_nativo"
    LISTA = "lista"
    FOTO = "foto"
    AUDIO = "audio"
    REACAO = "reacao"
    TEMPORARIA = "temporaria"


@dataclass(frozen=True, slots=True)
class Resposta:
    """One message of one patient, before it has a shape."""

    phone: str
    """Digits, as they were dialled."""
    texto: str
    id: str
    enviada_em: datetime
    nome: str = ""
    citada: str | None = None
    """Id of our message that is quoted or reacted to."""
    botao: str = ""
    lid: str | None = None
    """Privacy id under which the message comes."""
    lid_hides_phone: bool = False
    hora_em_metades: bool = False


def message_data(resposta: Resposta, forma: Forma = Forma.TEXTO) -> dict[str, Any]:
    """Return `data` of a messages.upsert."""
    message = _SHAPES[forma](resposta)
    seconds = int(resposta.enviada_em.timestamp())
    return {
        "key": _key(resposta),
        "pushName": resposta.nome,
        "status": "DELIVERY_ACK",
        "message": message,
        "contextInfo": {"stanzaId": resposta.citada} if resposta.citada else None,
        "messageType": next(iter(message)),
        "messageTimestamp": {"low": seconds, "high": 0, "unsigned": True} if resposta.hora_em_metades else seconds,
        "instanceId": "1b9d6bcd-0000-4000-8000-000000000001",
        "source": "android",
    }


def _key(resposta: Resposta) -> dict[str, Any]:
    phone = f"{whatsapp_id(resposta.phone)}@s.whatsapp.net"
    key = {"remoteJid": resposta.lid or phone, "fromMe": False, "id": resposta.id}
    return key if resposta.lid is None or resposta.lid_hides_phone else {**key, "remoteJidAlt": phone}


def _native_flow(resposta: Resposta) -> dict[str, Any]:
    params = msgspec.json.encode({"id": resposta.botao, "display_text": resposta.texto}).decode()
    return {
        "interactiveResponseMessage": {
            "body": {"text": resposta.texto},
            "nativeFlowResponseMessage": {"name": "quick_reply", "paramsJson": params},
        }
    }


_SHAPES: Final[Mapping[Forma, Callable[[Resposta], dict[str, Any]]]] = {
    Forma.TEXTO: lambda r: {"conversation": r.texto},
    Forma.TEXTO_LONGO: lambda r: {
        "extendedTextMessage": {"text": r.texto, "contextInfo": {"stanzaId": r.citada} if r.citada else None}
    },
    Forma.BOTAO: lambda r: {
        "buttonsResponseMessage": {"selectedButtonId": r.botao, "selectedDisplayText": r.texto, "type": 1}
    },
    Forma.BOTAO_DE_MODELO: lambda r: {
        "templateButtonReplyMessage": {"selectedId": r.botao, "selectedDisplayText": r.texto, "selectedIndex": 0}
    },
    Forma.BOTAO_NATIVO: _native_flow,
    Forma.LISTA: lambda r: {
        "listResponseMessage": {"title": r.texto, "singleSelectReply": {"selectedRowId": r.botao}, "listType": 1}
    },
    Forma.FOTO: lambda r: {"imageMessage": {"caption": r.texto, "mimetype": "image/jpeg"}},
    Forma.AUDIO: lambda _: {"audioMessage": {"mimetype": "audio/ogg; codecs=opus", "ptt": True, "seconds": 4}},
    Forma.REACAO: lambda r: {"reactionMessage": {"key": {"id": r.citada, "fromMe": True}, "text": r.texto}},
    Forma.TEMPORARIA: lambda r: {"ephemeralMessage": {"message": message_data(replace(r, citada=None))["message"]}},
}
