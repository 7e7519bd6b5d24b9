"""Coming in, going out, setting up the second factor, and the link that sets a password."""

import base64
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote

import pyotp
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import RedirectResponse

from app.api.deps import PUBLICA, Ctx, Quem
from app.api.errors import problems
from app.api.routes.auth import address_of
from app.auth.contas import LoginRecusado, MuitasTentativas
from app.dashboard.formulario import PROPRIO, Formulario
from app.dashboard.page import AnyPage, PageRoute
from app.domain.permissao import SemIdentidade, TipoIdentidade
from app.domain.senha import SenhaRecusada

router = APIRouter(
    include_in_schema=False,
    route_class=PageRoute,
    responses=problems(401, 403, 422),
    tags=["Painel"],
    dependencies=[PUBLICA],
)

_CASA: Final = "/painel"
_FATOR: Final = "/entrar/segundo-fator"
_DIA_S: Final = 12 * 3600
_ERRADO: Final = "Usuário, senha ou código não conferem."
_SAIDA: Final = HTTPStatus.SEE_OTHER
Volta = Annotated[str, Query(alias="volta", max_length=300)]


@router.get("/entrar")
async def show_login(request: Request, contexto: Ctx, page: AnyPage, *, volta: Volta = _CASA) -> Response:
    """Ask who this is; whoever came in already goes on."""
    if quem := await contexto.porteiro.identify(request, now=contexto.clock()):
        return RedirectResponse(_inside(volta) if quem.permissoes else _FATOR, _SAIDA)
    return page.render("entrar/index.html", volta=_inside(volta), erro=None, login="")


@router.post("/entrar", dependencies=[PROPRIO])
async def come_in(form: Formulario, request: Request, contexto: Ctx, page: AnyPage) -> Response:
    """Open a session, always a new one; that of before ends (SEC-18)."""
    contas, volta, login = contexto.contas, _inside(form.get("volta", _CASA)), form.get("usuario", "")
    try:
        usuario = await contas.check(login, form.get("senha", ""), form.get("codigo", ""), address_of(request))
    except LoginRecusado:
        return page.render("entrar/index.html", status=401, volta=volta, erro=_ERRADO, login=login)
    except MuitasTentativas as error:
        seconds = max(1, round(error.retry_after))
        erro = f"Muitas tentativas: espere {_wait(seconds)} e tente de novo."
        answer = page.render("entrar/index.html", status=429, volta=volta, erro=erro, login=login)
        answer.headers["Retry-After"] = str(seconds)
        return answer
    if antes := request.cookies.get(contexto.porteiro.biscoito.nome):
        await contas.close_session(antes)
    segredo = await contas.open_session(usuario)
    answer = RedirectResponse(volta if contas.may_act(usuario) else _FATOR, _SAIDA)
    _give_cookie(answer, contexto, segredo.texto)
    return answer


@router.post("/sair", dependencies=[PROPRIO])
async def go_out(request: Request, contexto: Ctx) -> Response:
    """End this session."""
    if cookie := request.cookies.get(contexto.porteiro.biscoito.nome):
        await contexto.contas.close_session(cookie)
    answer = RedirectResponse("/entrar", _SAIDA)
    answer.delete_cookie(contexto.porteiro.biscoito.nome, path="/", secure=contexto.porteiro.biscoito.seguro)
    return answer


async def _user_of(quem: Quem) -> tuple[int, int]:
    if quem.tipo is not TipoIdentidade.USUARIO or quem.id is None:
        raise SemIdentidade
    return quem.tenant_id, quem.id


Eu = Annotated[tuple[int, int], Depends(_user_of)]


@router.get("/entrar/segundo-fator")
async def show_factor(eu: Eu, contexto: Ctx, page: AnyPage) -> Response:
    """Show a new second factor to be read into an authenticator."""
    totp = await contexto.contas.start_totp(*eu)
    if totp is None:
        return RedirectResponse(_CASA, _SAIDA)
    return page.render("entrar/fator.html", **_factor(totp), erro=None)


@router.post("/entrar/segundo-fator", dependencies=[PROPRIO])
async def keep_factor(eu: Eu, form: Formulario, contexto: Ctx, page: AnyPage) -> Response:
    """Keep it once its first code is right; then everybody comes in anew."""
    segredo = form.get("segredo", "")
    if not _is_base32(segredo):
        return RedirectResponse(_FATOR, _SAIDA)
    if await contexto.contas.finish_totp(*eu, segredo, form.get("codigo", "")):
        return RedirectResponse("/entrar", _SAIDA)
    erro = "O código não confere: confira a hora do celular e digite o código que aparece agora."
    return page.render("entrar/fator.html", status=422, **_factor(pyotp.TOTP(segredo)), erro=erro)


@router.get("/entrar/senha")
async def show_password(page: AnyPage) -> Response:
    """Ask for a new password; the link's secret stays in the fragment, which no server sees."""
    return page.render("entrar/senha.html", erro=None, feito=False)


@router.post("/entrar/senha", dependencies=[PROPRIO])
async def set_password(form: Formulario, contexto: Ctx, page: AnyPage) -> Response:
    """Set the password of whom the link was made for."""
    senha = form.get("senha", "")
    if senha != form.get("repetida", ""):
        return page.render("entrar/senha.html", status=422, erro="As duas senhas não são iguais.", feito=False)
    try:
        feito = await contexto.contas.accept(form.get("convite", ""), senha)
    except SenhaRecusada as error:
        return page.render("entrar/senha.html", status=422, erro=str(error), feito=False)
    erro = None if feito else "Este link não vale mais: peça outro ao administrador."
    return page.render("entrar/senha.html", status=200 if feito else 422, erro=erro, feito=feito)


def _give_cookie(answer: Response, contexto: Ctx, valor: str) -> None:
    biscoito = contexto.porteiro.biscoito
    answer.set_cookie(
        biscoito.nome, valor, max_age=_DIA_S, path="/", secure=biscoito.seguro, httponly=True, samesite="lax"
    )


def _factor(totp: pyotp.TOTP) -> Mapping[str, Any]:
    blocos = [totp.secret[i : i + 4] for i in range(0, len(totp.secret), 4)]
    uri = totp.provisioning_uri(name="Confirma", issuer_name="Confirma")
    return {"segredo": totp.secret, "legivel": " ".join(blocos), "uri": uri}


def _is_base32(texto: str) -> bool:
    try:
        return len(texto) >= 32 and bool(base64.b32decode(texto))  # noqa: PLR2004  160 bits
    except ValueError:
        return False


def _inside(volta: str) -> str:
    """Return a page of the panel: an address of another site is none."""
    inside = volta == _CASA or volta.startswith((f"{_CASA}/", f"{_CASA}?"))
    return quote(volta, safe="/?&=%-._~:+") if inside and "//" not in volta and "\\" not in volta else _CASA


def _wait(seconds: int) -> str:
    return f"{seconds} segundos" if seconds < 90 else f"{round(seconds / 60)} minutos"  # noqa: PLR2004
