"""Tokens for programs that act for a person: come in, renew, leave."""

from fastapi import APIRouter, Request, Response

from app.api.deps import PUBLICA, Ctx
from app.api.errors import problems
from app.auth.contas import Par
from app.auth.tokens import VALE
from app.schemas.api.auth import EntradaIn, RenovacaoIn, TokensOut

router = APIRouter(
    prefix="/api/v1/auth",
    tags=["Acesso"],
    responses=problems(401, 403, 413, 415, 422, 429, 503),
    dependencies=[PUBLICA],
)


@router.post("/token", summary="Entra com usuário e senha")
async def give_tokens(entrada: EntradaIn, request: Request, contexto: Ctx) -> TokensOut:
    """Give a first pair of tokens; an administrator needs the second factor's code."""
    usuario = await contexto.contas.check(entrada.usuario, entrada.senha, entrada.codigo, address_of(request))
    return _out(await contexto.contas.grant(usuario))


@router.post("/refresh", summary="Renova o acesso")
async def renew(renovacao: RenovacaoIn, contexto: Ctx) -> TokensOut:
    """Exchange a refresh token for the next pair; using an old one ends all that came from it."""
    return _out(await contexto.contas.renew(renovacao.refresh_token))


@router.post("/logout", summary="Encerra o acesso", status_code=204)
async def leave(renovacao: RenovacaoIn, contexto: Ctx) -> Response:
    """End a refresh token and all of its family; an unknown one is no error."""
    await contexto.contas.revoke(renovacao.refresh_token)
    return Response(status_code=204)


def address_of(request: Request) -> str:
    """Return who calls: the proxy's word where a trusted proxy stands before us."""
    return request.client.host if request.client else ""


def _out(par: Par) -> TokensOut:
    return TokensOut(access_token=par.acesso, refresh_token=par.renovacao, expires_in=int(VALE.total_seconds()))
