"""The style sheet, the script and the icon: three files, read once."""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import APIRouter, HTTPException, Request, Response

from app.api.deps import PUBLICA
from app.api.errors import problems
from app.dashboard.page import PageRoute

router = APIRouter(
    prefix="/painel/static",
    include_in_schema=False,
    route_class=PageRoute,
    responses=problems(404),
    tags=["Painel"],
    dependencies=[PUBLICA],
)

_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
_FILES: Final[Mapping[str, bytes]] = {
    path.name: path.read_bytes()
    for path in sorted((Path(__file__).parent / "static").iterdir())
    if path.suffix in _TYPES
}
_TAGS: Final[Mapping[str, str]] = {
    name: f'"{hashlib.sha256(content).hexdigest()[:16]}"' for name, content in _FILES.items()
}


@router.get("/{nome}")
async def read_asset(nome: str, request: Request) -> Response:
    if nome not in _FILES:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    headers = {"Cache-Control": "no-cache", "ETag": _TAGS[nome]}
    if request.headers.get("if-none-match") == _TAGS[nome]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(_FILES[nome], headers=headers, media_type=_TYPES[Path(nome).suffix])
