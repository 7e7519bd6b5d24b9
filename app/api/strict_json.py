"""JSON as the API takes it: UTF-8, no repeated keys, no NaN, no endless nesting or numbers."""

import json
import re
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, Final, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from app.api.errors import BadJson

_DEEPEST: Final = 32
_LONGEST_NUMBER: Final = 40
# A text that never ends reaches to the end: what can fail here would be tried again from every quote of it.
_STRINGS: Final = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_OPENING: Final = frozenset(b"[{")
_JSON_TYPE: Final = re.compile(r"application/(?:[\w.-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)


def read_json(body: bytes) -> Any:
    """Return what the body says, or raise BadJson."""
    if _depth(body) > _DEEPEST:
        raise BadJson("json_profundo", "O JSON tem níveis demais.", HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        return json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_without_repeats,
            parse_constant=_refuse_constant,
            parse_int=_bounded_int,
            parse_float=_bounded_float,
        )
    except UnicodeDecodeError:
        raise BadJson("codificacao_invalida", "O corpo não está em UTF-8.") from None
    except ValueError:
        raise BadJson("json_invalido", "O corpo não é um JSON válido.") from None


def _depth(body: bytes) -> int:
    """Count before parsing: the parser itself recurses."""
    depth = deepest = 0
    for bracket in _STRINGS.sub(b"", body).translate(None, _NO_BRACKETS):
        depth += 1 if bracket in _OPENING else -1
        deepest = max(deepest, depth)
    return deepest


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise BadJson("chave_repetida", "O JSON repete uma chave: não se sabe qual valor vale.")
    return read


def _refuse_constant(_: str) -> NoReturn:
    raise BadJson("numero_invalido", "NaN e Infinity não são JSON.")


def _bounded_int(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise BadJson("numero_invalido", "O JSON tem um número longo demais.")
    return int(text)


def _bounded_float(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise BadJson("numero_invalido", "O JSON tem um número grande demais.")
    return value


class _StrictRequest(Request):
    async def json(self) -> Any:
        if not hasattr(self, "_read"):
            self._read = read_json(await self.body())
        return self._read


class StrictRoute(APIRoute):
    """A route whose body is strict JSON, and nothing else."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            if self.body_field is not None and _has_body(request):
                content_type = request.headers.get("content-type", "")
                if not _JSON_TYPE.fullmatch(content_type.strip()):
                    raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
            return await handle(_StrictRequest(request.scope, request.receive))

        return strict


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
