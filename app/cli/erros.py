"""What went wrong, in one sentence and one exit code: 0 done, 1 failed, 2 wrong use, 3 done in part."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import asyncpg
import sqlalchemy.exc
from pydantic import ValidationError

from app.api.errors import InvalidParameter, entry_of, fields_of
from app.config import SettingsError
from app.connectors.base import ArquivoRecusado
from app.crypto import UndecipherableError
from app.database import DatabaseRefusedError, is_away
from app.domain.modelo import ModeloInvalido
from app.embedded import EmbeddedPostgresError
from app.local_secrets import LocalSecretsError
from app.providers.base import ProviderError
from app.services.atendimento_service import AtendimentoInexistente, RegraRecusou, VersaoDiferente
from app.services.conhecimento_service import ConhecimentoInexistente, PerguntaClinica, SemPerguntas
from app.services.modelo_service import CanalInexistente, ModeloInexistente


class Saida(IntEnum):
    """Exit codes."""

    FEITO = 0
    FALHOU = 1
    USO_ERRADO = 2
    EM_PARTE = 3


class Falha(Exception):  # noqa: N818 - named for what happened
    """A command cannot go on; `mensagem` is for the person who typed it."""

    def __init__(self, codigo: str, mensagem: str, saida: Saida = Saida.FALHOU) -> None:
        super().__init__(codigo)
        self.codigo = codigo
        self.mensagem = mensagem
        self.saida = saida


class UsoErrado(Falha):
    """What was typed cannot be right."""

    def __init__(self, codigo: str, mensagem: str) -> None:
        super().__init__(codigo, mensagem, Saida.USO_ERRADO)


@dataclass(frozen=True, slots=True)
class Explicado:
    """A failure as it is shown."""

    codigo: str
    mensagem: str
    saida: Saida = Saida.FALHOU


def explain(error: Exception) -> Explicado | None:
    """Return what to say about `error`; None for one that nobody foresaw."""
    told = next((tell(error) for kind, tell in _TABLE.items() if isinstance(error, kind)), None)
    if told is None and is_away(error):
        return Explicado("banco_indisponivel", "O banco de dados não respondeu; confira se ele está no ar.")
    return told


def _by_api(error: Any) -> Explicado:
    erro = entry_of(error)
    return Explicado(erro.code, erro.detail)


def _by_gateway(error: Any) -> Explicado:
    erro = entry_of(error)
    return Explicado(erro.code, f"{erro.detail} Motivo: {error.reason}.")


def _by_parameter(error: Any) -> Explicado:
    recusado = error.recusado
    return Explicado(recusado.code, f"{recusado.campo}: {recusado.mensagem}", Saida.USO_ERRADO)


def _by_fields(error: Any) -> Explicado:
    fields = fields_of(error.errors(include_input=False))
    return Explicado(
        "dados_invalidos", " ".join(f"{field.campo}: {field.mensagem}" for field in fields), Saida.USO_ERRADO
    )


def _by_file(error: OSError) -> Explicado | None:
    if error.filename is None:  # a connection's, not a file's
        return None
    return Explicado("arquivo_inacessivel", f"Não foi possível usar {error.filename}: {error.strerror}.")


def _by_driver(error: Any) -> Explicado | None:
    """Read the driver's own exception behind SQLAlchemy's."""
    cause = getattr(error.orig, "__cause__", None) if isinstance(error, sqlalchemy.exc.DBAPIError) else error
    return next((Explicado(*told) for kinds, told in _BY_SERVER.items() if isinstance(cause, kinds)), None)


_BY_SERVER: Final[Mapping[tuple[type[Exception], ...], tuple[str, str]]] = {
    (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError): (
        "banco_sem_migracao",
        "O banco ainda não tem as tabelas do Confirma: informe DATABASE_MIGRATION_URL e rode `confirma db migrate`.",
    ),
    (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError): (
        "banco_recusou_senha",
        "O banco de dados recusou o usuário ou a senha de DATABASE_URL ou DATABASE_MIGRATION_URL.",
    ),
    (asyncpg.InvalidCatalogNameError,): (
        "banco_inexistente",
        "O banco de dados indicado em DATABASE_URL não existe.",
    ),
}
_TABLE: Final[Mapping[type[Exception], Callable[[Any], Explicado | None]]] = {
    Falha: lambda error: Explicado(error.codigo, error.mensagem, error.saida),
    ArquivoRecusado: lambda error: Explicado(error.motivo, error.mensagem, Saida.USO_ERRADO),
    SettingsError: lambda error: Explicado("configuracao", "\n".join(error.sentences), Saida.USO_ERRADO),
    LocalSecretsError: lambda error: Explicado("segredos_locais", str(error)),
    EmbeddedPostgresError: lambda error: Explicado("postgres_embutido", str(error)),
    DatabaseRefusedError: lambda error: Explicado("banco_recusado", str(error)),
    RegraRecusou: lambda error: Explicado(error.code, error.mensagem),
    AtendimentoInexistente: _by_api,
    VersaoDiferente: _by_api,
    ModeloInexistente: _by_api,
    CanalInexistente: _by_api,
    ConhecimentoInexistente: _by_api,
    PerguntaClinica: _by_api,
    SemPerguntas: _by_api,
    ModeloInvalido: lambda error: Explicado("modelo_invalido", str(error), Saida.USO_ERRADO),
    ProviderError: _by_gateway,
    InvalidParameter: _by_parameter,
    ValidationError: _by_fields,
    sqlalchemy.exc.DBAPIError: _by_driver,
    UndecipherableError: lambda _: Explicado(
        "chave_errada",
        "Os dados gravados não abrem com as chaves desta instalação: confira DATA_DIR ou ENCRYPTION_KEYS.",
    ),
    asyncpg.PostgresError: _by_driver,
    OSError: _by_file,
}
