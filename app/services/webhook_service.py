"""Applies answers: who wrote, what it is about, what it does, what is said back. The caller commits."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.agrupamento import letter
from app.domain.alvo import Alvo, Pergunta, TipoAlvo, VisitaPerguntada, choose_alvo
from app.domain.botao import INTENCOES, Toque
from app.domain.confirmacao import StatusConfirmacao, TipoMensagem
from app.domain.conversa import NADA, Conduta, Desfecho, decide_conduta, may_reply, stops
from app.domain.resposta import Intencao, Leitura, read_resposta
from app.domain.resposta.letras import read_por_letra
from app.domain.resposta.todos import means_all, read_todos
from app.domain.telefone import chave_telefone
from app.repositories.base import FatoHistorico, HistoricoRepository
from app.repositories.entrada import Aplicada, EntradaRepository, Guardada, Quem, Respondida
from app.repositories.planejamento import MensagemNova, PlanejamentoRepository
from app.schemas import Recebida
from app.services.botoes import read_botao
from app.services.efeitos import EfeitoService, Mudanca
from app.services.paradas import ParadaService
from app.services.webhook_resposta import build_resposta, without_phone

QUEM: Final = "paciente"
_RESPOSTA_VALE: Final = timedelta(hours=6)
_TEXTO_MAXIMO: Final = 4096
_ID_MAXIMO: Final = 200
_DECIDIDAS: Final = frozenset({StatusConfirmacao.CONFIRMADO, StatusConfirmacao.CANCELADO, StatusConfirmacao.REAGENDAR})
_DECIDEM: Final = frozenset({Intencao.CONFIRM, Intencao.CANCEL, Intencao.RESCHEDULE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chegada:
    """An event with what surrounds it: the raw body and its place there, the channel, the caller's request id."""

    recebida: Recebida
    corpo: str
    posicao: int = 0
    canal_id: int | None
    request_id: str | None
    responder: bool = True
    """False where the gateway's flow says the reply itself."""
    whatsapp: bool = True
    """False where it came by a channel of last resort."""


@dataclass(slots=True)
class _Caso:
    """One event on its way through the steps below."""

    chegada: Chegada
    contatos: list[int] = field(default_factory=list)
    perguntas: list[Pergunta] = field(default_factory=list)
    key: str = ""
    recebida_id: int = 0
    alvo: Alvo = field(default_factory=lambda: Alvo(TipoAlvo.NENHUM))
    leitura: Leitura | None = None
    conduta: Conduta | None = None
    toque: Toque | None = None
    fora_de_ordem: bool = False
    resultado: dict[str, Any] | None = None

    @property
    def recebida(self) -> Recebida:
        return self.chegada.recebida

    @property
    def visitas(self) -> set[int]:
        return {visita.atendimento_id for pergunta in self.perguntas for visita in pergunta.visitas}


