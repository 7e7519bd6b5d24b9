"""Whether the program can do its job, and its figures for a monitoring system."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Final

import aiohttp
import asyncpg
from fastapi import APIRouter, Request, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import State

from app.api.deps import PUBLICA, Contexto, Ctx, Now, requires
from app.api.errors import problems
from app.api.strict_json import StrictRoute
from app.domain.permissao import Permissao
from app.repositories.saude import SaudeRepository
from app.schemas.api.operacao import HealthOut, Saude, Verificacao

router = APIRouter(tags=["Operação"], route_class=StrictRoute)

_TIMEOUT_S: Final = 3.0
_LAG_S: Final = 900
_GIB: Final = 1024**3
_DISK_LOW: Final = 0.10
_DISK_OUT: Final = 0.01
_GATEWAY_CACHE_S: Final = 30.0

Finding = tuple[Saude, str]
Check = Callable[[Contexto, Now], Awaitable[Finding]]


@router.get(
    "/health",
    dependencies=[PUBLICA],
    responses={503: {"model": HealthOut, "description": "O programa não consegue fazer o seu trabalho."}},
)
async def read_health(request: Request, contexto: Ctx, now: Now, response: Response) -> HealthOut:
    """Verifica banco, fila, gateway e disco; 503 quando o programa não consegue fazer o seu trabalho."""
    gateway = _remembered(request.app.state)
    wanted = {**_CHECKS, "gateway": gateway, **({"n8n": _n8n} if contexto.settings.n8n_base_url else {})}
    done = await asyncio.gather(*(_timed(check, contexto, now) for check in wanted.values()))
    checks = dict(zip(wanted, done, strict=True))
    status = _overall(checks)
    if status == "down":
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return HealthOut(status=status, checks=checks)


@router.get(
    "/metrics",
    dependencies=[requires(Permissao.OPERACAO_LER)],
    responses={200: {"content": {"text/plain": {"example": "confirma_messages_total 12.0"}}}, **problems(401, 403)},
    response_class=Response,
)
async def read_metrics(contexto: Ctx) -> Response:
    """Números do processo no formato do Prometheus."""
    content, content_type = contexto.metrics.render()
    return Response(content, headers={"Content-Type": content_type})


def _overall(checks: dict[str, Verificacao]) -> Saude:
    """Without database or disk nothing is done; the rest delays, and what waits drains by itself."""
    if "down" in {checks["database"].status, checks["disk"].status}:
        return "down"
    return "ok" if all(check.status == "ok" for check in checks.values()) else "degraded"


async def _timed(check: Check, contexto: Contexto, now: Now) -> Verificacao:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            status, detail = await check(contexto, now)
    except TimeoutError:
        status, detail = "down", f"sem resposta em {_TIMEOUT_S:.0f} s"
    except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, aiohttp.ClientError, OSError) as error:
        status, detail = "down", type(error).__name__  # its words may hold an address
    return Verificacao(status=status, detail=detail, ms=round((time.perf_counter() - began) * 1000, 1))


async def _database(contexto: Contexto, _: Now) -> Finding:
    async with contexto.database.global_scope() as session:
        await session.execute(text("SELECT 1"))
    return "ok", "responde"


async def _queue(contexto: Contexto, now: Now) -> Finding:
    lag_s, incertas = 0.0, 0
    for tenant_id in await contexto.tenants():
        async with contexto.database.session_scope(tenant_id) as session:
            outbox = await SaudeRepository(session, tenant_id).outbox(now)
        lag_s, incertas = max(lag_s, outbox.lag_s(now)), incertas + outbox.incertas
    contexto.metrics.queue_lag("outbox", lag_s)
    if lag_s > _LAG_S:
        return "degraded", f"mensagem mais antiga atrasada {lag_s / 60:.0f} min"
    return "ok", f"atraso de {lag_s:.0f} s; {incertas} incertas"


def _remembered(state: State) -> Check:
    """Return the gateway's check, asked at most twice a minute: whoever calls `/health` must not spend its rate."""

    async def check(contexto: Contexto, _: Now) -> Finding:
        asked: tuple[float, Finding] | None = getattr(state, "gateway_health", None)
        if asked is not None and time.monotonic() - asked[0] <= _GATEWAY_CACHE_S:
            return asked[1]
        hospitais = [await contexto.hospital(tenant_id) for tenant_id in await contexto.tenants()]
        healths = await asyncio.gather(*(hospital.gateway.check() for hospital in hospitais))
        worst = min(healths, key=lambda health: health.ok, default=None)
        finding: Finding = ("ok", "nenhum hospital") if worst is None else ("ok" if worst.ok else "down", worst.detail)
        state.gateway_health = (time.monotonic(), finding)
        return finding

    return check


async def _disk(contexto: Contexto, _: Now) -> Finding:
    usage = shutil.disk_usage(_existing(contexto.settings.data_dir))
    free = usage.free / usage.total
    status: Saude = "down" if free < _DISK_OUT else "degraded" if free < _DISK_LOW else "ok"
    return status, f"{usage.free / _GIB:.0f} GiB livres"


def _existing(path: Path) -> Path:
    return next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())


async def _n8n(contexto: Contexto, _: Now) -> Finding:
    url = f"{contexto.settings.n8n_base_url}/healthz"
    async with aiohttp.ClientSession() as session, session.get(url, allow_redirects=False) as answer:
        if answer.status == HTTPStatus.OK:
            return "ok", "responde"
        return "degraded", f"HTTP {answer.status}"


_CHECKS: Final[dict[str, Check]] = {"database": _database, "queue": _queue, "disk": _disk}
