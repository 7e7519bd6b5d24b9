"""What the scheduler did and will do."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from croniter import croniter
from fastapi import APIRouter

from app.api.deps import Ctx, Hospital, Job, Now, requires
from app.api.errors import problems
from app.api.strict_json import StrictRoute
from app.domain.permissao import Permissao
from app.models import Execucao
from app.repositories.saude import last_runs
from app.schemas.api.operacao import JobOut, SchedulerOut

router = APIRouter(prefix="/scheduler", tags=["Operação"], route_class=StrictRoute, responses=problems(401, 403))

_ALIVE: Final = timedelta(minutes=5)


@router.get("/status", dependencies=[requires(Permissao.OPERACAO_LER)], responses=problems(503))
async def read_status(contexto: Ctx, hospital: Hospital, now: Now) -> SchedulerOut:
    """Mostra cada tarefa do agendador: última e próxima execução, último resultado, atraso."""
    async with contexto.database.global_scope() as session:
        runs = await last_runs(session)
    jobs = [_job(job, runs.get(job.name), hospital.zona, now) for job in contexto.jobs]
    newest = max((job.last_run for job in jobs if job.last_run), default=None)
    quickest = timedelta(minutes=contexto.settings.scheduler.monitoring_interval_minutes)
    return SchedulerOut(running=newest is not None and now - newest <= max(_ALIVE, 3 * quickest), jobs=jobs)


def _job(job: Job, run: Execucao | None, zona: ZoneInfo, now: datetime) -> JobOut:
    last_run = run.ultima_em if run else None
    return JobOut(
        name=job.name,
        cron=job.cron,
        last_run=last_run,
        last_result=run.resultado if run else None,
        next_run=job.next_run,
        lag_s=_lag_s(job.cron, last_run.astimezone(zona), now) if last_run else 0.0,
    )


def _lag_s(cron: str, last_run: datetime, now: datetime) -> float:
    """Return how long the run after the last one has been due."""
    due: datetime = croniter(cron, last_run).get_next(datetime)
    return max((now - due).total_seconds(), 0.0)
