"""What follows from a decision, written in the same transaction: status, history, messages withdrawn or planned."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.agrupamento import letter
from app.domain.confirmacao import Decisao, Efeito, Fato, StatusConfirmacao, TipoMensagem
from app.repositories.base import FatoHistorico, HistoricoRepository
from app.repositories.efeitos import Avisado, EfeitoRepository
from app.repositories.hospital import Hospital, HospitalRepository
from app.repositories.planejamento import MensagemNova, PlanejamentoRepository, key_of

# The hospital's own changes, told once to whoever was messaged: effect → template.
_AVISOS: Final = {
    Efeito.AVISAR_CANCELAMENTO_HOSPITAL: "cancelamento_hospital",
    Efeito.AVISAR_HORARIO_NOVO: "mudanca",
    Efeito.AVISAR_CANCELAMENTO_AUTOMATICO: "cancelamento_automatico",
    Efeito.AVISAR_VOLTA: "confirmado",
}
_ANULAM: Final = frozenset({Efeito.AVISAR_CANCELAMENTO_HOSPITAL, Efeito.AVISAR_HORARIO_NOVO})  # with a new version
_PRIORIDADE_AVISO: Final = 1
_CONFIRMADO: Final = StatusConfirmacao.CONFIRMADO
# A cancelled visit is told at any open hour until it would have begun; a moved one as long as it can be answered.
_FOLGA: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mudanca:
    """A decision about one appointment: `de` is the status it had."""

    atendimento_id: int
    fato: Fato
    de: StatusConfirmacao
    decisao: Decisao
    porque: str | None = None
    recebida_id: int | None = None


class EfeitoService:
    """Applies decisions. The words said back to a patient's own answer are the webhook's; here are the hospital's."""

    def __init__(self, session: AsyncSession, tenant_id: int) -> None:
        """Take an open transaction of one hospital."""
        self._repository = EfeitoRepository(session, tenant_id)
        self._planejamento = PlanejamentoRepository(session, tenant_id)
        self._hospital = HospitalRepository(session, tenant_id)
        self._historico = HistoricoRepository(session, tenant_id)

    async def apply(self, mudancas: Sequence[Mudanca], *, now: datetime, quem: str) -> None:
        """Write statuses and history, withdraw what is no longer wanted, plan the hospital's notices.

        The appointment's own columns (time, situation) are already written: a notice tells how it stands now.
        `ANULAR_PERGUNTAS` raises `horario_versao`: whatever was asked before finds nothing any more.
        """
        if not mudancas:
            return
        with_effect: defaultdict[Efeito, list[int]] = defaultdict(list)
        for mudanca in mudancas:
            for efeito in mudanca.decisao.efeitos:
                with_effect[efeito].append(mudanca.atendimento_id)
        statuses = {mudanca.atendimento_id: mudanca.decisao.status for mudanca in mudancas}
        await self._repository.set_status(statuses, retirados=with_effect[Efeito.RETIRAR_MENSAGENS], now=now)
        avisos = {
            efeito: await self._repository.messaged(ids) for efeito, ids in with_effect.items() if efeito in _AVISOS
        }
        confirmed = [m.atendimento_id for m in mudancas if m.decisao.status is _CONFIRMADO and m.de is not _CONFIRMADO]
        await self._repository.resume(confirmed, now=now)  # there may be a note the day before
        await self._repository.restart(with_effect[Efeito.ANULAR_PERGUNTAS], now=now)
        await self._repository.set_attention(with_effect[Efeito.PEDIR_VOLTA], "pede_volta", now=now)
        await self._historico.add([_line(mudanca, now, quem) for mudanca in mudancas])
        for efeito, avisados in avisos.items():
            await self._plan_aviso(efeito, avisados, now=now)

    async def _plan_aviso(self, efeito: Efeito, avisados: Sequence[Avisado], *, now: datetime) -> None:
        """Plan one notice per contact; `restart` has raised the version of the visits since they were read."""
        if not avisados:
            return
        hospital = await self._hospital.load()
        by_contato: defaultdict[int, list[Avisado]] = defaultdict(list)
        for avisado in sorted(avisados, key=lambda a: (a.data_consulta, a.id)):
            if avisado.data_consulta > now:
                by_contato[avisado.contato_id].append(avisado)
        ultimos = await self._planejamento.last_messages(list(by_contato), now)
        dias = sorted({visitas[0].dia for visitas in by_contato.values()})
        versions = await self._planejamento.versions(list(by_contato), dias)
        novas = [
            _aviso(efeito, visitas, hospital, now=now, ultimo=ultimos.get(contato), versions=versions)
            for contato, visitas in by_contato.items()
        ]
        planned = [nova for nova in novas if nova is not None]
        ids = await self._planejamento.add(planned, now)
        await self._historico.add(
            [
                FatoHistorico(
                    atendimento_id=item[0],
                    em=now,
                    fato="aviso_planejado",
                    quem="confirma",
                    porque=nova.passo,
                    mensagem_id=ids.get(key_of(nova)),
                    dados={"quando": nova.quando.isoformat()},
                )
                for nova in planned
                for item in nova.itens
            ]
        )


def _line(mudanca: Mudanca, now: datetime, quem: str) -> FatoHistorico:
    return FatoHistorico(
        atendimento_id=mudanca.atendimento_id,
        em=now,
        fato=mudanca.fato,
        quem=quem,
        de=mudanca.de,
        para=mudanca.decisao.status,
        porque=mudanca.porque,
        recebida_id=mudanca.recebida_id,
    )


def _aviso(
    efeito: Efeito,
    visitas: Sequence[Avisado],
    hospital: Hospital,
    *,
    now: datetime,
    ultimo: datetime | None,
    versions: Mapping[tuple[int, date, str], int],
) -> MensagemNova | None:
    """Return one contact's notice, or None when no open hour is left before the visit.

    A contact who was written to today waits for tomorrow's opening, unless the visit is before it: nobody should
    travel to a cancelled visit because a rule about quietness held the message back.
    """
    first = visitas[0]
    janela = hospital.janela_of(first.unidade_id)
    ate = first.data_consulta - (_FOLGA if efeito is Efeito.AVISAR_HORARIO_NOVO else timedelta(0))
    quando = janela.fit(now, not_before=now, ate=ate)
    if ultimo is not None and janela.dia_local(ultimo) == janela.dia_local(now):
        amanha = janela.opening_after_day(now)
        if amanha is not None and amanha + _FOLGA < first.data_consulta:
            quando = amanha
    if quando is None:
        return None
    passo = _AVISOS[efeito]
    restarted = efeito in _ANULAM
    return MensagemNova(
        contato_id=first.contato_id,
        dia=first.dia,
        tipo=TipoMensagem.AVISO,
        passo=passo,
        modelo=passo,
        versao=versions.get((first.contato_id, first.dia, passo), 0) + 1,
        prioridade=_PRIORIDADE_AVISO,
        quando=quando,
        ate=ate,
        itens=[
            (visita.id, letter(position), passo, visita.horario_versao + restarted)
            for position, visita in enumerate(visitas)
        ],
    )
