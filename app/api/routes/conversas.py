"""Conversations: who waits for a person, what was said, take over, answer, note, give back, end; canned answers."""

import base64
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query

from app import crypto
from app.api.deps import BIGINT_MAX, Hospital, Now, Quem, Sessao, audits, requires
from app.api.errors import InvalidParameter, problems
from app.api.strict_json import StrictRoute
from app.database import Record
from app.domain.auditoria import Acao
from app.domain.permissao import Identidade, Permissao
from app.domain.posse import CADASTRO, EstadoConversa, Fila, fila_of
from app.domain.sigilo import hide_telefone, text_shown_to
from app.repositories.conversas import ConversaRepository, Pagina
from app.schemas.api.conversa import (
    NOME_DA_FRASE,
    AssumirIn,
    AtendimentoDaConversaOut,
    ConversaDetalhe,
    ConversaOut,
    ConversasOut,
    DitaOut,
    FatoDaConversaOut,
    FraseIn,
    FraseOut,
    FrasesOut,
    NotaIn,
    RespostaIn,
    TempoOut,
    TemposOut,
    VersaoIn,
    as_mapping,
)
from app.services.conversa_service import ConversaService, FraseInexistente

router = APIRouter(
    prefix="/api/v1/conversas", tags=["Conversas"], route_class=StrictRoute, responses=problems(401, 403)
)

_ALVO: Final = "conversa"
_LISTAR: Final = [requires(Permissao.CONVERSA_LER), audits(Acao.LISTOU, _ALVO)]
_LER: Final = [requires(Permissao.CONVERSA_LER), audits(Acao.LEU, _ALVO)]
_MAY: Final = (requires(Permissao.CONVERSA_LER), requires(Permissao.CONVERSA_ATENDER))
_ATENDER: Final = [*_MAY, audits(Acao.ALTEROU, _ALVO)]
_RESPONDER: Final = [*_MAY, requires(Permissao.MENSAGEM_ENVIAR), audits(Acao.ENVIOU, _ALVO)]
_FRASES: Final = [requires(Permissao.MODELO_LER)]
_GRAVAR_FRASES: Final = [*_FRASES, requires(Permissao.MODELO_GRAVAR), audits(Acao.ALTEROU, "frase")]
_ACT: Final = problems(400, 404, 409, 413, 415, 422, 503)
_MAX_PAGE: Final = 200
_ABERTAS: Final = (EstadoConversa.AGUARDANDO_PESSOA, EstadoConversa.COM_PESSOA)
_URGENTE: Final = frozenset({Fila.URGENTE.value})
_MOTIVOS: Final = {
    Fila.URGENTE: (_URGENTE, True),
    Fila.CADASTRO: (CADASTRO, True),
    Fila.RECEPCAO: (CADASTRO | _URGENTE, False),
}

ContatoId = Annotated[int, Path(ge=1, le=BIGINT_MAX, description="Número da conversa (do contato).", examples=[15])]
NomeFrase = Annotated[str, Path(pattern=NOME_DA_FRASE, examples=["documentos"])]


async def get_conversas(sessao: Sessao, quem: Quem) -> ConversaService:
    return ConversaService(sessao, quem)


Conversas = Annotated[ConversaService, Depends(get_conversas)]


def read_cursor(cursor: Annotated[str | None, Query(max_length=120)] = None) -> tuple[int, datetime, int] | None:
    if cursor is None:
        return None
    try:
        ordem, desde, contato = base64.urlsafe_b64decode(cursor.encode()).decode().split("|")
        read = int(ordem), datetime.fromisoformat(desde), int(contato)
    except ValueError:
        read = None
    if read is None or read[1].tzinfo is None or not (0 <= read[0] <= 1 and 0 < read[2] <= BIGINT_MAX):
        raise InvalidParameter("cursor", "cursor_invalido", "Use o next_cursor da página anterior, sem alterá-lo.")
    return read


