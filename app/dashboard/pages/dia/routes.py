"""The page of the day, whole and as the part that keeps itself fresh."""

from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Response

from app.api.deps import Hospital, Now, Quem, Sessao, audits, requires
from app.api.errors import problems
from app.dashboard.page import PageRoute, Pagina
from app.dashboard.pages.dia.visao import PAGE, Dia, Pedido, build_dia, strip_days
from app.domain.auditoria import Acao
from app.domain.permissao import Permissao
from app.domain.sigilo import all_shown_to
from app.repositories.consulta import ConsultaRepository, Cursor
from app.repositories.hospital import HospitalRepository
from app.repositories.painel import Chamadas, PainelRepository

router = APIRouter(
    prefix="/painel",
    include_in_schema=False,
    route_class=PageRoute,
    responses=problems(401, 403, 404, 503),
    tags=["Painel"],
    dependencies=[requires(Permissao.AGENDA_LER), audits(Acao.LISTOU)],
)

_CALLS: Final = 40
_ANSWERS: Final = 12
Status = Literal["confirmado", "aguardando", "sem_resposta", "reagendar", "cancelado", "pendente", "sem_celular"]


def read_pedido(
    hospital: Hospital,
    now: Now,
    *,
    dia: Annotated[date | None, Query(ge=date(2000, 1, 2), le=date(2100, 1, 1))] = None,
    status: Annotated[Status | None, Query()] = None,
    depois: Annotated[str | None, Query(max_length=120)] = None,
) -> Pedido:
    hoje = now.astimezone(hospital.zona).date()
    return Pedido(dia=dia or hoje, hoje=hoje, status=status, depois=Cursor.decode(depois) if depois else None)


Pedida = Annotated[Pedido, Depends(read_pedido)]


@router.get("")
async def show_dia(
    pedido: Pedida, sessao: Sessao, hospital: Hospital, page: Pagina, *, quem: Quem, now: Now
) -> Response:
    visao = await _read(pedido, sessao, quem, now)
    nome = (await HospitalRepository(sessao, hospital.tenant_id).load()).nome
    return page.render("dia/index.html", d=visao, hospital=nome, um_dia=timedelta(days=1))


@router.get("/parcial")
async def show_parcial(pedido: Pedida, sessao: Sessao, quem: Quem, page: Pagina, *, now: Now) -> Response:
    return page.render("dia/_partial.html", d=await _read(pedido, sessao, quem, now))


async def _read(pedido: Pedido, sessao: Sessao, quem: Quem, now: datetime) -> Dia:
    painel = PainelRepository(sessao, quem.tenant_id)
    consulta = ConsultaRepository(sessao, quem.tenant_id)
    chamadas = await painel.calls(now, limit=_CALLS)
    return build_dia(
        pedido,
        contados=await painel.count_days(*strip_days(pedido)),
        chamadas=Chamadas(all_shown_to(chamadas.itens, quem), chamadas.total),
        respostas=all_shown_to(await painel.answers(limit=_ANSWERS), quem),
        visitas=all_shown_to(await consulta.page(pedido.filtros, after=pedido.depois, limit=PAGE + 1), quem),
    )