class WebhookService:
    """One hospital's inbox, within one transaction of the caller."""

    def __init__(self, session: AsyncSession, tenant_id: int) -> None:
        """Take an open transaction."""
        self._entrada = EntradaRepository(session, tenant_id)
        self._efeitos = EfeitoService(session, tenant_id)
        self._paradas = ParadaService(session, tenant_id)
        self._planejamento = PlanejamentoRepository(session, tenant_id)
        self._historico = HistoricoRepository(session, tenant_id)

    async def apply(self, chegadas: Sequence[Chegada], *, now: datetime) -> list[dict[str, Any] | None]:
        """Store and apply events; return the flat answer of each. The same event again changes nothing.

        None is the answer of an event that must wait for another of these, about the same phone or visit: nothing of
        it was stored, and it is to be handed over again.
        """
        casos = [_caso(chegada) for chegada in chegadas]
        ready = await self._prepare(casos, now)
        await self._store(ready, now)
        await self._apply_stored([caso for caso in ready if caso.recebida_id], now)
        return [caso.resultado for caso in casos]

    async def keep(self, chegada: Chegada, *, now: datetime) -> dict[str, Any]:
        """Store an event that could not be applied now; `apply_kept` tries again."""
        caso = _caso(chegada)
        await self._find([caso], now)
        await self._name([caso], now)
        if caso.resultado is None:
            await self._entrada.store([_guardada(caso)], now)
        return build_resposta(Desfecho.ENCAMINHADO, chegada.recebida)

    async def apply_kept(self, recebida_id: int, chegada: Chegada, *, now: datetime) -> bool:
        """Apply an event stored earlier; False when somebody else does or did."""
        if not await self._entrada.claim(recebida_id):
            return False
        caso = _caso(chegada)
        caso.recebida_id = recebida_id
        await self._find([caso], now)
        await self._load_perguntas([caso], now)
        await self._apply_stored([caso], now)
        return True

    async def _prepare(self, casos: Sequence[_Caso], now: datetime) -> list[_Caso]:
        """Find who wrote and what they were asked; leave out what repeats an earlier event or must wait."""
        await self._find(casos, now)
        ready = _first_of_each(casos, lambda caso: caso.contatos)
        await self._name(ready, now)
        ready = _first_of_each([caso for caso in ready if caso.resultado is None], lambda caso: [caso.key])
        await self._load_perguntas(ready, now)
        return _first_of_each(ready, lambda caso: caso.visitas)

    async def _find(self, casos: Sequence[_Caso], now: datetime) -> None:
        found = await self._entrada.contacts([_quem(caso.chegada) for caso in casos], now)
        for position, caso in enumerate(casos):
            caso.contatos = found.get(position, [])
            caso.toque = read_botao(self._entrada.finder, caso.recebida.botao, caso.contatos)
            if caso.toque is not None and caso.toque.autentico:
                botao = caso.toque.botao
                caso.leitura = Leitura(INTENCOES[botao], confianca=1.0, etapa="botao", regra=botao.value)

    async def _name(self, casos: Sequence[_Caso], now: datetime) -> None:
        """Give each event what makes it one of a kind; one that came before gets the answer it got then.

        Where nothing names the event, the same text as this contact's last one within ten minutes is a repetition: a
        real second "1" says nothing new.
        """
        unnamed = [caso for caso in casos if not caso.recebida.message_id and not caso.chegada.request_id]
        last = await self._entrada.last_replies([caso.contatos[0] for caso in unnamed if caso.contatos], now)
        for caso in casos:
            prefix = _key(caso)
            caso.key = f"{prefix}{int(now.timestamp() * 1000)}" if prefix.startswith("t:") else prefix
            before = last.get(caso.contatos[0]) if caso.contatos else None
            if before is not None and prefix.startswith("t:") and before.event_key.startswith(prefix):
                caso.resultado = before.resultado or build_resposta(Desfecho.JA_RESPONDIDO, caso.recebida)

    async def _load_perguntas(self, casos: Sequence[_Caso], now: datetime) -> None:
        escritas = {contato: caso.recebida.sent_at for caso in casos for contato in caso.contatos}
        parando = [contato for caso in casos if stops(_intencao(caso)) for contato in caso.contatos]
        if parando:
            await self._entrada.lock(list(escritas), parando, now)
        found = await self._entrada.questions(escritas, now)
        for caso in casos:
            caso.perguntas = [pergunta for contato in caso.contatos for pergunta in found.get(contato, ())]

    async def _store(self, casos: Sequence[_Caso], now: datetime) -> None:
        if not casos:
            return
        ids = await self._entrada.store([_guardada(caso) for caso in casos], now)
        repeated = [caso for caso in casos if caso.key not in ids]
        known = await self._entrada.known([caso.key for caso in repeated])
        for caso in casos:
            caso.recebida_id = ids.get(caso.key, 0)
        for caso in repeated:
            caso.resultado = known.get(caso.key) or build_resposta(Desfecho.JA_RESPONDIDO, caso.recebida)

    async def _apply_stored(self, casos: Sequence[_Caso], now: datetime) -> None:
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
        await self._entrada.set_applied([_aplicada(caso) for caso in casos], now)

    async def _decide(self, casos: Sequence[_Caso], now: datetime) -> None:
        """Decide what each answer does; one overtaken by a later decision does nothing."""
        for caso in casos:
            caso.fora_de_ordem = _is_stale(caso.alvo, caso.recebida)
        unsure = [caso for caso in casos if caso.alvo.pergunta and _intencao(caso) not in _DECIDEM]
        duvidas = await self._entrada.doubts(
            [contato for caso in unsure for contato in caso.contatos],
            [caso.alvo.pergunta.mensagem_id for caso in unsure if caso.alvo.pergunta],
        )
        for caso in casos:
            if _says_nothing(caso):
                caso.conduta, caso.leitura = NADA, Leitura(Intencao.UNCLEAR, regra="nada_a_fazer")
                continue
            if caso.fora_de_ordem:
                caso.conduta = Conduta(desfecho=Desfecho.JA_RESPONDIDO, visitas=caso.alvo.perguntas[0].visitas)
                caso.leitura = Leitura(_intencao(caso), regra="fora_de_ordem")
                continue
            pergunta = caso.alvo.pergunta
            letras = [visita.letra for visita in pergunta.standing(now)] if pergunta else []
            caso.conduta = decide_conduta(
                caso.alvo,
                _intencao(caso),
                read_por_letra(caso.recebida.texto, letras) if len(letras) > 1 else None,
                para_todos=means_all(caso.recebida.texto),
                duvidas=duvidas.get(pergunta.mensagem_id, 0) if pergunta else 0,
                now=now,
            )

    async def _write(self, casos: Sequence[_Caso], now: datetime) -> None:
        """Write the answers on their visits: what was read first, then statuses, history, and what must stop."""
        applied = [caso for caso in casos if not caso.fora_de_ordem]
        await self._entrada.set_answers([row for caso in applied for row in _respondidas(caso, now)], now)
        await self._efeitos.apply([row for caso in applied for row in _mudancas(caso)], now=now, quem=QUEM)
        for caso in applied:
            if caso.conduta and caso.conduta.parada:
                await self._paradas.stop(caso.conduta, caso.alvo, caso.contatos, now)
        await self._historico.add([line for caso in casos for line in _unchanged(caso, now)])

    async def _settle(self, casos: Sequence[_Caso], now: datetime) -> None:
        """Count what may or may not have left as arrived, where somebody speaks of it.

        An answer speaks of the only question of its phone; news, for this gateway, is the flow's own first block.
        """
        spoken_of: dict[int, Pergunta] = {}
        flying: dict[int, bool] = {}
        for caso in casos:
            if caso.recebida.kind == "status" and caso.alvo.pergunta:
                spoken_of[caso.alvo.pergunta.mensagem_id] = caso.alvo.pergunta
                flying[caso.alvo.pergunta.mensagem_id] = True
            elif len(caso.perguntas) == 1 and not caso.perguntas[0].chegou and not _is_borrowed(caso):
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

    async def _reply(self, casos: Sequence[_Caso], now: datetime) -> None:
        """Plan what is said back: an answer, so it leaves at any hour and no limit but that of repetition holds it."""
        speaking = [(caso, caso.conduta.modelo) for caso in casos if caso.conduta and caso.conduta.modelo]
        wanted = [(caso, modelo) for caso, modelo in speaking if caso.chegada.responder and caso.contatos]
        ditas = await self._entrada.replies([_listener(caso) for caso, _ in wanted], now)
        novas = [
            _mensagem(caso, modelo, now) for caso, modelo in wanted if may_reply(modelo, ditas.get(_listener(caso), {}))
        ]
        await self._planejamento.add(novas, now)