@router.get("", dependencies=_LISTAR, responses=problems(422, 503))
async def list_conversas(
    *,
    sessao: Sessao,
    quem: Quem,
    now: Now,
    estado: Annotated[list[EstadoConversa] | None, Query(max_length=4)] = None,
    fila: Fila | None = None,
    minhas: Annotated[bool, Query(description="Só as que estão comigo.")] = False,
    cursor: Annotated[tuple[int, datetime, int] | None, Depends(read_cursor)] = None,
    limit: Annotated[int, Query(ge=1, le=_MAX_PAGE)] = 50,
) -> ConversasOut:
    """Lista as conversas que esperam ou estão com uma pessoa: urgentes primeiro, depois quem espera há mais tempo."""
    motivos, dentro = _MOTIVOS[fila] if fila else (None, True)
    pagina = Pagina(
        estados=estado or _ABERTAS,
        motivos=sorted(motivos) if motivos is not None else None,
        dentro=dentro,
        responsavel=quem.nome if minhas else None,
        depois=cursor,
        limite=limit + 1,
    )
    rows = await ConversaRepository(sessao, quem.tenant_id).page(pagina)
    shown = rows[:limit]
    following = None
    if len(rows) > limit:
        last = shown[-1]
        following = base64.urlsafe_b64encode(
            f"{last.ordem}|{last.desde.isoformat()}|{last.contato_id}".encode()
        ).decode()
    return ConversasOut(items=[ConversaOut(**_shown(row, quem, now)) for row in shown], next_cursor=following)


@router.get("/tempos", dependencies=[requires(Permissao.ESTATISTICA_LER)], responses=problems(422, 503))
async def read_tempos(
    *,
    sessao: Sessao,
    quem: Quem,
    hospital: Hospital,
    now: Now,
    de: Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2100, 1, 1))] = None,
    ate: Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(2100, 1, 1))] = None,
) -> TemposOut:
    """Diz quanto os pacientes esperaram por uma pessoa; sem datas, nos últimos 30 dias."""
    last = ate or now.astimezone(hospital.zona).date()
    first = de or last - timedelta(days=30)
    begin, end = (datetime.combine(dia, time(), tzinfo=hospital.zona) for dia in (first, last + timedelta(days=1)))
    rows = await ConversaRepository(sessao, quem.tenant_id).times(begin, end)
    return TemposOut(tempos={row.fato: TempoOut(**{k: v for k, v in row.items() if k != "fato"}) for row in rows})


@router.get("/frases", dependencies=_FRASES, responses=problems(503))
async def list_frases(sessao: Sessao, quem: Quem) -> FrasesOut:
    """Lista as respostas prontas."""
    frases = await ConversaRepository(sessao, quem.tenant_id).phrases()
    return FrasesOut(items=[FraseOut(nome=nome, texto=texto) for nome, texto in frases.items()])


@router.put("/frases/{nome}", dependencies=_GRAVAR_FRASES, responses=problems(400, 413, 415, 422, 503))
async def save_frase(nome: NomeFrase, entrada: FraseIn, *, sessao: Sessao, quem: Quem, now: Now) -> FraseOut:
    """Guarda uma resposta pronta, ou muda a que tem este nome."""
    await ConversaRepository(sessao, quem.tenant_id).set_phrase(nome, entrada.texto, now)
    return FraseOut(nome=nome, texto=entrada.texto)


@router.delete(
    "/frases/{nome}", status_code=HTTPStatus.NO_CONTENT, dependencies=_GRAVAR_FRASES, responses=problems(404, 422, 503)
)
async def drop_frase(nome: NomeFrase, sessao: Sessao, quem: Quem) -> None:
    """Apaga uma resposta pronta."""
    if not await ConversaRepository(sessao, quem.tenant_id).drop_phrase(nome):
        raise FraseInexistente(nome)


@router.get("/{contato_id}", dependencies=_LER, responses=problems(404, 422, 503))
async def read_conversa(contato_id: ContatoId, conversas: Conversas, quem: Quem, now: Now) -> ConversaDetalhe:
    """Mostra uma conversa: o que foi dito dos dois lados, o que aconteceu, e os atendimentos do contato."""
    return await _detail(contato_id, conversas, quem, now)


@router.post("/{contato_id}/assumir", dependencies=_ATENDER, responses=_ACT)
async def take_conversa(
    contato_id: ContatoId, entrada: AssumirIn, conversas: Conversas, *, quem: Quem, now: Now
) -> ConversaDetalhe:
    """Assume a conversa: enquanto ela estiver com uma pessoa, o robô se cala."""
    await conversas.take(contato_id, versao=entrada.versao, tomar=entrada.tomar, now=now)
    return await _detail(contato_id, conversas, quem, now)


