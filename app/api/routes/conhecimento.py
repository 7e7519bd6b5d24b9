"""What the program may answer in the hospital's own words, each entry with the questions that must find it."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path

from app.api.deps import Now, Quem, Sessao, audits, requires
from app.api.errors import problems
from app.api.strict_json import StrictRoute
from app.domain.auditoria import Acao
from app.domain.conhecimento import Conhecimento
from app.domain.permissao import Permissao
from app.schemas.api.conhecimento import CHAVE, ConhecimentoOut, EntradaIn, EntradaOut, TesteIn, TesteOut
from app.services.conhecimento_service import ConhecimentoService

router = APIRouter(
    prefix="/api/v1/conhecimento", tags=["Conhecimento"], route_class=StrictRoute, responses=problems(401, 403)
)

_LER: Final = [requires(Permissao.MODELO_LER)]
_GRAVAR: Final = [*_LER, requires(Permissao.MODELO_GRAVAR), audits(Acao.ALTEROU, "conhecimento")]
Chave = Annotated[str, Path(pattern=CHAVE, examples=["estacionamento"])]


async def get_conhecimento(sessao: Sessao, quem: Quem) -> ConhecimentoService:
    return ConhecimentoService(sessao, quem.tenant_id)


Entradas = Annotated[ConhecimentoService, Depends(get_conhecimento)]


@router.get("", dependencies=_LER, responses=problems(503))
async def list_conhecimento(entradas: Entradas) -> ConhecimentoOut:
    """Lista as entradas: os assuntos de sempre, escritos ou não, e os do hospital, com as perguntas que elas perdem."""
    return ConhecimentoOut.of(await entradas.load())


@router.post("/testar", dependencies=_LER, responses=problems(400, 413, 415, 422, 503))
async def test_conhecimento(teste: TesteIn, entradas: Entradas) -> TesteOut:
    """Diz o que seria respondido a uma pergunta sem atendimento; nada é enviado."""
    return TesteOut.of(await entradas.load(), teste.pergunta)


@router.put("/entradas/{chave}", dependencies=_GRAVAR, responses=problems(400, 413, 415, 422, 503))
async def save_conhecimento(chave: Chave, entrada: EntradaIn, entradas: Entradas, now: Now) -> EntradaOut:
    """Escreve uma entrada; 422 se uma das perguntas for sobre saúde."""
    await entradas.save(chave, entrada.texto, entrada.perguntas, now=now)
    return _shown(await entradas.load(), chave)


@router.delete(
    "/entradas/{chave}", status_code=HTTPStatus.NO_CONTENT, dependencies=_GRAVAR, responses=problems(404, 422, 503)
)
async def drop_conhecimento(chave: Chave, entradas: Entradas) -> None:
    """Apaga o que o hospital escreveu: quem perguntar vai para uma pessoa."""
    await entradas.drop(chave)


def _shown(conhecimento: Conhecimento, chave: str) -> EntradaOut:
    return next(item for item in ConhecimentoOut.of(conhecimento).items if item.chave == chave)