def _caso(chegada: Chegada) -> _Caso:
    """Return the event with what its words say: a stop must be known before its visits are locked."""
    recebida = chegada.recebida
    read = recebida.kind == "resposta"
    return _Caso(chegada, leitura=read_todos(recebida.texto) or read_resposta(recebida.texto) if read else None)


def _first_of_each(casos: Iterable[_Caso], about: Any) -> list[_Caso]:
    """Return those that share nothing (`about`) with one before them."""
    taken: set[Any] = set()
    first = []
    for caso in casos:
        things = set(about(caso))
        if taken.isdisjoint(things):
            first.append(caso)
        taken |= things
    return first


def _intencao(caso: _Caso) -> Intencao:
    return caso.leitura.intencao if caso.leitura else Intencao.UNCLEAR


def _says_nothing(caso: _Caso) -> bool:
    """Tell whether it is a button that this phone was not given (forwarded, edited), or a mere reaction."""
    return caso.recebida.midia == "reaction" or _is_borrowed(caso)


def _is_borrowed(caso: _Caso) -> bool:
    return caso.toque is not None and not caso.toque.autentico


def _quem(chegada: Chegada) -> Quem:
    recebida = chegada.recebida
    chave = chave_telefone(recebida.telefone) if recebida.telefone else None
    wrote = recebida.kind == "resposta"
    return Quem(chegada.canal_id, recebida.subscriber_id, chave or None, wrote, chegada.whatsapp)


def _key(caso: _Caso) -> str:
    """Return what names the event; one that begins with "t:" lacks its instant."""
    recebida, canal = caso.recebida, caso.chegada.canal_id or 0
    if recebida.message_id:
        return f"m:{canal}:{_indexable(recebida.message_id)}"
    if caso.chegada.request_id:
        return f"r:{canal}:{caso.chegada.request_id}"
    who = str(caso.contatos[0]) if caso.contatos else f"{recebida.subscriber_id}:{recebida.telefone}"
    said = hashlib.blake2b(f"{recebida.kind}\x1f{who}\x1f{recebida.texto}".encode(), digest_size=12).hexdigest()
    return f"t:{canal}:{said}:"


def _guardada(caso: _Caso) -> Guardada:
    return Guardada(
        event_key=caso.key,
        tipo=caso.recebida.kind,
        canal=caso.chegada.canal_id,
        posicao=caso.chegada.posicao,
        contato=caso.contatos[0] if caso.contatos else None,
        enviada_em=caso.recebida.sent_at,
        corpo=caso.chegada.corpo,
        texto=caso.recebida.texto,
    )