@router.post("/{contato_id}/devolver", dependencies=_ATENDER, responses=_ACT)
async def give_back_conversa(
    contato_id: ContatoId, entrada: VersaoIn, conversas: Conversas, *, quem: Quem, now: Now
) -> ConversaDetalhe:
    """Devolve a conversa ao robô."""
    await conversas.give_back(contato_id, versao=entrada.versao, now=now)
    return await _detail(contato_id, conversas, quem, now)


@router.post("/{contato_id}/encerrar", dependencies=_ATENDER, responses=_ACT)
async def close_conversa(
    contato_id: ContatoId, entrada: VersaoIn, conversas: Conversas, *, quem: Quem, now: Now
) -> ConversaDetalhe:
    """Encerra a conversa; o que o paciente escrever depois abre outra."""
    await conversas.close(contato_id, versao=entrada.versao, now=now)
    return await _detail(contato_id, conversas, quem, now)


@router.post(
    "/{contato_id}/responder",
    dependencies=_RESPONDER,
    responses=_ACT,
)
async def answer_conversa(
    contato_id: ContatoId, entrada: RespostaIn, conversas: Conversas, *, sessao: Sessao, quem: Quem, now: Now
) -> ConversaDetalhe:
    """Responde ao paciente, com palavras próprias ou com uma resposta pronta; quem responde fica com a conversa."""
    texto = entrada.texto
    if entrada.frase is not None:
        texto = await ConversaRepository(sessao, quem.tenant_id).phrase(entrada.frase)
        if texto is None:
            raise FraseInexistente(entrada.frase)
    if texto is None or (entrada.texto is not None and entrada.frase is not None):
        raise InvalidParameter("texto", "texto_ou_frase", "Escreva um texto, ou o nome de uma resposta pronta.")
    await conversas.answer(contato_id, texto, versao=entrada.versao, now=now)
    return await _detail(contato_id, conversas, quem, now)


@router.post("/{contato_id}/nota", dependencies=_ATENDER, responses=_ACT)
async def note_conversa(
    contato_id: ContatoId, entrada: NotaIn, conversas: Conversas, *, quem: Quem, now: Now
) -> ConversaDetalhe:
    """Guarda uma nota para a equipe; o paciente não a vê."""
    await conversas.note(contato_id, entrada.nota, now=now)
    return await _detail(contato_id, conversas, quem, now)


async def _detail(contato_id: int, conversas: ConversaService, quem: Identidade, now: datetime) -> ConversaDetalhe:
    lida = await conversas.read(contato_id, now=now)
    return ConversaDetalhe(
        **_shown(lida.conversa, quem, now),
        mensagens=[DitaOut.model_validate(_said(row, quem)) for row in lida.ditas],
        fatos=[FatoDaConversaOut.model_validate(_happened(row, quem)) for row in lida.fatos],
        atendimentos=[AtendimentoDaConversaOut.model_validate(as_mapping(row)) for row in lida.atendimentos],
    )


def _shown(row: Record, quem: Identidade, now: datetime) -> dict[str, Any]:
    telefone = crypto.keyring().decrypt(row.telefone, "contatos.telefone", quem.tenant_id)
    waits = row.aguardando_desde is not None
    return as_mapping(row) | {
        "id": row.contato_id,
        "telefone": telefone if quem.may(Permissao.PACIENTE_LER) else hide_telefone(telefone),
        "fila": fila_of(row.motivo) if row.estado in _ABERTAS and row.motivo else None,
        "espera_s": max(0, round((now - row.aguardando_desde).total_seconds())) if waits else None,
    }


_COLUNA: Final = {"recebida": "recebidas.texto", "enviada": "mensagens.texto"}


def _said(row: Record, quem: Identidade) -> dict[str, Any]:
    column = "mensagens.escrito" if row.por_enviar else _COLUNA[row.tipo]
    texto = crypto.keyring().decrypt(row.texto, column, quem.tenant_id) if row.texto else None
    return as_mapping(row) | {"texto": text_shown_to(texto, quem)}


def _happened(row: Record, quem: Identidade) -> dict[str, Any]:
    nota = crypto.keyring().decrypt(row.nota, "conversas_fatos.nota", quem.tenant_id) if row.nota else None
    return as_mapping(row) | {"nota": text_shown_to(nota, quem)}
