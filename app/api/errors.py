"""Every way to fail, in one table: exception to status and stable code, told as `application/problem+json`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import asyncpg
import sqlalchemy.exc
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app.auth.contas import FaltaSegundoFator, LoginRecusado, MuitasTentativas
from app.domain.modelo import ModeloInvalido
from app.domain.permissao import SemIdentidade, SemPermissao
from app.observability import current_request_id
from app.providers.base import Ambiguous, Misconfigured, ProviderError, Rejected, Throttled, TooSoon, Unavailable
from app.schemas.api.problema import CampoRecusado, Problema
from app.services.atendimento_service import AtendimentoInexistente, RegraRecusou, VersaoDiferente
from app.services.conhecimento_service import ConhecimentoInexistente, PerguntaClinica, SemPerguntas
from app.services.conversa_service import (
    ConversaInexistente,
    ConversaMudou,
    DeOutraPessoa,
    FraseInexistente,
    NaoPodeResponder,
)
from app.services.modelo_service import CanalInexistente, ModeloInexistente
from app.workers.fila import FilaCheia

PROBLEM_JSON: Final = "application/problem+json; charset=utf-8"
_H: Final = HTTPStatus


class InvalidParameter(ValueError):  # noqa: N818 - named for what happened
    """A parameter that no schema can refuse by itself."""

    def __init__(self, campo: str, code: str, mensagem: str) -> None:
        super().__init__(code)
        self.recusado = CampoRecusado(campo=campo, code=code, mensagem=mensagem)


class BadJson(HTTPException):
    """A body that is not the JSON we take: refused before any model sees it."""

    def __init__(self, code: str, mensagem: str, status: HTTPStatus = _H.BAD_REQUEST) -> None:
        super().__init__(status, detail=mensagem)
        self.code = code


@dataclass(frozen=True, slots=True)
class Erro:
    status: HTTPStatus
    code: str
    title: str
    detail: str


_BANCO: Final = Erro(
    _H.SERVICE_UNAVAILABLE, "banco_indisponivel", "Banco indisponível", "O banco de dados não respondeu; tente de novo."
)
TABLE: Final[Mapping[type[Exception], Erro]] = {
    AtendimentoInexistente: Erro(
        _H.NOT_FOUND, "atendimento_inexistente", "Atendimento inexistente", "Não há atendimento com este número."
    ),
    ModeloInexistente: Erro(
        _H.NOT_FOUND,
        "modelo_inexistente",
        "Modelo inexistente",
        "Não há modelo, versão ou texto com este nome.",
    ),
    CanalInexistente: Erro(_H.NOT_FOUND, "canal_inexistente", "Canal inexistente", "Não há canal com este número."),
    ModeloInvalido: Erro(
        _H.UNPROCESSABLE_ENTITY, "modelo_invalido", "Modelo inválido", "O texto não pode ser usado como modelo."
    ),
    VersaoDiferente: Erro(
        _H.CONFLICT,
        "versao_diferente",
        "O atendimento mudou",
        "Alguém alterou este atendimento depois que você o leu: leia-o de novo e repita a alteração.",
    ),
    RegraRecusou: Erro(_H.CONFLICT, "regra_recusou", "Não é possível agora", "Uma regra impede esta ação."),
    ConversaInexistente: Erro(
        _H.NOT_FOUND, "conversa_inexistente", "Conversa inexistente", "Não há conversa com este número."
    ),
    ConhecimentoInexistente: Erro(
        _H.NOT_FOUND, "entrada_inexistente", "Entrada inexistente", "O hospital não escreveu nada com este nome."
    ),
    PerguntaClinica: Erro(
        _H.UNPROCESSABLE_ENTITY,
        "pergunta_clinica",
        "Pergunta sobre saúde",
        "Uma das perguntas é sobre saúde: o programa não responde a essas, uma pessoa responde.",
    ),
    SemPerguntas: Erro(
        _H.UNPROCESSABLE_ENTITY,
        "sem_perguntas",
        "Entrada sem perguntas",
        "Uma entrada nova precisa de ao menos uma pergunta típica: sem ela, ninguém a encontra.",
    ),
    FraseInexistente: Erro(
        _H.NOT_FOUND, "frase_inexistente", "Resposta pronta inexistente", "Não há resposta pronta com este nome."
    ),
    ConversaMudou: Erro(
        _H.CONFLICT,
        "versao_diferente",
        "A conversa mudou",
        "Alguém agiu nesta conversa depois que você a leu: leia-a de novo antes de continuar.",
    ),
    DeOutraPessoa: Erro(
        _H.CONFLICT,
        "de_outra_pessoa",
        "Outra pessoa está nesta conversa",
        "Outra pessoa está atendendo este paciente: para ficar com a conversa, assuma com “tomar”.",
    ),
    NaoPodeResponder: Erro(_H.CONFLICT, "nao_pode_responder", "Não é possível responder", "Nada pode ser dito aqui."),
    SemIdentidade: Erro(
        _H.UNAUTHORIZED, "nao_identificado", "Entre primeiro", "Este endereço só responde a quem se identifica."
    ),
    SemPermissao: Erro(
        _H.FORBIDDEN, "sem_permissao", "Sem permissão", "O seu papel não permite esta ação: fale com o administrador."
    ),
    LoginRecusado: Erro(
        _H.UNAUTHORIZED, "entrada_recusada", "Entrada recusada", "Usuário, senha ou código não conferem."
    ),
    FaltaSegundoFator: Erro(
        _H.FORBIDDEN,
        "falta_segundo_fator",
        "Falta o segundo fator",
        "Quem administra precisa de um segundo fator: entre uma vez pelo painel, em /entrar, e guarde o seu.",
    ),
    MuitasTentativas: Erro(
        _H.TOO_MANY_REQUESTS, "muitas_tentativas", "Muitas tentativas", "Espere um pouco e tente de novo."
    ),
    Throttled: Erro(
        _H.SERVICE_UNAVAILABLE,
        "gateway_limitado",
        "Gateway no limite",
        "O gateway pediu para esperar antes de repetir.",
    ),
    TooSoon: Erro(
        _H.SERVICE_UNAVAILABLE,
        "contato_em_espera",
        "Mensagens demais a este contato",
        "O gateway pediu um intervalo entre as mensagens a este contato: espere um pouco e repita.",
    ),
    Misconfigured: Erro(
        _H.BAD_GATEWAY, "gateway_mal_configurado", "Gateway mal configurado", "O gateway recusou a chave ou um ajuste."
    ),
    Ambiguous: Erro(
        _H.GATEWAY_TIMEOUT,
        "gateway_incerto",
        "Resultado incerto",
        "O gateway pode ou não ter aceitado o envio: confira antes de repetir.",
    ),
    Unavailable: Erro(_H.BAD_GATEWAY, "gateway_indisponivel", "Gateway indisponível", "O gateway não respondeu."),
    Rejected: Erro(_H.BAD_GATEWAY, "gateway_recusou", "O gateway recusou", "O gateway não aceita este pedido."),
    ProviderError: Erro(_H.BAD_GATEWAY, "gateway_falhou", "O gateway falhou", "O gateway não completou o pedido."),
    sqlalchemy.exc.OperationalError: _BANCO,
    sqlalchemy.exc.InterfaceError: _BANCO,
    sqlalchemy.exc.TimeoutError: _BANCO,
    asyncpg.PostgresConnectionError: _BANCO,
    asyncpg.CannotConnectNowError: _BANCO,
    asyncpg.InterfaceError: _BANCO,
    ConnectionError: _BANCO,
    FilaCheia: Erro(
        _H.SERVICE_UNAVAILABLE, "fila_cheia", "Fila cheia", "Há eventos demais à espera; tente de novo em um minuto."
    ),
    ClientDisconnect: Erro(_H.BAD_REQUEST, "corpo_incompleto", "Corpo incompleto", "A conexão caiu no meio do corpo."),
}

_HEADERS: Final[Mapping[int, Mapping[str, str]]] = {
    _H.SERVICE_UNAVAILABLE: {"Retry-After": "5"},
    _H.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
}
_BY_STATUS: Final[Mapping[int, Erro]] = {
    erro.status: erro
    for erro in (
        Erro(_H.BAD_REQUEST, "pedido_invalido", "Pedido inválido", "O pedido não pôde ser lido."),
        Erro(_H.UNAUTHORIZED, "nao_autorizado", "Não autorizado", "A chamada não provou de onde vem."),
        Erro(_H.FORBIDDEN, "proibido", "Proibido", "Esta origem não pode fazer este pedido."),
        Erro(_H.NOT_FOUND, "nao_encontrado", "Não encontrado", "Não há nada neste endereço."),
        Erro(_H.METHOD_NOT_ALLOWED, "metodo_nao_permitido", "Método não permitido", "Use outro método aqui."),
        Erro(_H.REQUEST_TIMEOUT, "corpo_lento", "Corpo lento demais", "O corpo do pedido demorou demais a chegar."),
        Erro(_H.CONFLICT, "conflito", "Conflito", "O estado atual não permite o pedido."),
        Erro(_H.REQUEST_ENTITY_TOO_LARGE, "corpo_grande", "Corpo grande demais", "Passa do limite deste endereço."),
        Erro(_H.UNSUPPORTED_MEDIA_TYPE, "tipo_nao_aceito", "Tipo não aceito", "Use Content-Type: application/json."),
        Erro(_H.UNPROCESSABLE_ENTITY, "dados_invalidos", "Dados inválidos", "Um ou mais campos foram recusados."),
        Erro(_H.TOO_MANY_REQUESTS, "muitos_pedidos", "Muitos pedidos", "Espere um pouco e tente de novo."),
        Erro(_H.INTERNAL_SERVER_ERROR, "erro_interno", "Erro interno", "Algo falhou do nosso lado."),
        Erro(_H.BAD_GATEWAY, "gateway_falhou", "O gateway falhou", "O gateway não completou o pedido."),
        _BANCO,
        Erro(_H.GATEWAY_TIMEOUT, "gateway_incerto", "Resultado incerto", "O gateway pode ou não ter aceitado o envio."),
    )
}  # fmt: skip


def entry_of(error: Exception) -> Erro:
    """Return the table's entry for an exception of one of its classes."""
    return next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)


