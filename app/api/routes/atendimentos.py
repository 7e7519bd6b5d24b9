"""Appointments: find, read with their story, create, note, confirm and cancel by phone."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Query, Response

from app import crypto
from app.api.deps import AtendimentoId, Ctx, Hospital, Now, Quem, Sessao, audits, requires
from app.api.entrada import read_rows, to_importado
from app.api.errors import InvalidParameter, problems
from app.api.strict_json import StrictRoute
from app.connectors.base import LinhaRejeitada
from app.domain.auditoria import Acao
from app.domain.confirmacao import SituacaoAgenda, StatusConfirmacao
from app.domain.permissao import Permissao, SemPermissao
from app.domain.sigilo import shown_to
from app.repositories.consulta import ConsultaRepository, Cursor, Filtros
from app.schemas.api.atendimento import (
    AlteracaoIn,
    AtendimentoDetalhe,
    AtendimentoIn,
    AtendimentoOut,
    AtendimentosOut,
    DecisaoIn,
    FatoOut,
    LinhaRecusadaOut,
    LoteIn,
    LoteOut,
    MensagemOut,
    ProximoOut,
)
from app.services.atendimento_service import AtendimentoInexistente, AtendimentoService
from app.services.explicacao import ExplicacaoService

router = APIRouter(
    prefix="/api/v1/atendimentos", tags=["Atendimentos"], route_class=StrictRoute, responses=problems(401, 403)
)

_LISTAR: Final = [requires(Permissao.AGENDA_LER), audits(Acao.LISTOU)]
_LER: Final = [requires(Permissao.AGENDA_LER), audits(Acao.LEU)]
_CRIAR: Final = [requires(Permissao.AGENDA_GRAVAR), audits(Acao.CRIOU)]
_ALTERAR: Final = [requires(Permissao.AGENDA_GRAVAR), audits(Acao.ALTEROU)]
_CONFIRMAR: Final = [requires(Permissao.CONFIRMACAO_GRAVAR), audits(Acao.CONFIRMOU)]
_CANCELAR: Final = [requires(Permissao.CONFIRMACAO_GRAVAR), audits(Acao.CANCELOU)]
_MAX_PAGE: Final = 200
_DIGITS: Final = re.compile(r"\d")
_FEWEST_DIGITS: Final = 4
_NO_CONTROL: Final = r"^[^\x00-\x1f\x7f]+$"

Dia = Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2100, 1, 1))]
Texto = Annotated[str | None, Query(max_length=200, pattern=_NO_CONTROL)]


def read_filtros(  # noqa: PLR0913  one parameter per filter of the query string
    *,
    dia: Dia = None,
    de: Dia = None,
    ate: Dia = None,
    status_confirmacao: Annotated[list[StatusConfirmacao] | None, Query(max_length=6)] = None,
    situacao_agenda: Annotated[list[SituacaoAgenda] | None, Query(max_length=9)] = None,
    unidade: Texto = None,
    especialidade: Texto = None,
    medico: Texto = None,
    telefone: Annotated[
        str | None, Query(max_length=40, pattern=_NO_CONTROL, description="Inteiro, ou os quatro últimos algarismos.")
    ] = None,
    nome: Annotated[
        str | None, Query(max_length=200, pattern=_NO_CONTROL, description="Palavras inteiras do nome, sem acentos.")
    ] = None,
    atencao: Annotated[
        str | None, Query(pattern=r"^[a-z_]{1,40}$", description="`sim`, `nao` ou um motivo, como `pede_volta`.")
    ] = None,
    origem: Texto = None,
    nr_seq_agenda: Texto = None,
) -> Filtros:
    if telefone is not None and len(_DIGITS.findall(telefone)) < _FEWEST_DIGITS:
        raise InvalidParameter("telefone", "curto", "Informe ao menos os quatro últimos algarismos.")
    if nome is not None and not crypto.plain_words(nome):
        raise InvalidParameter("nome", "vazio", "Informe ao menos uma palavra do nome.")
    return Filtros(
        de=dia or de,
        ate=dia or ate,
        status_confirmacao=status_confirmacao or (),
        situacao_agenda=situacao_agenda or (),
        unidade=unidade,
        especialidade=especialidade,
        medico=medico,
        telefone=telefone,
        nome=nome,
        atencao={"sim": True, "nao": False}.get(atencao or ""),
        atencao_motivo=atencao if atencao not in {None, "sim", "nao"} else None,
        origem=origem,
        nr_seq_agenda=nr_seq_agenda,
    )


def read_cursor(cursor: Annotated[str | None, Query(max_length=120)] = None) -> Cursor | None:
    if cursor is None:
        return None
    read = Cursor.decode(cursor)
    if read is None:
        raise InvalidParameter("cursor", "cursor_invalido", "Use o next_cursor da página anterior, sem alterá-lo.")
    return read


@router.get("", dependencies=_LISTAR, responses=problems(422, 503))
async def list_atendimentos(
    *,
    sessao: Sessao,
    quem: Quem,
    filtros: Annotated[Filtros, Depends(read_filtros)],
    cursor: Annotated[Cursor | None, Depends(read_cursor)],
    limit: Annotated[int, Query(ge=1, le=_MAX_PAGE)] = 50,
) -> AtendimentosOut:
    """Lista atendimentos na ordem do horário. Nomes e telefones são cifrados: acham-se por inteiro."""
    if (filtros.nome or filtros.telefone) and not quem.may(Permissao.PACIENTE_LER):
        raise SemPermissao(Permissao.PACIENTE_LER)  # who searches for a person learns of them
    rows = await ConsultaRepository(sessao, quem.tenant_id).page(filtros, after=cursor, limit=limit + 1)
    shown = rows[:limit]
    following = Cursor(shown[-1]["data_consulta"], shown[-1]["id"]).encode() if len(rows) > limit else None
    return AtendimentosOut(items=[AtendimentoOut.of(shown_to(row, quem)) for row in shown], next_cursor=following)


@router.get("/{atendimento_id}", dependencies=_LER, responses=problems(404, 422, 503))
async def read_atendimento(atendimento_id: AtendimentoId, sessao: Sessao, quem: Quem, now: Now) -> AtendimentoDetalhe:
    """Mostra um atendimento e a sua história: o que foi enviado, retido ou pulado, por quê, e o que vem a seguir."""
    return await _detail(atendimento_id, sessao, quem, now)


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    dependencies=_CRIAR,
    responses={
        200: {"model": AtendimentoDetalhe, "description": "Já existia"},
        **problems(400, 413, 415, 422, 503),
    },
)
async def create_atendimento(
    entrada: AtendimentoIn, contexto: Ctx, hospital: Hospital, quem: Quem, *, now: Now, response: Response
) -> AtendimentoDetalhe:
    """Cria um atendimento, ou atualiza o que tem a mesma origem e o mesmo nr_seq_agenda (200)."""
    registro = to_importado(entrada, linha=1, zona=hospital.zona)
    resultado = await hospital.importacao.importar_registros([registro], now, origem=entrada.origem)
    if resultado.rejeitadas:
        refused = resultado.rejeitadas[0]
        raise InvalidParameter(refused.coluna or "corpo", refused.motivo, refused.mensagem)
    if not resultado.criados:
        response.status_code = HTTPStatus.OK
    async with contexto.database.session_scope(quem.tenant_id) as sessao:
        found = await ConsultaRepository(sessao, quem.tenant_id).find_id(entrada.origem, registro.nr_seq_agenda)
        if found is None:
            raise AtendimentoInexistente(0)
        response.headers["Location"] = f"{router.prefix}/{found}"
        return await _detail(found, sessao, quem, now)


@router.post("/lote", dependencies=_CRIAR, responses=problems(400, 413, 415, 422, 503))
async def create_lote(
    lote: Annotated[LoteIn | list[Mapping[str, Any]], Body()], hospital: Hospital, now: Now
) -> LoteOut:
    """Cria ou atualiza muitos de uma vez; linhas ruins são contadas uma a uma, e as boas entram."""
    lote = lote if isinstance(lote, LoteIn) else LoteIn(atendimentos=lote)
    by_origem, refused = read_rows(lote.atendimentos, origem=lote.origem, zona=hospital.zona)
    out = LoteOut(rejeitados=_lines(refused))
    for origem, registros in by_origem.items():
        resultado = await hospital.importacao.importar_registros(registros, now, origem=origem)
        out.criados += resultado.criados
        out.atualizados += resultado.atualizados
        out.inalterados += resultado.inalterados
        out.rejeitados += _lines(resultado.rejeitadas)
        out.avisos += _lines(resultado.avisadas)
        out.ids |= resultado.ids
    return out


@router.patch("/{atendimento_id}", dependencies=_ALTERAR, responses=problems(400, 404, 409, 413, 415, 422, 503))
async def change_atendimento(
    atendimento_id: AtendimentoId, *, alteracao: AlteracaoIn, sessao: Sessao, quem: Quem, now: Now
) -> AtendimentoDetalhe:
    """Anota no atendimento; 409 se ele mudou depois de lido."""
    await AtendimentoService(sessao, quem.tenant_id).change(
        atendimento_id,
        alteracao.model_dump(exclude_unset=True, exclude={"versao", "atencao_resolvida"}),
        versao=alteracao.versao,
        resolve_atencao=alteracao.atencao_resolvida,
        now=now,
    )
    return await _detail(atendimento_id, sessao, quem, now)


@router.post(
    "/{atendimento_id}/confirmar",
    dependencies=_CONFIRMAR,
    responses=problems(400, 404, 409, 413, 415, 422, 503),
)
async def confirm_atendimento(
    atendimento_id: AtendimentoId, *, sessao: Sessao, quem: Quem, now: Now, decisao: DecisaoIn | None = None
) -> AtendimentoDetalhe:
    """Registra o sim que a recepção ouviu por telefone."""
    said = decisao or DecisaoIn()
    service = AtendimentoService(sessao, quem.tenant_id)
    await service.confirm(atendimento_id, motivo=said.motivo, versao=said.versao, now=now)
    return await _detail(atendimento_id, sessao, quem, now)


@router.post(
    "/{atendimento_id}/cancelar", dependencies=_CANCELAR, responses=problems(400, 404, 409, 413, 415, 422, 503)
)
async def cancel_atendimento(
    atendimento_id: AtendimentoId, *, sessao: Sessao, quem: Quem, now: Now, decisao: DecisaoIn | None = None
) -> AtendimentoDetalhe:
    """Registra que o paciente não vem: a vaga fica livre e nada mais é enviado."""
    said = decisao or DecisaoIn()
    service = AtendimentoService(sessao, quem.tenant_id)
    await service.cancel(atendimento_id, motivo=said.motivo, versao=said.versao, now=now)
    return await _detail(atendimento_id, sessao, quem, now)


async def _detail(atendimento_id: int, sessao: Sessao, quem: Quem, now: datetime) -> AtendimentoDetalhe:
    lido, explicacao = await ExplicacaoService(sessao, quem.tenant_id).explain(atendimento_id, now=now)
    return AtendimentoDetalhe(
        **AtendimentoOut.of(shown_to(lido.registro, quem)).model_dump(),
        historico=[FatoOut.model_validate(linha) for linha in explicacao.linhas],
        mensagens=[
            MensagemOut.model_validate({**shown_to(mensagem.__dict__, quem), "letra": elo.letra})
            for mensagem, elo in lido.mensagens
        ],
        proximos=[ProximoOut.model_validate(proximo) for proximo in explicacao.proximos],
    )


def _lines(lines: Sequence[LinhaRejeitada] | Sequence[Any]) -> list[LinhaRecusadaOut]:
    return [LinhaRecusadaOut.model_validate(line) for line in lines]
