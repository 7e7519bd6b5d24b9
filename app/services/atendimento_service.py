"""What reception does with one appointment: read it, write on it, confirm or cancel it by phone.

AtendimentoError
├── AtendimentoInexistente   not there, or another hospital's: the same answer for both
├── VersaoDiferente          somebody changed it since it was read
└── RegraRecusou             a rule says no; `code` is stable, `mensagem` a sentence for the screen
"""

# ruff: noqa: N818 - exceptions are named for what happened

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.confirmacao import Fato, SituacaoAgenda, decide
from app.models import Historico, Mensagem, MensagemAtendimento
from app.repositories.base import FatoHistorico, HistoricoRepository
from app.repositories.consulta import Alvo, ConsultaRepository
from app.services.efeitos import EfeitoService, Mudanca

RECEPCAO: Final = "recepcao"
# What reception may write on an appointment; the rest is the hospital's schedule or the patient's answer.
EDITAVEIS: Final = frozenset({"observacoes", "preparo", "chegar_antes_min", "sala", "convenio", "email"})


class AtendimentoError(Exception):
    """The root of this tree."""


class AtendimentoInexistente(AtendimentoError):
    def __init__(self, atendimento_id: int) -> None:
        super().__init__(atendimento_id)
        self.atendimento_id = atendimento_id


class VersaoDiferente(AtendimentoError):
    def __init__(self, atual: int) -> None:
        super().__init__(atual)
        self.atual = atual


class RegraRecusou(AtendimentoError):
    def __init__(self, code: str, mensagem: str) -> None:
        super().__init__(code)
        self.code = code
        self.mensagem = mensagem


_MORTAS: Final = frozenset({SituacaoAgenda.CANCELADO, SituacaoAgenda.ERRO_REGISTRO, SituacaoAgenda.BLOQUEADO})


@dataclass(frozen=True, slots=True)
class AtendimentoLido:
    """One appointment with everything known about it."""

    registro: RowMapping
    historico: Sequence[Historico]
    mensagens: Sequence[tuple[Mensagem, MensagemAtendimento]]


class AtendimentoService:
    """Reception's side of an appointment. The caller commits."""

    def __init__(self, session: AsyncSession, tenant_id: int) -> None:
        """Take an open transaction of one hospital."""
        self._consulta = ConsultaRepository(session, tenant_id)
        self._historico = HistoricoRepository(session, tenant_id)
        self._efeitos = EfeitoService(session, tenant_id)

    async def read(self, atendimento_id: int) -> AtendimentoLido:
        registro = await self._consulta.get(atendimento_id)
        if registro is None:
            raise AtendimentoInexistente(atendimento_id)
        historico = await self._consulta.history(atendimento_id)
        return AtendimentoLido(registro, historico, await self._consulta.messages(atendimento_id))

    async def change(
        self, atendimento_id: int, valores: Mapping[str, Any], *, versao: int, resolve_atencao: bool, now: datetime
    ) -> None:
        """Write reception's notes; `resolve_atencao`: a person has looked at what asked for one."""
        if strange := valores.keys() - EDITAVEIS:
            raise ValueError(f"not reception's to write: {sorted(strange)}")
        alvo = await self._lock(atendimento_id, versao)
        written = dict(valores)
        if resolve_atencao:
            written |= {"atencao": None, "atencao_em": None}
        if not written:
            return
        await self._consulta.write(atendimento_id, written, now=now)
        await self._historico.add([*_notes(alvo, valores, now), *_resolved(alvo, now, when=resolve_atencao)])

    async def confirm(
        self, atendimento_id: int, *, motivo: str | None, versao: int | None = None, now: datetime
    ) -> None:
        """Note that the patient said yes to reception."""
        await self._decide(atendimento_id, Fato.RECEPCAO_CONFIRMOU, motivo=motivo, versao=versao, now=now)

    async def cancel(
        self, atendimento_id: int, *, motivo: str | None, versao: int | None = None, now: datetime
    ) -> None:
        """Note that the patient will not come."""
        await self._decide(atendimento_id, Fato.RECEPCAO_CANCELOU, motivo=motivo, versao=versao, now=now)

    async def _decide(
        self, atendimento_id: int, fato: Fato, *, motivo: str | None, versao: int | None, now: datetime
    ) -> None:
        alvo = await self._lock(atendimento_id, versao)
        _refuse_dead(alvo, now)
        decisao = decide(alvo.status, fato)
        if decisao is None:
            raise RegraRecusou("sem_efeito", "No estado atual deste atendimento, esta ação não muda nada.")
        mudanca = Mudanca(atendimento_id=alvo.id, fato=fato, de=alvo.status, decisao=decisao)
        await self._efeitos.apply([mudanca], now=now, quem=RECEPCAO)
        spoken = {"observacoes": "\n".join(filter(None, (alvo.observacoes, motivo)))} if motivo else {}
        await self._consulta.write(alvo.id, {**spoken, "atencao": None, "atencao_em": None}, now=now)
        await self._historico.add(_resolved(alvo, now, when=True))

    async def _lock(self, atendimento_id: int, versao: int | None) -> Alvo:
        alvo = await self._consulta.lock(atendimento_id)
        if alvo is None:
            raise AtendimentoInexistente(atendimento_id)
        if versao is not None and versao != alvo.versao:
            raise VersaoDiferente(alvo.versao)
        return alvo


def _refuse_dead(alvo: Alvo, now: datetime) -> None:
    if alvo.situacao in _MORTAS:
        raise RegraRecusou("cancelado_pelo_hospital", "O hospital já cancelou este atendimento na agenda.")
    if alvo.data_consulta <= now:
        raise RegraRecusou("consulta_passada", "O horário deste atendimento já passou.")


def _notes(alvo: Alvo, valores: Mapping[str, Any], now: datetime) -> list[FatoHistorico]:
    if not valores:
        return []
    dados = {"campos": sorted(valores)}  # which, never what: the history is not encrypted
    return [FatoHistorico(atendimento_id=alvo.id, em=now, fato="dados_alterados", quem=RECEPCAO, dados=dados)]


def _resolved(alvo: Alvo, now: datetime, *, when: bool) -> list[FatoHistorico]:
    if not when or alvo.atencao is None:
        return []
    return [FatoHistorico(atendimento_id=alvo.id, em=now, fato="atencao_resolvida", quem=RECEPCAO, porque=alvo.atencao)]
