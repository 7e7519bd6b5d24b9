"""Message templates: what is in force, versions, a preview on a real visit, and the texts that gateways approved."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Response

from app.api.deps import BIGINT_MAX, Hospital, Now, Quem, Sessao, audits, requires
from app.api.errors import problems
from app.api.strict_json import StrictRoute
from app.domain.auditoria import Acao
from app.domain.modelo_textos import USOS
from app.domain.permissao import Permissao
from app.schemas.api.modelo import (
    AprovadoIn,
    AprovadoOut,
    CorpoIn,
    LigadoOut,
    ModeloDetalhe,
    ModeloOut,
    ModelosOut,
    PreviaIn,
    PreviaOut,
    SalvoOut,
    SincronizacaoOut,
    VersaoOut,
    VoltaIn,
)
from app.services.modelo_service import ModeloService, Salvo

router = APIRouter(prefix="/api/v1/modelos", tags=["Modelos"], route_class=StrictRoute, responses=problems(401, 403))

_LER: Final = [requires(Permissao.MODELO_LER)]
_PREVER: Final = [*_LER, requires(Permissao.PACIENTE_LER), audits(Acao.LEU)]  # a real appointment is shown
_GRAVAR: Final = [requires(Permissao.MODELO_GRAVAR), audits(Acao.ALTEROU, "modelo")]
_SAVED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": SalvoOut, "description": "Já era o texto em vigor"},
    **problems(400, 404, 413, 415, 422, 503),
}
Nome = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$", examples=["pedido"])]
CanalId = Annotated[int, Path(ge=1, le=BIGINT_MAX, description="Número do canal.", examples=[3])]


async def get_modelos(sessao: Sessao, quem: Quem) -> ModeloService:
    return ModeloService(sessao, quem.tenant_id)


Modelos = Annotated[ModeloService, Depends(get_modelos)]


@router.get("", dependencies=_LER, responses=problems(503))
async def list_modelos(modelos: Modelos) -> ModelosOut:
    """Lista os modelos como seriam enviados agora, e os textos aprovados que os representam em cada canal."""
    return ModelosOut(items=[ModeloOut.of(em_vigor) for em_vigor in await modelos.in_force()])


@router.post("/sincronizar", dependencies=_GRAVAR, responses=problems(503))
async def sync_modelos(hospital: Hospital) -> SincronizacaoOut:
    """Pergunta aos gateways o estado dos textos aprovados; também acontece sozinho, de hora em hora."""
    return SincronizacaoOut.of(await hospital.sync_modelos())


@router.get("/{nome}", dependencies=_LER, responses=problems(404, 422, 503))
async def read_modelo(nome: Nome, modelos: Modelos) -> ModeloDetalhe:
    """Mostra todas as versões de um modelo, a que está em vigor primeiro."""
    versoes = [VersaoOut.of(guardada) for guardada in await modelos.versions(nome)]
    aprovados = [AprovadoOut.of(row) for row in await modelos.approved(nome)]
    return ModeloDetalhe(nome=nome, uso=USOS[nome], versoes=versoes, aprovados=aprovados)


@router.post(
    "/{nome}/versoes",
    status_code=HTTPStatus.CREATED,
    dependencies=_GRAVAR,
    responses=_SAVED,
)
async def save_modelo(nome: Nome, entrada: CorpoIn, modelos: Modelos, *, now: Now, response: Response) -> SalvoOut:
    """Põe um texto em vigor para toda mensagem ainda não escrita; 422 diz em uma frase o que falta nele."""
    return _saved(await modelos.save(nome, entrada.corpo, now=now), response)


@router.post(
    "/{nome}/voltar",
    status_code=HTTPStatus.CREATED,
    dependencies=_GRAVAR,
    responses=_SAVED,
)
async def go_back(nome: Nome, volta: VoltaIn, modelos: Modelos, *, now: Now, response: Response) -> SalvoOut:
    """Põe de novo em vigor um texto anterior, como versão nova; 0 é o texto de fábrica."""
    return _saved(await modelos.go_back(nome, volta.versao, now=now), response)


@router.post(
    "/{nome}/previa",
    dependencies=_PREVER,
    responses=problems(400, 404, 413, 415, 422, 503),
)
async def preview_modelo(nome: Nome, previa: PreviaIn, modelos: Modelos, now: Now) -> PreviaOut:
    """Mostra o que seria enviado agora sobre um atendimento, com o texto em vigor ou com outro; nada é enviado."""
    return PreviaOut.of(await modelos.preview(nome, previa.atendimento_id, now=now, corpo=previa.corpo))


@router.put("/{nome}/aprovados/{canal_id}", dependencies=_GRAVAR, responses=problems(400, 404, 413, 415, 422, 503))
async def link_aprovado(nome: Nome, canal_id: CanalId, aprovado: AprovadoIn, modelos: Modelos) -> LigadoOut:
    """Liga ao modelo o texto que o gateway de um canal aprovou; o estado vem na próxima sincronização."""
    ligado = await modelos.link(canal_id, nome, aprovado.to_domain())
    return LigadoOut(**AprovadoOut.of(ligado.aprovado).model_dump(), avisos=list(ligado.avisos))


@router.delete(
    "/{nome}/aprovados/{canal_id}",
    status_code=HTTPStatus.NO_CONTENT,
    dependencies=_GRAVAR,
    responses=problems(404, 422, 503),
)
async def unlink_aprovado(nome: Nome, canal_id: CanalId, modelos: Modelos) -> None:
    """Desliga o texto aprovado; o modelo fica sem ele neste canal."""
    await modelos.unlink(canal_id, nome)


def _saved(salvo: Salvo, response: Response) -> SalvoOut:
    if not salvo.novo:
        response.status_code = HTTPStatus.OK
    return SalvoOut.of(salvo)
