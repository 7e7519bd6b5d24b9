"""What a route may ask for: the program's objects, the clock, one transaction of one hospital."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Protocol
from zoneinfo import ZoneInfo

from fastapi import Depends, Path, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from app.auth.contas import Contas
from app.config import Settings
from app.connectors.base import AtendimentoImportado, Aviso, LinhaRejeitada
from app.database import Database
from app.domain.auditoria import Acao
from app.domain.permissao import Identidade, Permissao, SemIdentidade, SemPermissao
from app.observability import Metrics, current_request_id
from app.providers.base import GatewayHealth, StepResult, WebhookCall
from app.services.auditoria_service import AuditoriaService
from app.services.modelo_sync import Sincronizacao


class WebhookAnswer(Protocol):
    @property
    def status_code(self) -> int: ...
    @property
    def body(self) -> Mapping[str, Any]: ...
    @property
    def media_type(self) -> str: ...
    @property
    def raw(self) -> bytes | None:
        """Exactly what to answer, where the gateway expects something else than our JSON."""
        ...


class WebhookReceiver(Protocol):
    async def receive(self, call: WebhookCall, *, canal: str | None, now: datetime) -> WebhookAnswer:
        """Verify, store, apply; `canal` is the public id in the path."""
        ...

    async def greet(self, query: Mapping[str, str], *, canal: str) -> str | None:
        """Return what a gateway's question to this address is answered with; None is a stranger."""
        ...

    async def has_secret(self, tenant_id: int) -> bool:
        """Tell whether a caller must prove where it comes from."""
        ...


class ResultadoWorkflow(Protocol):
    @property
    def subscriber_id(self) -> str | None: ...
    @property
    def message_id(self) -> str | None: ...
    @property
    def steps(self) -> Sequence[StepResult]: ...
    @property
    def ok(self) -> bool: ...


class Campanha(Protocol):
    @property
    def id(self) -> Any: ...
    @property
    def name(self) -> str: ...


class Gateway(Protocol):
    """Actions on one visit or contact. They raise ProviderError, and RegraRecusou where a rule says no."""

    async def workflow(self, atendimento_id: int, now: datetime) -> ResultadoWorkflow:
        """Run a whole send; raises AtendimentoInexistente, or RegraRecusou when rule 1 forbids it."""
        ...

    async def send_flow(self, subscriber_id: str, flow: str) -> object:
        """Start a flow, given by id or by name."""
        ...

    async def list_campaigns(self) -> Sequence[Campanha]: ...

    async def check(self) -> GatewayHealth: ...


class ResultadoImportacao(Protocol):
    """Counts, the refused rows and the warnings, and the number each booking has with us."""

    @property
    def criados(self) -> int: ...
    @property
    def atualizados(self) -> int: ...
    @property
    def inalterados(self) -> int: ...
    @property
    def rejeitadas(self) -> Sequence[LinhaRejeitada]: ...
    @property
    def avisadas(self) -> Sequence[Aviso]: ...
    @property
    def ids(self) -> Mapping[str, int]:
        """`nr_seq_agenda` to id, of every booking taken."""
        ...


class Importacao(Protocol):
    async def importar_registros(
        self, registros: list[AtendimentoImportado], now: datetime, *, origem: str
    ) -> ResultadoImportacao:
        """Take bookings as a file's import does, in transactions of its own."""
        ...


