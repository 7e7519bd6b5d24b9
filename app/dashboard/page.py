"""What every page shares: the template engine, its headers, and errors shown as pages."""

from collections.abc import Callable, Coroutine
from datetime import UTC, tzinfo
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse

from app.api import errors
from app.api.deps import Contexto, Ctx, Hospital, Quem
from app.dashboard import datas
from app.domain.permissao import Identidade, Permissao, SemIdentidade, TipoIdentidade
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

    def __init__(self, contexto: Contexto, zona: tzinfo, request: Request, quem: Identidade | None = None) -> None:
        self._contexto = contexto
        self._zona = zona
        self._request = request
        self._quem = quem

    def render(self, template: str, *, status: int = 200, **values: Any) -> Response:
        contexto = self._contexto
        html = _ENV.get_template(template).render(
            **values,
            zona=self._zona,
            demo=contexto.demo if self._shows_demo() else None,
            agora=contexto.clock(),
            csrf=contexto.porteiro.form_token(self._request),
            quem=self._quem if self._quem and self._quem.tipo is TipoIdentidade.USUARIO else None,
        )
        return HTMLResponse(html, status, headers={"Content-Security-Policy": _CSP.format(frames=_frames(contexto))})

    def _shows_demo(self) -> bool:
        """Whether the demonstration's clock and phone stand beside the page: not before somebody came in."""
        return self._quem is not None and self._quem.may(Permissao.DEMONSTRACAO_CONDUZIR)


def _frames(contexto: Contexto) -> str:
    """Return where the demonstration's phone may come from."""
    if contexto.demo is None:
        return "'none'"
    parts = urlsplit(contexto.demo.phone_url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "'self'"


def get_page(contexto: Ctx, hospital: Hospital, request: Request, quem: Quem) -> Page:
    return Page(contexto, hospital.zona, request, quem)


def get_any_page(contexto: Ctx, request: Request) -> Page:
    return Page(contexto, UTC, request)


Pagina = Annotated[Page, Depends(get_page)]
AnyPage = Annotated[Page, Depends(get_any_page)]
"""A page that strangers see, too."""


class PageRoute(APIRoute):
    """A route whose failures a person reads."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await handle(request)
            except SemIdentidade as error:
                if request.method == "GET" and _is_page(request.url.path):
                    return RedirectResponse(f"/entrar?volta={quote(_path_of(request))}", HTTPStatus.SEE_OTHER)
                erro = _erro_of(error)
            except _SHOWN as error:
                erro = _erro_of(error)
            page = Page(request.app.state.contexto, UTC, request)  # whose failure it is may not be known
            return page.render("error.html", status=erro.status, erro=erro, request_id=current_request_id())

        return shown


def _is_page(path: str) -> bool:
    """Tell whether a person reads what is there, and not a script a part of it."""
    return path.startswith("/painel") and not path.endswith("/parcial")


def _path_of(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}{query}"


def _erro_of(error: Exception) -> errors.Erro:
    if isinstance(error, HTTPException):
        return errors.erro_of(error.status_code)
    if isinstance(error, RequestValidationError):
        return errors.erro_of(404)  # a page's address is not typed in by hand: a wrong one leads nowhere
    return errors.entry_of(error)
