"""Plans what is due: which message, about which visits, when; and gives up waiting at the hospital's cut-off."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.agrupamento import Agrupamento, Devido, MensagemPlanejada, Retido, group_envios
from app.domain.cadencia import Plano, Visita, plan_cadencia
from app.domain.confirmacao import Fato, decide
from app.domain.conversa import A_LER
from app.domain.politica import TipoPasso
from app.repositories.base import FatoHistorico, HistoricoRepository
from app.repositories.corte import CorteRepository
from app.repositories.hospital import Hospital, HospitalRepository
from app.repositories.planejamento import MensagemNova, PlanejamentoRepository, VisitaAberta, key_of
from app.services.efeitos import EfeitoService, Mudanca

QUEM: Final = "confirma"
# Reminders of a near visit before questions about a far one; answers (0) and notices (1) come before both.
_PRIORIDADE: Final = {TipoPasso.LEMBRETE: 3, TipoPasso.PEDIDO: 4, TipoPasso.VESPERA: 5}
_MODELO: Final = {TipoPasso.PEDIDO: "pedido", TipoPasso.LEMBRETE: "lembrete", TipoPasso.VESPERA: "vespera"}


@dataclass(slots=True)
class _Folha:
    """One planning of one batch: what was loaded, and what shall be written."""

    hospital: Hospital
    now: datetime
    feitos: Mapping[int, dict[str, datetime]]
    planos: dict[int, Plano] = field(default_factory=dict)
    fatos: list[FatoHistorico] = field(default_factory=list)

    def plan(self, visita: VisitaAberta, feitos: Mapping[str, datetime]) -> Plano:
        return plan_cadencia(
            self.hospital.politica,
            self.hospital.janela_of(visita.unidade_id),
            Visita(
                data_consulta=visita.data_consulta,
                visto_em=visita.visto_em,
                status=visita.status,
                situacao=visita.situacao,
                respondido_em=visita.respondido_em,
            ),
            feitos=feitos,
            respondida=visita.atencao in A_LER,
            now=self.now,
        )

    def tell(self, atendimento_id: int, fato: str, porque: str, **dados: object) -> None:
        line = FatoHistorico(
            atendimento_id=atendimento_id, em=self.now, fato=fato, quem=QUEM, porque=porque, dados=dados or None
        )
        self.fatos.append(line)


class LembreteService:
    """One hospital's planner, within one transaction of the caller."""

    def __init__(self, session: AsyncSession, tenant_id: int) -> None:
        """Take an open transaction."""
        self._planejamento = PlanejamentoRepository(session, tenant_id)
        self._corte = CorteRepository(session, tenant_id)
        self._hospital = HospitalRepository(session, tenant_id)
        self._historico = HistoricoRepository(session, tenant_id)
        self._efeitos = EfeitoService(session, tenant_id)

    async def plan_due(self, now: datetime, *, limite: int = 500, lembretes: bool = True) -> int:
        """Plan the next `limite` visits that are due; return how many visits were looked at (0: nothing is due).

        Without `lembretes` only the first question is planned. Another planner of
        the same hospital at work counts as nothing due.
        """
        if not await self._planejamento.lock():
            return 0
        visitas = await self._planejamento.due(now, limite=limite)
        if not visitas:
            return 0
        hospital = await self._hospital.load()
        if not lembretes:
            hospital = replace(hospital, politica=replace(hospital.politica, passos=hospital.politica.passos[:1]))
        folha = _Folha(hospital, now, await self._planejamento.done(visitas))
        for visita in visitas:
            folha.planos[visita.id] = folha.plan(visita, folha.feitos.get(visita.id, {}))
        mensagens, agrupamento = await self._group(folha, visitas)
        ids = await self._planejamento.add(mensagens, now)
        for mensagem in mensagens:
            for atendimento_id, _, passo, _ in mensagem.itens:
                folha.fatos.append(
                    FatoHistorico(
                        atendimento_id=atendimento_id,
                        em=now,
                        fato="mensagem_planejada",
                        quem=QUEM,
                        porque=folha.planos[atendimento_id].motivo,
                        mensagem_id=ids.get(key_of(mensagem)),
                        dados={"passo": passo},
                    )
                )
        await self._planejamento.set_next(_next_rows(folha, visitas, agrupamento))
        await self._tell_skipped(folha, visitas, agrupamento.retidos)
        await self._historico.add(folha.fatos)
        return len(visitas)

    async def close_cutoffs(self, now: datetime, *, limite: int = 1000) -> int:
        """Put the visits whose cut-off passed on the call list; return how many were looked at."""
        vencidos = await self._corte.due(now, limite=limite)
        if not vencidos:
            return 0
        mudancas = [
            Mudanca(atendimento_id=vencido.id, fato=Fato.PRAZO_VENCEU, de=vencido.status, decisao=decisao)
            for vencido in vencidos
            if (decisao := decide(vencido.status, Fato.PRAZO_VENCEU)) is not None
        ]
        await self._corte.clear([vencido.id for vencido in vencidos])
        await self._efeitos.apply(mudancas, now=now, quem=QUEM)
        if (await self._hospital.load()).politica.cancelamento_automatico:
            asked = {
                vencido.id for vencido in vencidos if vencido.perguntada
            }  # silence of who never heard is no answer
            await self._cancel_silent([m for m in mudancas if m.atendimento_id in asked], now)
        return len(vencidos)

    async def _cancel_silent(self, vencidos: Sequence[Mudanca], now: datetime) -> None:
        """Cancel what stayed unanswered, where the hospital has said in so many words that it wants this."""
        mudancas = [
            Mudanca(
                atendimento_id=vencido.atendimento_id,
                fato=Fato.CANCELAMENTO_AUTOMATICO,
                de=vencido.decisao.status,
                decisao=decisao,
            )
            for vencido in vencidos
            if (decisao := decide(vencido.decisao.status, Fato.CANCELAMENTO_AUTOMATICO)) is not None
        ]
        await self._efeitos.apply(mudancas, now=now, quem=QUEM)

    async def _group(self, folha: _Folha, visitas: Sequence[VisitaAberta]) -> tuple[list[MensagemNova], Agrupamento]:
        """Join what is due into one message per contact, by the clock of the unit of its first visit."""
        devidos = _devidos(folha, visitas)
        contatos = sorted({devido.contato_id for devido in devidos})
        ultimos = await self._planejamento.last_messages(contatos, folha.now) if contatos else {}
        by_unidade: defaultdict[int | None, list[Devido]] = defaultdict(list)
        unidade_of: dict[int, int | None] = {}
        unidades = {visita.id: visita.unidade_id for visita in visitas}
        for devido in devidos:
            unidade = unidade_of.setdefault(devido.contato_id, unidades[devido.atendimento_id])
            by_unidade[unidade].append(devido)
        mensagens: list[MensagemPlanejada] = []
        retidos: list[Retido] = []
        for unidade, grupo in by_unidade.items():
            janela = folha.hospital.janela_of(unidade)
            agrupado = group_envios(grupo, janela=janela, now=folha.now, ja_enviado_hoje=ultimos)
            mensagens.extend(agrupado.mensagens)
            retidos.extend(agrupado.retidos)
        return await self._build(mensagens, visitas), Agrupamento(tuple(mensagens), tuple(retidos))

    async def _build(
        self, planejadas: Sequence[MensagemPlanejada], visitas: Sequence[VisitaAberta]
    ) -> list[MensagemNova]:
        contatos, dias = [p.contato_id for p in planejadas], sorted({p.dia for p in planejadas})
        versions = await self._planejamento.versions(contatos, dias) if planejadas else {}
        horarios = {visita.id: visita.horario_versao for visita in visitas}
        return [
            MensagemNova(
                contato_id=planejada.contato_id,
                dia=planejada.dia,
                tipo=planejada.passo.tipo,
                passo=planejada.passo.nome,
                modelo=_MODELO[planejada.passo.tipo],
                versao=versions.get((planejada.contato_id, planejada.dia, planejada.passo.nome), 0) + 1,
                prioridade=_PRIORIDADE[planejada.passo.tipo],
                quando=planejada.quando,
                ate=planejada.ate,
                itens=[
                    (item.atendimento_id, item.letra, item.passo.nome, horarios[item.atendimento_id])
                    for item in planejada.itens
                ],
            )
            for planejada in planejadas
        ]

    async def _tell_skipped(self, folha: _Folha, visitas: Sequence[VisitaAberta], retidos: Sequence[Retido]) -> None:
        """Write once per step why it was left out, and each time why a message waits."""
        for retido in retidos:
            fato = "mensagem_retida" if retido.quando else "passo_pulado"
            folha.tell(retido.devido.atendimento_id, fato, retido.motivo, passo=retido.devido.envio.passo.nome)
        skipped = [
            (visita, passo.nome, motivo)
            for visita in visitas
            if visita.planejar_em <= folha.now
            for passo, motivo in folha.planos[visita.id].pulados
        ]
        known = await self._planejamento.already_skipped([v.id for v, _, _ in skipped]) if skipped else set()
        for visita, passo, motivo in skipped:
            if (visita.id, passo, visita.horario_versao) not in known:
                folha.tell(visita.id, "passo_pulado", motivo, passo=passo, versao=visita.horario_versao)
        for visita in visitas:
            if visita.calado is not None and visita.planejar_em <= folha.now:
                folha.tell(visita.id, "mensagem_retida", visita.calado)