def erro_of(status: int) -> Erro:
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Erro"
    return _BY_STATUS.get(status) or Erro(HTTPStatus(status), f"http_{status}", phrase, phrase)


def problem_response(
    status: int,
    *,
    code: str | None = None,
    detail: str | None = None,
    errors: Sequence[CampoRecusado] = (),
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Response:
    """Return the answer of a failure; what is not given comes from the table of statuses."""
    erro = erro_of(status)
    problema = Problema(
        type=f"urn:confirma:erro:{code or erro.code}",
        title=erro.title,
        status=status,
        code=code or erro.code,
        detail=detail or erro.detail,
        request_id=current_request_id(),
        errors=list(errors),
    )
    body = {**(extra or {}), **problema.model_dump(exclude={"errors"} if not errors else None)}
    return Response(json.dumps(body, ensure_ascii=False), status, headers=headers, media_type=PROBLEM_JSON)


def install(app: FastAPI) -> None:
    """Answer every exception of the table, and the framework's own."""
    for kind in (*TABLE, sqlalchemy.exc.DBAPIError, HTTPException, RequestValidationError, InvalidParameter):
        app.add_exception_handler(kind, _handle)


async def _handle(_: Request, error: Exception) -> Response:
    answer = answer_of(error)
    if answer is None:
        raise error
    return answer


def answer_of(error: Exception) -> Response | None:
    """Return what a failure is answered with; None for one that nobody foresaw."""
    match error:
        case BadJson():
            return problem_response(error.status_code, code=error.code, detail=error.detail)
        case HTTPException():
            return problem_response(error.status_code, headers=error.headers)
        case RequestValidationError():
            return problem_response(_H.UNPROCESSABLE_ENTITY, errors=list(fields_of(error.errors())))
        case InvalidParameter():
            return problem_response(_H.UNPROCESSABLE_ENTITY, errors=[error.recusado])
        case sqlalchemy.exc.DBAPIError() if error.connection_invalidated:  # the driver names a bug and a loss alike
            return _from_table(error, _BANCO)
        case _ if any(kind in TABLE for kind in type(error).__mro__):
            return _from_table(error, entry_of(error))
        case _:
            return None


def _from_table(error: Exception, erro: Erro) -> Response:
    headers = dict(_HEADERS.get(erro.status, {}))
    if isinstance(error, (Throttled, TooSoon, MuitasTentativas)):
        headers["Retry-After"] = str(max(1, round(error.retry_after)))
    code, detail = _said_by(error, erro)
    return problem_response(erro.status, code=code, detail=detail, headers=headers, extra=_extra_of(error))


def _said_by(error: Exception, erro: Erro) -> tuple[str, str]:
    if isinstance(error, (RegraRecusou, NaoPodeResponder)):
        return error.code, error.mensagem
    if isinstance(error, ModeloInvalido):  # a sentence for whoever edits it
        return erro.code, str(error)
    return erro.code, erro.detail


def _extra_of(error: Exception) -> dict[str, Any]:
    match error:
        case VersaoDiferente() | ConversaMudou():
            return {"versao_atual": error.atual}
        case ProviderError():  # `reason` never holds personal data
            steps = [{"step": s.step, "ok": s.ok, "ms": s.ms, "detail": s.detail, "id": s.id} for s in error.steps]
            return {"reason": error.reason, "steps": steps}
        case _:
            return {}


_MENSAGENS: Final[Mapping[str, str]] = {
    "missing": "O campo é obrigatório.",
    "extra_forbidden": "Este campo não existe ou não pode ser definido aqui.",
    "string_too_long": "O texto é longo demais.",
    "string_too_short": "O texto é curto demais.",
    "string_type": "Deve ser um texto.",
    "int_type": "Deve ser um número inteiro.",
    "int_parsing": "Deve ser um número inteiro.",
    "enum": "O valor não é um dos aceitos.",
    "literal_error": "O valor não é um dos aceitos.",
    "date_from_datetime_parsing": "Escreva a data como aaaa-mm-dd.",
    "date_parsing": "Escreva a data como aaaa-mm-dd.",
    "too_long": "A lista tem itens demais.",
    "value_error": "{error}",
}


def fields_of(errors: Sequence[Any]) -> Iterator[CampoRecusado]:
    """Name what was refused and why, never the value."""
    for error in errors[:50]:
        where = ".".join(str(part) for part in error["loc"] if part not in {"body", "query", "path"})
        template = _MENSAGENS.get(error["type"], "O valor não foi aceito.")
        context = {name: str(value) for name, value in error.get("ctx", {}).items()}
        yield CampoRecusado(campo=where[:80] or "corpo", code=error["type"], mensagem=template.format_map(context))


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of a route's failures."""
    return {
        status: {
            "description": erro_of(status).title,
            "content": {
                "application/problem+json": {
                    "schema": {"$ref": "#/components/schemas/Problema"},
                    "example": {
                        "type": f"urn:confirma:erro:{erro_of(status).code}",
                        "title": erro_of(status).title,
                        "status": int(status),
                        "code": erro_of(status).code,
                        "detail": erro_of(status).detail,
                        "request_id": "0f9c2f7d4be94a0e9b7f5a1f1d3f5c11",
                    },
                }
            },
        }
        for status in statuses
    }
