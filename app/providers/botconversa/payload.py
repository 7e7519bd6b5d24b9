"""Reading what Botconversa, or n8n for it, tells us: whatever shape the hospital typed in. Pure."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from app.providers.base import UnreadableWebhook
from app.providers.ids import read_id
from app.providers.lote import refuse_too_many
from app.schemas.campos import is_absent
from app.schemas.classic import ClassicWebhookData
from app.schemas.n8n import N8NWebhookData
from app.schemas.recebida import Recebida

M = TypeVar("M", bound=BaseModel)
Body = Mapping[str, Any]

_FORM: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_DIGIT: Final = re.compile(r"\d")
_FLAT_NAMES: Final[Mapping[str, str]] = {
    "phone": "telefone",
    "whatsapp": "telefone",
    "contact_id": "subscriber_id",
    "message": "resposta",
    "text": "resposta",
    "name": "nome_paciente",
    "eventId": "mensagem_id",
    "message_id": "mensagem_id",
}
_KNOWN: Final = (
    frozenset(N8NWebhookData.model_fields) | frozenset(_FLAT_NAMES) | {"nr_sequencia", "nr_sequencia_agenda"}
)


def parse_webhook(headers: Mapping[str, str], body: bytes) -> Sequence[Recebida]:
    """Return the events of one call, or raise UnreadableWebhook with a sentence for whoever set it up."""
    if any(value.lower().startswith(_FORM) for key, value in headers.items() if key.lower() == "content-type"):
        raise UnreadableWebhook(
            "formulario", "O corpo chegou como formulário: no nó HTTP Request do n8n, escolha Body Content Type JSON."
        )
    data = _decode(body)
    if isinstance(data, dict):
        return (_read(data),)
    if isinstance(data, list) and data and all(isinstance(item, dict) for item in data):
        refuse_too_many(len(data))
        # n8n sends lists of items when told to send "all"
        return tuple(replace(_read(item), corpo=json.dumps(item)) for item in data)
    raise UnreadableWebhook("formato_desconhecido", "Envie um objeto JSON com telefone, subscriber_id e resposta.")


def _decode(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8-sig"), object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise UnreadableWebhook("json_invalido", "O corpo não está em UTF-8.") from None
    except (ValueError, RecursionError):
        raise UnreadableWebhook(
            "json_invalido",
            "O corpo não é um JSON válido: aspas ou quebras de linha dentro de uma variável costumam causar isto.",
        ) from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an answer given twice: of "1" and "0" nobody knows which counts."""
    read = dict(pairs)
    if len(read) != len(pairs):
        raise UnreadableWebhook("json_invalido", "O JSON repete um campo: envie cada um uma só vez.")
    return read


def _refuse_constant(_: str) -> NoReturn:
    raise UnreadableWebhook("json_invalido", "NaN e Infinity não são JSON.")


def _read(data: Body) -> Recebida:
    for fits, read in _SHAPES:
        if fits(data):
            return read(data)
    raise UnreadableWebhook("formato_desconhecido", "Nenhum campo conhecido: envie telefone, subscriber_id e resposta.")


def _read_classic(data: Body) -> Recebida:
    classic = _validate(ClassicWebhookData, data)
    contact, message = classic.contact, classic.message
    is_status = classic.type == "status" or (classic.type is None and message is None and classic.status is not None)
    if is_status and classic.status is None:
        raise UnreadableWebhook("formato_desconhecido", "O campo status chegou vazio.", campo="status")
    if not is_status and message is None and classic.type != "message":
        raise UnreadableWebhook("formato_desconhecido", "O campo message não veio no corpo.", campo="message")
    return _identified(
        data,
        Recebida(
            kind="status" if is_status else "resposta",
            telefone=_phone(contact.phone),
            subscriber_id=read_id(contact.id),
            texto="" if is_status or message is None else message.content or "",
            message_id=message.id if message else None,
            sent_at=message.timestamp if message else None,
            nome=contact.nome,
            status=classic.status if is_status else None,
        ),
    )


def _read_subscriber(data: Body) -> Recebida:
    return _read_classic({"type": "message", **data, "contact": data["subscriber"]})


def _read_contact_fields(data: Body) -> Recebida:
    """Read a contact beside the account's own fields: they carry the answer."""
    contact = {
        key: value for key, value in data["contact"].items() if key in {"phone", "whatsapp", "name", "full_name"}
    }
    if "id" in data["contact"]:
        contact["subscriber_id"] = data["contact"]["id"]
    outer = {"mensagem_id": data["eventId"]} if "eventId" in data else {}
    return _read_flat({**outer, **contact, **data["fields"]})


def _read_flat(data: Body) -> Recebida:
    filled = {key: value for key, value in data.items() if not (isinstance(value, str) and is_absent(value))}
    translated = {_FLAT_NAMES[key]: value for key, value in filled.items() if key in _FLAT_NAMES}
    flat = _validate(N8NWebhookData, translated | filled)
    is_status = flat.status is not None and flat.resposta is None and flat.mensagem_original is None
    return _identified(
        data,
        Recebida(
            kind="status" if is_status else "resposta",
            telefone=_phone(flat.telefone),
            subscriber_id=read_id(flat.subscriber_id),
            texto=flat.resposta or flat.mensagem_original or "",
            message_id=flat.mensagem_id,
            sent_at=flat.enviada_em,
            atendimento_id=flat.id_tabela,
            nr_seq_agenda=flat.nr_seq_agenda,
            nome=flat.nome_paciente,
            status=flat.status if is_status else None,
        ),
    )


def _has(*keys: str) -> Callable[[Body], bool]:
    return lambda data: all(isinstance(data.get(key), dict) for key in keys)


_SHAPES: Final[tuple[tuple[Callable[[Body], bool], Callable[[Body], Recebida]], ...]] = (
    (_has("contact", "fields"), _read_contact_fields),
    (_has("contact"), _read_classic),
    (_has("subscriber"), _read_subscriber),
    (lambda data: not _KNOWN.isdisjoint(data), _read_flat),
)


def _validate(model: type[M], data: Body) -> M:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        campo = ".".join(str(part) for part in error.errors(include_url=False, include_input=False)[0]["loc"])
        raise UnreadableWebhook(
            "tipo_invalido", f"O campo {campo} veio com um tipo que não se entende: envie texto ou número.", campo=campo
        ) from None


def _phone(telefone: str | None) -> str | None:
    return telefone if telefone is not None and _DIGIT.search(telefone) else None


def _identified(data: Body, recebida: Recebida) -> Recebida:
    if recebida.telefone is None and recebida.subscriber_id is None:
        _refuse_unidentified(data)
    return recebida


def _refuse_unidentified(data: Body) -> NoReturn:
    """Say which variable was left unfilled, if that is why nobody is identified."""
    for campo in ("telefone", "phone", "subscriber_id", "contact_id"):
        value = data.get(campo)
        if isinstance(value, str) and "{" in value and is_absent(value):
            raise UnreadableWebhook(
                "sem_identificacao",
                f"O campo {campo} chegou com o nome da variável em vez do valor: no n8n, mude o campo para Expression; "
                "na Botconversa, escolha a variável na lista.",
                campo=campo,
            )
    raise UnreadableWebhook(
        "sem_identificacao", "Nem telefone nem subscriber_id vieram preenchidos: envie ao menos um.", campo="telefone"
    )