def _devidos(folha: _Folha, visitas: Sequence[VisitaAberta]) -> list[Devido]:
    return [
        Devido(visita.id, visita.contato_id, visita.dia, visita.data_consulta, envio)
        for visita in visitas
        if visita.calado is None and (envio := folha.planos[visita.id].envio) is not None
    ]


def _next_rows(
    folha: _Folha, visitas: Sequence[VisitaAberta], agrupamento: Agrupamento
) -> list[tuple[int, datetime | None, datetime | None]]:
    """Return when each visit is looked at again: its next step, once what was planned now counts as done."""
    sent = {item.atendimento_id: item.passo.nome for m in agrupamento.mensagens for item in m.itens}
    held = {retido.devido.atendimento_id: retido for retido in agrupamento.retidos}
    rows: list[tuple[int, datetime | None, datetime | None]] = []
    for visita in visitas:
        plano = folha.planos[visita.id]
        if visita.calado is not None:
            rows.append((visita.id, None, None))
            continue
        if visita.id in sent:
            plano = folha.plan(visita, {**folha.feitos.get(visita.id, {}), sent[visita.id]: folha.now})
        quando = plano.envio.quando if plano.envio else None
        if visita.id in held:
            retido = held[visita.id]
            quando = retido.quando or retido.devido.envio.ate  # skipped: the next step takes over at its time
        rows.append((visita.id, quando, plano.corte_em))
    return rows