class Job(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def cron(self) -> str: ...
    @property
    def next_run(self) -> datetime | None: ...


class DemoControl(Protocol):
    """The demonstration's clock and phone."""

    @property
    def phone_url(self) -> str: ...
    @property
    def speed(self) -> float:
        """How many times as fast as real time; 0 while stopped."""
        ...

    async def stop(self) -> None: ...
    async def go_on(self) -> None: ...
    async def jump(self, by: timedelta) -> None: ...
    async def next_day(self) -> None: ...


class HospitalAberto(Protocol):
    """One hospital's own objects."""

    @property
    def tenant_id(self) -> int: ...
    @property
    def zona(self) -> ZoneInfo: ...
    @property
    def gateway(self) -> Gateway: ...
    @property
    def importacao(self) -> Importacao: ...
    async def sync_modelos(self) -> Sincronizacao:
        """Ask the hospital's gateways what became of the texts they approved."""
        ...


class Cookie(Protocol):
    @property
    def nome(self) -> str: ...
    @property
    def seguro(self) -> bool:
        """Whether it goes over TLS only."""
        ...


class Porteiro(Protocol):
    @property
    def biscoito(self) -> Cookie: ...

    def form_token(self, request: HTTPConnection) -> str:
        """Return what a form of this session must bring back; empty without a session."""
        ...

    async def identify(self, request: HTTPConnection, *, now: datetime) -> Identidade | None:
        """Return who makes a request; None is a stranger."""
        ...


class Contexto(Protocol):
    """What the shell built (`app.wiring`), as far as routes and pages need it."""

    @property
    def settings(self) -> Settings: ...
    @property
    def database(self) -> Database: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...
    @property
    def porteiro(self) -> Porteiro: ...
    @property
    def contas(self) -> Contas: ...
    @property
    def auditoria(self) -> AuditoriaService: ...
    @property
    def metrics(self) -> Metrics: ...
    @property
    def webhook(self) -> WebhookReceiver: ...
    @property
    def jobs(self) -> Sequence[Job]: ...
    @property
    def demo(self) -> DemoControl | None: ...
    async def tenants(self) -> Sequence[int]:
        """Return the hospitals that are served."""
        ...

    async def hospital(self, tenant_id: int) -> HospitalAberto:
        """Return one hospital's objects."""
        ...


# async although they wait for nothing: FastAPI hires a thread for every plain function, on every call
async def get_contexto(request: Request) -> Contexto:
    contexto: Contexto = request.app.state.contexto
    return contexto


Ctx = Annotated[Contexto, Depends(get_contexto)]


async def get_now(contexto: Ctx) -> datetime:
    return contexto.clock()


async def get_quem(request: Request, contexto: Ctx) -> Identidade:
    quem = await contexto.porteiro.identify(request, now=contexto.clock())
    if quem is None:
        raise SemIdentidade
    return quem


Quem = Annotated[Identidade, Depends(get_quem)]


async def get_hospital(quem: Quem, contexto: Ctx) -> HospitalAberto:
    return await contexto.hospital(quem.tenant_id)


async def open_session(quem: Quem, contexto: Ctx) -> AsyncIterator[AsyncSession]:
    async with contexto.database.session_scope(quem.tenant_id) as session:
        yield session


class Exige:
    """What a route demands of its caller. A route that declares neither this nor `PUBLICA` fails the build."""

    def __init__(self, permissao: Permissao) -> None:
        self.permissao = permissao

    async def __call__(self, quem: Quem) -> None:
        if not quem.may(self.permissao):
            raise SemPermissao(self.permissao)


class Anota:
    """What a route leaves in the audit trail, once its caller may do it. Routes about patients without it fail."""

    def __init__(self, acao: Acao, alvo: str) -> None:
        self.acao = acao
        self.alvo = alvo

    async def __call__(self, request: Request, quem: Quem, contexto: Ctx) -> None:
        path = request.path_params
        number = str(path.get("atendimento_id", path.get("contato_id", "")))
        known = number.isascii() and number.isdecimal() and int(number) <= BIGINT_MAX
        await contexto.auditoria.note(
            quem,
            self.acao,
            self.alvo,
            int(number) if known else None,
            request.client.host if request.client else "",
            pedido=current_request_id(),
        )


async def answer_anybody() -> None:
    """Declare that strangers may call."""


def requires(permissao: Permissao) -> Any:
    """Return the dependency by which a route declares its permission."""
    return Depends(Exige(permissao))


def audits(acao: Acao, alvo: str = "atendimento") -> Any:
    """Return the dependency by which a route is noted: after `requires`, so that nothing refused is."""
    return Depends(Anota(acao, alvo))


PUBLICA: Final[Any] = Depends(answer_anybody)
Hospital = Annotated[HospitalAberto, Depends(get_hospital)]
Now = Annotated[datetime, Depends(get_now)]
# "function": the commit comes before the answer, and a failed commit is not a 200.
Sessao = Annotated[AsyncSession, Depends(open_session, scope="function")]
BIGINT_MAX = 2**63 - 1
AtendimentoId = Annotated[
    int, Path(ge=1, le=BIGINT_MAX, description="Número do atendimento no Confirma.", examples=[15])
]
