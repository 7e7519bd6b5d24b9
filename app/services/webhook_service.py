"""Applies answers: who wrote, what it is about, what it does, what is said back. The caller commits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.alvo import Pergunta, choose_alvo
from app.domain.botao import INTENCOES
from app.domain.conversa import (
    COM_PESSOA,
    INFORMA,
    NADA,
    Conduta,
    Desfecho,
    asks,
    decide_conduta,
    decide_midia,
    goes_to_person,
    inform,
    may_interrupt,
    may_reply,
    note_preferencia,
    stops,
    wants_another_date,
)
from app.domain.entendimento import needs_context, read_after
from app.domain.resposta import Intencao, Leitura
from app.domain.resposta.letras import read_por_letra
from app.domain.resposta.todos import means_all
from app.repositories.base import FatoHistorico, HistoricoRepository
from app.repositories.conversas import ConversaRepository
from app.repositories.entrada import EntradaRepository
from app.repositories.planejamento import PlanejamentoRepository
from app.services.botoes import read_botao
from app.services.caso import (
    QUEM,
    Caso,
    Chegada,
    aplicada_of,
    besides,
    build_caso,
    conversa_of,
    first_of_each,
    guardada_of,
    intencao_of,
    is_borrowed,
    is_media,
    is_stale,
    is_touch,
    key_of_event,
    lines_without_change,
    listener_of,
    mudancas_of,
    preferencia_of,
    quem_of,
    reply_of,
    respondidas_of,
    says_nothing,
)
from app.services.conhecimento_service import ConhecimentoService
from app.services.efeitos import EfeitoService
from app.services.paradas import ParadaService
from app.services.posse_service import PosseService
from app.services.webhook_resposta import build_resposta

_DECIDEM: Final = frozenset({Intencao.CONFIRM, Intencao.CANCEL, Intencao.RESCHEDULE})


def _decides(caso: Caso) -> bool:
    return intencao_of(caso) in _DECIDEM and caso.leitura is not None and caso.leitura.age


class WebhookService:
    """One hospital's inbox, within one transaction of the caller."""

    def __init__(self, session: AsyncSession, tenant_id: int) -> None:
        """Take an open transaction."""
        self._entrada = EntradaRepository(session, tenant_id)
        self._efeitos = EfeitoService(session, tenant_id)
        self._paradas = ParadaService(session, tenant_id)
        self._planejamento = PlanejamentoRepository(session, tenant_id)
        self._conhecimento = ConhecimentoService(session, tenant_id)
        self._conversas = ConversaRepository(session, tenant_id)
        self._posses = PosseService(session, tenant_id)
        self._historico = HistoricoRepository(session, tenant_id)

    async def apply(self, chegadas: Sequence[Chegada], *, now: datetime) -> list[dict[str, Any] | None]:
        """Store and apply events; return the flat answer of each. The same event again changes nothing.

        None is the answer of an event that must wait for another of these, about the same phone or visit: nothing of
        it was stored, and it is to be handed over again.
        """
        casos = [build_caso(chegada) for chegada in chegadas]
        ready = await self._prepare(casos, now)
        await self._store(ready, now)
        await self._apply_stored([caso for caso in ready if caso.recebida_id], now)
        return [caso.resultado for caso in casos]

    async def keep(self, chegada: Chegada, *, now: datetime) -> dict[str, Any]:
        """Store an event that could not be applied now; `apply_kept` tries again."""
        caso = build_caso(chegada)
        await self._find([caso])
        await self._name([caso], now)
        if caso.resultado is None:
            await self._entrada.store([guardada_of(caso)], now)
        return build_resposta(Desfecho.ENCAMINHADO, chegada.recebida)

    async def apply_kept(self, recebida_id: int, chegada: Chegada, *, now: datetime) -> bool:
        """Apply an event stored earlier; False when somebody else does or did."""
        if not await self._entrada.claim(recebida_id):
            return False
        caso = build_caso(chegada)
        caso.recebida_id = recebida_id
        await self._find([caso])
        await self._load_perguntas([caso], now)
        await self._entrada.open_conversations(conversa_of(caso, now))
        await self._apply_stored([caso], now)
        return True

    async def _prepare(self, casos: Sequence[Caso], now: datetime) -> list[Caso]:
        """Find who wrote and what they were asked; leave out what repeats an earlier event or must wait."""
        await self._find(casos)
        ready = first_of_each(casos, lambda caso: caso.contatos)
        await self._name(ready, now)
        ready = first_of_each([caso for caso in ready if caso.resultado is None], lambda caso: [caso.key])
        await self._load_perguntas(ready, now)
        return first_of_each(ready, lambda caso: caso.visitas)

    async def _find(self, casos: Sequence[Caso]) -> None:
        found = await self._entrada.contacts([quem_of(caso.chegada) for caso in casos])
        for position, caso in enumerate(casos):
            caso.contatos = found.get(position, [])
            caso.toque = read_botao(self._entrada.finder, caso.recebida.botao, caso.contatos)
            if caso.toque is not None and caso.toque.autentico:
                botao = caso.toque.botao
                caso.leitura = Leitura(INTENCOES[botao], confianca=1.0, etapa="botao", regra=botao.value)

    async def _name(self, casos: Sequence[Caso], now: datetime) -> None:
        """Give each event what makes it one of a kind; one that came before gets the answer it got then.

        Where nothing names the event, the same text as this contact's last one within ten minutes is a repetition: a
        real second "1" says nothing new.
        """
        unnamed = [caso for caso in casos if not caso.recebida.message_id and not caso.chegada.request_id]
        last = await self._entrada.last_replies([caso.contatos[0] for caso in unnamed if caso.contatos], now)
        for caso in casos:
            prefix = key_of_event(caso)
            caso.key = f"{prefix}{int(now.timestamp() * 1000)}" if prefix.startswith("t:") else prefix
            before = last.get(caso.contatos[0]) if caso.contatos else None
            if before is not None and prefix.startswith("t:") and before.event_key.startswith(prefix):
                caso.resultado = before.resultado or build_resposta(Desfecho.JA_RESPONDIDO, caso.recebida)

    async def _load_perguntas(self, casos: Sequence[Caso], now: datetime) -> None:
        escritas = {contato: caso.recebida.sent_at for caso in casos for contato in caso.contatos}
        parando = [contato for caso in casos if stops(intencao_of(caso)) for contato in caso.contatos]
        if parando:
            await self._entrada.lock(list(escritas), parando, now)
        found = await self._entrada.questions(escritas, now)
        for caso in casos:
            caso.perguntas = [pergunta for contato in caso.contatos for pergunta in found.get(contato, ())]

    async def _store(self, casos: Sequence[Caso], now: datetime) -> None:
        if not casos:
            return
        ids = await self._entrada.store([guardada_of(caso) for caso in casos], now)
        repeated = [caso for caso in casos if caso.key not in ids]
        known = await self._entrada.known([caso.key for caso in repeated])
        for caso in casos:
            caso.recebida_id = ids.get(caso.key, 0)
        stored = [caso for caso in casos if caso.recebida_id]
        await self._entrada.open_conversations([row for caso in stored for row in conversa_of(caso, now)])
        for caso in repeated:
            caso.resultado = known.get(caso.key) or build_resposta(Desfecho.JA_RESPONDIDO, caso.recebida)

    async def _apply_stored(self, casos: Sequence[Caso], now: datetime) -> None:
        for caso in casos:
            caso.alvo = choose_alvo(
                caso.perguntas,
                atendimento_id=caso.recebida.atendimento_id,
                nr_seq_agenda=caso.recebida.nr_seq_agenda,
                quoted_id=caso.recebida.quoted_id,
                mensagem_id=caso.toque.mensagem_id if caso.toque and caso.toque.autentico else None,
                now=now,
            )
        await self._settle(casos, now)
        respostas = [caso for caso in casos if caso.recebida.kind == "resposta"]
        await self._decide(respostas, now)
        await self._write(respostas, now)
        await self._reply(respostas, now)
        for caso in casos:
            desfecho = caso.conduta.desfecho if caso.conduta else Desfecho.JA_RESPONDIDO
            caso.resultado = build_resposta(desfecho, caso.recebida, conduta=caso.conduta, leitura=caso.leitura)
        await self._entrada.set_applied([aplicada_of(caso) for caso in casos], now)

    async def _decide(self, casos: Sequence[Caso], now: datetime) -> None:
        """Decide what each answer does; one overtaken by a later decision does nothing."""
        await self._read_in_context(casos, now)
        posses = await self._conversas.of([contato for caso in casos for contato in caso.contatos])
        for caso in casos:
            caso.calada = any(contato in posses and posses[contato].is_silent(now) for contato in caso.contatos)
            caso.fora_de_ordem = is_stale(caso.alvo, caso.recebida)
        unsure = [caso for caso in casos if caso.alvo.pergunta and not _decides(caso)]
        duvidas = await self._entrada.doubts(
            [contato for caso in unsure for contato in caso.contatos],
            [caso.alvo.pergunta.mensagem_id for caso in unsure if caso.alvo.pergunta],
        )
        mudos = [listener_of(caso) for caso in casos if caso.contatos and is_media(caso)]
        ditas = await self._entrada.replies(mudos, now)
        for caso in casos:
            self._decide_one(caso, duvidas, ditas, now)
        await self._inform(casos, now)
        for caso in casos:
            caso.preferencia = preferencia_of(caso)
            if caso.preferencia and caso.conduta:
                caso.escrito = caso.escrito or caso.preferencia
                if wants_another_date(caso.conduta):
                    caso.conduta = note_preferencia(caso.conduta)

    @staticmethod
    def _decide_one(
        caso: Caso, duvidas: Mapping[int, int], ditas: Mapping[int, Mapping[str, int]], now: datetime
    ) -> None:
        """Decide what one answer does, before the hospital's knowledge is asked."""
        if says_nothing(caso):
            caso.conduta, caso.leitura = NADA, Leitura(Intencao.UNCLEAR, regra="nada_a_fazer")
            return
        if caso.fora_de_ordem:
            caso.conduta = Conduta(desfecho=Desfecho.JA_RESPONDIDO, visitas=caso.alvo.perguntas[0].visitas)
            caso.leitura = Leitura(intencao_of(caso), regra="fora_de_ordem")
            return
        if caso.calada and goes_to_person(intencao_of(caso), tocada=is_touch(caso)):
            caso.conduta = COM_PESSOA
            return
        if is_media(caso) and caso.contatos:
            caso.conduta = decide_midia(caso.alvo, ditas.get(listener_of(caso), {}), now=now)
            return
        pergunta = caso.alvo.pergunta
        letras = [visita.letra for visita in pergunta.standing(now)] if pergunta else []
        caso.conduta = decide_conduta(
            caso.alvo,
            intencao_of(caso),
            read_por_letra(caso.recebida.texto, letras) if len(letras) > 1 else None,
            para_todos=means_all(caso.recebida.texto),
            duvidas=duvidas.get(pergunta.mensagem_id, 0) if pergunta else 0,
            now=now,
            age=caso.leitura is None or caso.leitura.age,
        )

    async def _inform(self, casos: Sequence[Caso], now: datetime) -> None:
        """Answer questions from the hospital's knowledge; what it does not hold is a person's."""
        asking = [(caso, caso.conduta) for caso in casos if caso.conduta and caso.leitura]
        asking = [(caso, conduta) for caso, conduta in asking if caso.leitura and asks(conduta, caso.leitura)]
        said = await self._conhecimento.answers(
            [(caso.recebida.texto, [v.atendimento_id for v in conduta.visitas]) for caso, conduta in asking]
        )
        for (caso, conduta), texto in zip(asking, said, strict=True):
            decided = bool(conduta.mudancas)
            if texto is not None:
                caso.escrito = texto
                caso.conduta = inform(conduta, aberta=any(each.is_open(now) for each in caso.alvo.perguntas))
                caso.ainda = INFORMA if decided else None
            elif decided:
                caso.conduta = replace(conduta, atencao="pergunta")  # one word of theirs, one of ours

    async def _read_in_context(self, casos: Sequence[Caso], now: datetime) -> None:
        """Read a bare yes or no after what we last said: "É isso?" turns it."""
        curtas = [caso for caso in casos if caso.leitura and needs_context(caso.leitura) and caso.contatos]
        ditas = await self._entrada.last_said([listener_of(caso) for caso in curtas], now)
        for caso in curtas:
            if caso.leitura:
                caso.leitura = read_after(caso.leitura, ditas.get(listener_of(caso)), now)

    async def _write(self, casos: Sequence[Caso], now: datetime) -> None:
        """Write the answers on their visits: what was read first, then statuses, history, and what must stop."""
        applied = [caso for caso in casos if not caso.fora_de_ordem]
        await self._entrada.set_answers([row for caso in applied for row in respondidas_of(caso, now)], now)
        await self._efeitos.apply([row for caso in applied for row in mudancas_of(caso)], now=now, quem=QUEM)
        for caso in applied:
            if caso.conduta and caso.conduta.parada:
                await self._paradas.stop(caso.conduta, caso.alvo, caso.contatos, now)
        await self._historico.add([line for caso in casos for line in lines_without_change(caso, now)])
        await self._posses.hear([caso for caso in casos if caso.contatos and not says_nothing(caso)], now)

    async def _settle(self, casos: Sequence[Caso], now: datetime) -> None:
        """Count what may or may not have left as arrived, where somebody speaks of it.

        An answer speaks of the only question of its phone; news, for this gateway, is the flow's own first block.
        """
        spoken_of: dict[int, Pergunta] = {}
        flying: dict[int, bool] = {}
        for caso in casos:
            if caso.recebida.kind == "status" and caso.alvo.pergunta:
                spoken_of[caso.alvo.pergunta.mensagem_id] = caso.alvo.pergunta
                flying[caso.alvo.pergunta.mensagem_id] = True
            elif len(caso.perguntas) == 1 and not caso.perguntas[0].chegou and not is_borrowed(caso):
                spoken_of[caso.perguntas[0].mensagem_id] = caso.perguntas[0]
                flying.setdefault(caso.perguntas[0].mensagem_id, False)
        settled = await self._entrada.settle(flying, now)
        fact = partial(FatoHistorico, em=now, fato="mensagem_entregue", quem=QUEM)
        await self._historico.add(
            [
                fact(atendimento_id=visita.atendimento_id, mensagem_id=ident)
                for ident in sorted(settled)
                for visita in spoken_of[ident].visitas
            ]
        )

    @staticmethod
    def _speaks(caso: Caso, modelo: str) -> bool:
        return caso.chegada.responder and bool(caso.contatos) and (not caso.calada or may_interrupt(modelo))

    async def _reply(self, casos: Sequence[Caso], now: datetime) -> None:
        """Plan what is said back: an answer, so it leaves at any hour and no limit but that of repetition holds it."""
        speaking = [(caso, caso.conduta.modelo) for caso in casos if caso.conduta and caso.conduta.modelo]
        wanted = [(caso, modelo) for caso, modelo in speaking if self._speaks(caso, modelo)]
        ditas = await self._entrada.replies([listener_of(caso) for caso, _ in wanted], now)
        novas = [
            reply_of(caso, modelo, now)
            for caso, modelo in wanted
            if may_reply(modelo, ditas.get(listener_of(caso), {}))
        ]
        novas += [
            besides(caso, now)
            for caso, _ in wanted
            if caso.ainda and may_reply(caso.ainda, ditas.get(listener_of(caso), {}))
        ]
        await self._planejamento.add(novas, now)
