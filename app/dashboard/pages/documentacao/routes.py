"""The description of the interface: the same text as /openapi.json, as a page."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from app.api.deps import requires
from app.api.errors import problems
from app.dashboard.page import PageRoute, Pagina
from app.domain.permissao import Permissao

router = APIRouter(
    include_in_schema=False,
    route_class=PageRoute,
    responses=problems(401, 403),
    tags=["Painel"],
    dependencies=[requires(Permissao.OPERACAO_LER)],
)


@dataclass(frozen=True, slots=True)
class Operacao:
    """One method of one path."""

    metodo: str
    caminho: str
    grupo: str
    resumo: str
    parametros: list[tuple[str, str, str]]
    corpo: str | None
    respostas: list[tuple[str, str, str | None]]


@router.get("/openapi.json")
async def read_openapi(request: Request) -> JSONResponse:
    return JSONResponse(request.app.openapi())


@router.get("/docs")
async def show_docs(request: Request, page: Pagina) -> Response:
    schema = request.app.openapi()
    return page.render("documentacao/index.html", operacoes=list(_operations(schema)), titulo=schema["info"]["title"])


def _operations(schema: Mapping[str, Any]) -> Iterator[Operacao]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield Operacao(
                metodo=method,
                caminho=path,
                grupo=operation["tags"][0],
                resumo=operation.get("description", operation.get("summary", "")),
                parametros=[_parameter(one) for one in operation.get("parameters", [])],
                corpo=_example(operation.get("requestBody", {}), schema),
                respostas=[
                    (status, answer["description"], _example(answer, schema))
                    for status, answer in operation["responses"].items()
                ],
            )


def _parameter(parameter: Mapping[str, Any]) -> tuple[str, str, str]:
    where = {"path": "no caminho", "query": "na consulta"}.get(parameter["in"], parameter["in"])
    told = parameter.get("description") or parameter["schema"].get("description", "")
    return parameter["name"], where, told


def _example(holder: Mapping[str, Any], schema: Mapping[str, Any]) -> str | None:
    """Return the first example given for a body, where its model or the route has one."""
    for media in holder.get("content", {}).values():
        found = media.get("example") or _first(media.get("examples", {})) or _of_model(media.get("schema", {}), schema)
        if found is not None:
            return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, indent=2)
    return None


def _first(examples: Mapping[str, Any]) -> Any:
    return next((example["value"] for example in examples.values()), None)


def _of_model(model: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    options = model.get("anyOf", [model])
    for option in options:
        name = option.get("$ref", "").rpartition("/")[2]
        if name and (example := schema["components"]["schemas"][name].get("example")) is not None:
            return example
    return None
