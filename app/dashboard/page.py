"""What every page shares: the template engine, its headers, and errors shown as pages."""

from collections.abc import Callable, Coroutine
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from app.api import errors
from app.api.deps import Contexto, Ctx, Hospital
from app.dashboard import datas
from app.observability import current_request_id

_HERE: Final = Path(__file__).parent
_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; object-src 'none'; frame-src {frames}"
)
_SHOWN: Final[tuple[type[Exception], ...]] = (HTTPException, RequestValidationError, *errors.TABLE)
_ENV: Final = Environment(
    loader=FileSystemLoader([_HERE / "pages", _HERE / "components"]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENV.filters.update(datas.FILTERS)


class Page:
    """Renders the templates of one request."""

    def __init__(self, contexto: Contexto, zona: tzinfo) -> None:
        self._contexto = contexto
        self._zona = zona

    def render(self, template: str, *, status: int = 200, **values: Any) -> Response:
        contexto = self._contexto
        html = _ENV.get_template(template).render(**values, zona=self._zona, demo=contexto.demo, agora=contexto.clock())
        return HTMLResponse(html, status, headers={"Content-Security-Policy": _CSP.format(frames=_frames(contexto))})


def _frames(contexto: Contexto) -> str:
    """Return where the demonstration's phone may come from."""
    if contexto.demo is None:
        return "'none'"
    parts = urlsplit(contexto.demo.phone_url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "'self'"


def get_page(contexto: Ctx, hospital: Hospital) -> Page:
    return Page(contexto, hospital.zona)


Pagina = Annotated[Page, Depends(get_page)]


class PageRoute(APIRoute):
    """A route whose failures a person reads."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await handle(request)
            except _SHOWN as error:
                erro = _erro_of(error)
            page = Page(request.app.state.contexto, UTC)  # whose failure it is may not be known
            return page.render("error.html", status=erro.status, erro=erro, request_id=current_request_id())

        return shown


def _erro_of(error: Exception) -> errors.Erro:
    if isinstance(error, HTTPException):
        return errors.erro_of(error.status_code)
    if isinstance(error, RequestValidationError):
        return errors.erro_of(404)  # a page's address is not typed in by hand: a wrong one leads nowhere
    return errors.entry_of(error)