def _respondidas(caso: _Caso, now: datetime) -> list[Respondida]:
    if caso.conduta is None:
        return []
    return [
        Respondida(
            atendimento_id=ident,
            texto=caso.recebida.texto[:_TEXTO_MAXIMO],
            leitura=_intencao(caso),
            quando=min(caso.recebida.sent_at or now, now),
            atencao=caso.conduta.atencao,
            resolve=bool(caso.conduta.mudancas),
        )
        for ident in dict.fromkeys(visita.atendimento_id for visita in caso.conduta.visitas)
    ]


def _mudancas(caso: _Caso) -> list[Mudanca]:
    return [
        Mudanca(
            atendimento_id=mudanca.visita.atendimento_id,
            fato=mudanca.fato,
            de=mudanca.visita.status,
            decisao=mudanca.decisao,
            porque=_porque(caso),
            recebida_id=caso.recebida_id,
        )
        for mudanca in (caso.conduta.mudancas if caso.conduta else ())
    ]


def _unchanged(caso: _Caso, now: datetime) -> list[FatoHistorico]:
    """Return a line for each visit whose status the answer left as it was; a change has its own."""
    if caso.conduta is None:
        return []
    changed = {mudanca.visita.atendimento_id for mudanca in caso.conduta.mudancas}
    return [
        FatoHistorico(
            atendimento_id=visita.atendimento_id,
            em=now,
            fato="resposta_recebida",
            quem=QUEM,
            para=caso.conduta.desfecho,
            porque=caso.conduta.atencao or _porque(caso),
            recebida_id=caso.recebida_id,
        )
        for visita in caso.conduta.visitas
        if visita.atendimento_id not in changed
    ]


def _porque(caso: _Caso) -> str | None:
    return f"{caso.leitura.etapa}:{caso.leitura.regra}" if caso.leitura else None


def _listener(caso: _Caso) -> int:
    """Return whom the reply goes to: who was asked, else who wrote."""
    return caso.alvo.perguntas[0].contato_id if caso.alvo.perguntas else caso.contatos[0]


def _mensagem(caso: _Caso, modelo: str, now: datetime) -> MensagemNova:
    told = caso.conduta.visitas if caso.conduta else ()
    visitas = told or tuple(visita for pergunta in caso.alvo.perguntas for visita in pergunta.visitas)
    letters = _letters(visitas)
    versions = {visita.atendimento_id: visita.horario_versao for visita in visitas}
    return MensagemNova(
        contato_id=_listener(caso),
        dia=now.date(),
        tipo=TipoMensagem.RESPOSTA,
        passo=f"resposta_{caso.recebida_id}",
        modelo=modelo,
        versao=1,
        prioridade=0,
        quando=now,
        ate=now + _RESPOSTA_VALE,
        itens=[(ident, letters[ident], modelo, version) for ident, version in versions.items()],
        recebida_id=caso.recebida_id,
    )


def _aplicada(caso: _Caso) -> Aplicada:
    resultado = caso.resultado or {}
    return Aplicada(
        recebida_id=caso.recebida_id,
        desfecho=caso.conduta.desfecho if caso.conduta else "STATUS",
        leitura=caso.leitura.intencao if caso.leitura else None,
        mensagem=caso.alvo.pergunta.mensagem_id if caso.conduta and caso.alvo.pergunta else None,
        resultado=without_phone(resultado),
    )


def _letters(visitas: Sequence[VisitaPerguntada]) -> dict[int, str]:
    """Return letters that are unique among the visits: those of several questions begin anew."""
    own = [visita.letra for visita in visitas]
    if len(set(own)) == len(own):
        return {visita.atendimento_id: visita.letra for visita in visitas}
    return {visita.atendimento_id: letter(position) for position, visita in enumerate(visitas)}


def _is_stale(alvo: Alvo, recebida: Recebida) -> bool:
    """Tell whether a decision written later is applied already: arrival does not decide, writing does."""
    if recebida.sent_at is None or alvo.tipo not in {TipoAlvo.ABERTA, TipoAlvo.RESPONDIDA}:
        return False
    answered = [v.respondido_em for v in alvo.perguntas[0].visitas if v.respondido_em and v.status in _DECIDIDAS]
    return bool(answered) and recebida.sent_at < max(answered)


def _indexable(ident: str) -> str:
    """Return an id short enough for an index: whoever calls may send one of any length."""
    return ident if len(ident) <= _ID_MAXIMO else hashlib.blake2b(ident.encode(), digest_size=24).hexdigest()
