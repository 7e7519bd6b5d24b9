"""The operator's trials of the gateway: a whole send step by step, one flow, the campaigns."""

from typing import Annotated

from fastapi import APIRouter, Path

from app.api.deps import AtendimentoId, Hospital, Now, audits, requires
from app.api.errors import problems
from app.api.strict_json import StrictRoute
from app.domain.auditoria import Acao
from app.domain.permissao import Permissao
from app.schemas.api.operacao import CampanhasOut, FluxoIn, FluxoOut, PassoOut, WorkflowOut

router = APIRouter(
    prefix="/test",
    tags=["Testes do gateway"],
    route_class=StrictRoute,
    dependencies=[requires(Permissao.MENSAGEM_ENVIAR), audits(Acao.ENVIOU)],
    responses=problems(401, 403),
)
SubscriberId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$", examples=["701234567"])]


@router.post("/workflow/{atendimento_id}", responses=problems(404, 409, 422, 502, 503, 504))
async def run_workflow(atendimento_id: AtendimentoId, hospital: Hospital, now: Now) -> WorkflowOut:
    """Percorre o envio inteiro de um atendimento e mostra cada passo; 409 se uma regra proíbe perguntar."""
    resultado = await hospital.gateway.workflow(atendimento_id, now)
    steps = [PassoOut.model_validate(step) for step in resultado.steps]
    return WorkflowOut(
        success=resultado.ok,
        atendimento_id=atendimento_id,
        subscriber_id=resultado.subscriber_id,
        message_id=resultado.message_id,
        steps=steps,
    )


@router.post("/subscriber/{subscriber_id}/send_flow", responses=problems(400, 404, 413, 415, 422, 502, 503, 504))
async def send_flow(subscriber_id: SubscriberId, fluxo: FluxoIn, hospital: Hospital) -> FluxoOut:
    """Inicia um fluxo para um contato do gateway."""
    await hospital.gateway.send_flow(subscriber_id, fluxo.flow)
    return FluxoOut(success=True, subscriber_id=subscriber_id, flow=fluxo.flow)


@router.get("/campanhas", responses=problems(502, 503))
async def list_campanhas(hospital: Hospital) -> CampanhasOut:
    """Lista as campanhas da conta do gateway."""
    return CampanhasOut.of(await hospital.gateway.list_campaigns())
