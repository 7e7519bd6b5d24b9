"""One appointment, with its story in plain Portuguese."""

from fastapi import APIRouter, Response

from app.api.deps import AtendimentoId, Hospital, Now, Quem, Sessao, audits, requires
from app.api.errors import problems
from app.dashboard.page import PageRoute, Pagina
from app.dashboard.pages.atendimento.visao import build_ficha
from app.domain.auditoria import Acao
from app.domain.permissao import Permissao
from app.services.explicacao import ExplicacaoService

router = APIRouter(
    prefix="/painel/atendimentos",
    include_in_schema=False,
    route_class=PageRoute,
    responses=problems(401, 403, 404, 503),
    tags=["Painel"],
    dependencies=[requires(Permissao.AGENDA_LER), audits(Acao.LEU)],
)


@router.get("/{atendimento_id}")
async def show_atendimento(
    atendimento_id: AtendimentoId, sessao: Sessao, hospital: Hospital, page: Pagina, *, quem: Quem, now: Now
) -> Response:
    lido, explicacao = await ExplicacaoService(sessao, hospital.tenant_id).explain(atendimento_id, now=now)
    return page.render("atendimento/index.html", a=build_ficha(lido, explicacao, hospital.zona, quem))


@router.get("/{atendimento_id}/parcial")
async def show_parcial(
    atendimento_id: AtendimentoId, sessao: Sessao, hospital: Hospital, page: Pagina, *, quem: Quem, now: Now
) -> Response:
    lido, explicacao = await ExplicacaoService(sessao, hospital.tenant_id).explain(atendimento_id, now=now)
    return page.render("atendimento/_partial.html", a=build_ficha(lido, explicacao, hospital.zona, quem))
