"""Who makes a request, from what it carries."""

from datetime import datetime
from typing import Final

from starlette.requests import HTTPConnection

from app.domain.permissao import Identidade, Permissao, TipoIdentidade

_TUDO: Final = frozenset(Permissao)


def operador(tenant_id: int) -> Identidade:
    """Return who sits at the machine itself, at one hospital."""
    return Identidade(tenant_id, TipoIdentidade.OPERADOR, None, "operador local", _TUDO)


class PorteiroLocal:
    """Whoever reaches the port is the operator: for a machine that listens to itself only. Without one, nobody is."""

    def __init__(self, tenant_id: int | None) -> None:
        self._operador = None if tenant_id is None else operador(tenant_id)

    async def identify(self, request: HTTPConnection, *, now: datetime) -> Identidade | None:  # noqa: ARG002  of all callers
        return self._operador
