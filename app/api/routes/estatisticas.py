"""The manager's figures over a period."""

from datetime import date, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query

from app.api.deps import Hospital, Now, Sessao, requires
from app.api.errors import InvalidParameter, problems
from app.api.strict_json import StrictRoute
from app.domain.permissao import Permissao
from app.repositories.estatisticas import EstatisticaRepository
from app.schemas.api.estatistica import EstatisticasOut, Periodo

router = APIRouter(
    prefix="/api/v1/estatisticas", tags=["Estatísticas"], route_class=StrictRoute, responses=problems(401, 403)
)

_LONGEST: Final = timedelta(days=366)
Dia = Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2100, 1, 1))]


@router.get("", dependencies=[requires(Permissao.ESTATISTICA_LER)], responses=problems(422, 503))
async def read_estatisticas(
    *, sessao: Sessao, hospital: Hospital, now: Now, de: Dia = None, ate: Dia = None
) -> EstatisticasOut:
    """Enviados, entregues, respondidos, confirmados e cancelados, por dia, unidade, especialidade e médico.

    Sem período: os 30 dias até daqui a uma semana.
    """
    hoje = now.astimezone(hospital.zona).date()
    until = ate or max(hoje + timedelta(days=7), de or hoje)
    since = de or until - timedelta(days=37)
    if not since <= until <= since + _LONGEST:
        raise InvalidParameter("ate", "periodo_invalido", "O período deve ter de um dia a um ano.")
    contagens = await EstatisticaRepository(sessao, hospital.tenant_id).count(since, until)
    return EstatisticasOut.of(Periodo(de=since, ate=until), contagens)
