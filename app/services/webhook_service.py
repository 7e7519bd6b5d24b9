"""Applies one answer: who wrote, what it is about, what it does, what is said back. The caller commits."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.agrupamento import letter
from app.domain.alvo import Alvo, Pergunta, TipoAlvo, VisitaPerguntada, choose_alvo
from app.domain.confirmacao import EstadoMensagem, StatusConfirmacao, TipoMensagem
from app.domain.conversa import Conduta, Desfecho, Parada, decide_conduta, may_reply
from app.domain.resposta import Intencao, Leitura, read_resposta
from app.domain.resposta.letras import read_por_letra
from app.domain.resposta.todos import means_all, read_todos
from app.domain.telefone import chave_telefone
from app.repositories.base import FatoHistorico, HistoricoRepository
from app.repositories.efeitos import EfeitoRepository
from app.repositories.entrada import ContatoAchado, EntradaRepository
from app.repositories.planejamento import MensagemNova, PlanejamentoRepository
from app.schemas import Recebida
from app.services.efeitos import EfeitoService, Mudanca

QUEM: Final = "paciente"
_RESPOSTA_VALE: Final = timedelta(hours=6)
_TEXTO_MAXIMO: Final = 4096
_ID_MAXIMO: Final = 200
_INCERTA: Final = (EstadoMensagem.INCERTA,)
_DECIDIDAS: Final = frozenset({StatusConfirmacao.CONFIRMADO, StatusConfirmacao.CANCELADO, StatusConfirmacao.REAGENDAR})
_MENSAGENS: Final[Mapping[Desfecho, str]] = {
    Desfecho.CONFIRMADO: "Presença confirmada.",
    Desfecho.CANCELADO: "Ausência registrada.",
    Desfecho.REAGENDAR: "Pedido de nova data registrado.",
    Desfecho.JA_RESPONDIDO: "A resposta já estava registrada.",
    Desfecho.PERGUNTA_REPETIDA: "A pergunta foi repetida.",
    Desfecho.ENCAMINHADO: "A recepção vai ver esta mensagem.",
    Desfecho.NAO_ENTENDIDO: "A resposta não foi entendida e a pergunta foi repetida.",
    Desfecho.SEM_ATENDIMENTO: "Nenhum atendimento espera resposta deste contato.",
    Desfecho.CONSULTA_PASSADA: "O atendimento já passou.",
    Desfecho.QUAL_CONSULTA: "Há mais de um atendimento em aberto: perguntamos qual.",
}


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


class WebhookService:
    """One hospital's inbox, within one transaction of the caller."""

    def __init__(self, session: AsyncSession, tenant_id: int) -> None:
        """Take an open transaction."""
        self._tenant_id = tenant_id
        self._entrada = EntradaRepository(session, tenant_id)
        self._efeitos = EfeitoService(session, tenant_id)
        self._efeito_rows = EfeitoRepository(session, tenant_id)
        self._planejamento = PlanejamentoRepository(session, tenant_id)
        self._historico = HistoricoRepository(session, tenant_id)

    async def apply(self, chegada: Chegada, *, now: datetime) -> dict[str, Any]:
        """Store and apply one event; return the flat answer its caller gets. The same event again changes nothing."""
        contatos = await self._find_contacts(chegada, now)
        key, repeated = await self._event_key(chegada, contatos, now)
        if repeated is not None:
            return repeated
        recebida_id = await self._store(chegada, key, contatos, now)
        if recebida_id is None:
            known = await self._entrada.known(key)
            return (known and known.resultado) or _answer(Desfecho.JA_RESPONDIDO, (), None, chegada.recebida)
        return await self._apply_stored(recebida_id, chegada, contatos, now=now)

    async def keep(self, chegada: Chegada, *, now: datetime) -> dict[str, Any]:
        """Store an event that could not be applied now; `apply_kept` tries again."""
        contatos = await self._find_contacts(chegada, now)
        key, repeated = await self._event_key(chegada, contatos, now)
        if repeated is None:
            await self._store(chegada, key, contatos, now)
        return _answer(Desfecho.ENCAMINHADO, (), None, chegada.recebida)

    async def apply_kept(self, recebida_id: int, chegada: Chegada, *, now: datetime) -> dict[str, Any]:
        """Apply an event stored earlier, unless somebody else does or did."""
        if not await self._entrada.claim(recebida_id):
            return {}
        contatos = await self._find_contacts(chegada, now)
        return await self._apply_stored(recebida_id, chegada, contatos, now=now)

    async def _find_contacts(self, chegada: Chegada, now: datetime) -> list[ContatoAchado]:
        recebida = chegada.recebida
        chave = chave_telefone(recebida.telefone) if recebida.telefone else None
        return await self._entrada.contacts(
            canal_id=chegada.canal_id, subscriber_id=recebida.subscriber_id, chave=chave or None, now=now
        )

    async def _event_key(
        self, chegada: Chegada, contatos: Sequence[ContatoAchado], now: datetime
    ) -> tuple[str, dict[str, Any] | None]:
        """Return what makes the event one of a kind, and the earlier answer if it came before.

        Where nothing names the event, the same text as this contact's last one
        within ten minutes is a repetition: a real second "1" says nothing new.
        """
        recebida = chegada.recebida
        canal = chegada.canal_id or 0
        if recebida.message_id:
            return f"m:{canal}:{_indexable(recebida.message_id)}", None
        if chegada.request_id:
            return f"r:{canal}:{chegada.request_id}", None
        who = str(contatos[0].id) if contatos else f"{recebida.subscriber_id}:{recebida.telefone}"
        said = hashlib.blake2b(f"{recebida.kind}\x1f{who}\x1f{recebida.texto}".encode(), digest_size=12).hexdigest()
        prefix = f"t:{canal}:{said}:"
        if contatos:
            last = await self._entrada.last_reply(contatos[0].id, now)
            if last is not None and last.event_key.startswith(prefix):
                return last.event_key, last.resultado or _answer(Desfecho.JA_RESPONDIDO, (), None, recebida)
        return f"{prefix}{int(now.timestamp() * 1000)}", None

    async def _store(self, chegada: Chegada, key: str, contatos: Sequence[ContatoAchado], now: datetime) -> int | None:
        recebida = chegada.recebida
        return await self._entrada.store(
            event_key=key,
            corpo=chegada.corpo,
            texto=recebida.texto,
            posicao=chegada.posicao,
            canal=chegada.canal_id,
            tipo=recebida.kind,
            contato=contatos[0].id if contatos else None,
            enviada_em=recebida.sent_at,
            now=now,
        )

    async def _apply_stored(
        self, recebida_id: int, chegada: Chegada, contatos: Sequence[ContatoAchado], *, now: datetime
    ) -> dict[str, Any]:
        recebida = chegada.recebida
        ids = [contato.id for contato in contatos]
        perguntas = await self._entrada.questions(ids, now, escrita=recebida.sent_at) if ids else []
        alvo = choose_alvo(
            perguntas,
            atendimento_id=recebida.atendimento_id,
            nr_seq_agenda=recebida.nr_seq_agenda,
            quoted_id=recebida.quoted_id,
            now=now,
        )
        if recebida.kind == "status":
            return await self._apply_status(recebida_id, alvo, recebida, now)
        if len(perguntas) == 1 and not perguntas[0].chegou:
            await self._settle(perguntas[0], _INCERTA, now)
        leitura = read_todos(recebida.texto) or read_resposta(recebida.texto)
        if _is_stale(alvo, recebida):
            conduta = Conduta(desfecho=Desfecho.JA_RESPONDIDO, visitas=alvo.perguntas[0].visitas)
            leitura = Leitura(leitura.intencao, regra="fora_de_ordem")
        else:
            conduta = await self._decide(alvo, leitura, recebida.texto, now)
            await self._write(recebida_id, conduta, leitura, recebida=recebida, now=now)
            await self._stop(conduta, alvo, contatos, now)
        await self._tell(recebida_id, conduta, leitura, now)
        if chegada.responder and conduta.modelo and contatos:
            await self._reply(recebida_id, conduta, alvo, contatos, now=now)
        resultado = _answer(conduta.desfecho, _changed(conduta), leitura, recebida)
        await self._entrada.set_applied(
            recebida_id,
            desfecho=conduta.desfecho,
            leitura=leitura.intencao,
            mensagem=alvo.pergunta.mensagem_id if alvo.pergunta else None,
            resultado=_without_phone(resultado),
            now=now,
        )
        return resultado

    async def _apply_status(self, recebida_id: int, alvo: Alvo, recebida: Recebida, now: datetime) -> dict[str, Any]:
        """Take news of a message: for this gateway, the flow's own first block says that it runs."""
        if alvo.pergunta:
            await self._settle(alvo.pergunta, (*_INCERTA, EstadoMensagem.EM_ENVIO), now)
        resultado = _answer(Desfecho.JA_RESPONDIDO, (), None, recebida)
        await self._entrada.set_applied(
            recebida_id, desfecho="STATUS", leitura=None, mensagem=None, resultado=_without_phone(resultado), now=now
        )
        return resultado

    async def _decide(self, alvo: Alvo, leitura: Leitura, texto: str, now: datetime) -> Conduta:
        pergunta = alvo.pergunta
        letras = [visita.letra for visita in pergunta.standing(now)] if pergunta else []
        por_letra = read_por_letra(texto, letras) if len(letras) > 1 else None
        decides = leitura.intencao in {Intencao.CONFIRM, Intencao.CANCEL, Intencao.RESCHEDULE}
        duvidas = await self._entrada.doubts(pergunta.mensagem_id) if pergunta and not decides else 0
        return decide_conduta(alvo, leitura.intencao, por_letra, para_todos=means_all(texto), duvidas=duvidas, now=now)

    async def _write(
        self,
        recebida_id: int,
        conduta: Conduta,
        leitura: Leitura,
        *,
        recebida: Recebida,
        now: datetime,
    ) -> None:
        """Write the answer on its visits: statuses first, then what was read and whether a person must look."""
        mudancas = [
            Mudanca(
                atendimento_id=mudanca.visita.atendimento_id,
                fato=mudanca.fato,
                de=mudanca.visita.status,
                decisao=mudanca.decisao,
                porque=f"{leitura.etapa}:{leitura.regra}",
                recebida_id=recebida_id,
            )
            for mudanca in conduta.mudancas
        ]
        ids = [visita.atendimento_id for visita in conduta.visitas]
        if ids:
            await self._entrada.set_answer(
                ids,
                texto=recebida.texto[:_TEXTO_MAXIMO],
                leitura=leitura.intencao,
                quando=min(recebida.sent_at or now, now),
                atencao=conduta.atencao,
                resolve=bool(mudancas),
                now=now,
            )
        await self._efeitos.apply(mudancas, now=now, quem=QUEM)

    async def _tell(self, recebida_id: int, conduta: Conduta, leitura: Leitura, now: datetime) -> None:
        """Write a line for the visits whose status the answer left as it was; a change has its own."""
        changed = {mudanca.visita.atendimento_id for mudanca in conduta.mudancas}
        await self._historico.add(
            [
                FatoHistorico(
                    atendimento_id=visita.atendimento_id,
                    em=now,
                    fato="resposta_recebida",
                    quem=QUEM,
                    para=conduta.desfecho,
                    porque=conduta.atencao or f"{leitura.etapa}:{leitura.regra}",
                    recebida_id=recebida_id,
                )
                for visita in conduta.visitas
                if visita.atendimento_id not in changed
            ]
        )

    async def _settle(self, pergunta: Pergunta, estados: Sequence[EstadoMensagem], now: datetime) -> None:
        """Count a message that may or may not have left as arrived: somebody speaks of it."""
        if await self._entrada.settle(pergunta.mensagem_id, now, estados=estados):
            lines = [
                FatoHistorico(
                    atendimento_id=visita.atendimento_id,
                    em=now,
                    fato="mensagem_entregue",
                    quem=QUEM,
                    mensagem_id=pergunta.mensagem_id,
                )
                for visita in pergunta.visitas
            ]
            await self._historico.add(lines)

    async def _stop(self, conduta: Conduta, alvo: Alvo, contatos: Sequence[ContatoAchado], now: datetime) -> None:
        """Stop what must not go on: a phone, a patient at a phone, a patient."""
        if conduta.parada is None:
            return
        phones = [contato.id for contato in contatos]
        patients = sorted({visita.paciente_id for pergunta in alvo.perguntas for visita in pergunta.visitas})
        if not patients:  # nobody was asked: it can only be about whom this phone is to be asked about
            patients = sorted({paciente for _, paciente in await self._entrada.future_visits(now, contatos=phones)})
        match conduta.parada:
            case Parada.CONTATO:
                await self._entrada.stop_contact(phones, now)
                visits = await self._entrada.future_visits(now, contatos=phones)
            case Parada.PACIENTE_NO_CONTATO:
                await self._entrada.stop_patient_here(patients, phones, now)
                visits = await self._entrada.future_visits(now, contatos=phones, pacientes=patients)
            case Parada.PACIENTE:
                if len(patients) == 1:  # of several, nobody knows whose death it is: the visits stop, a person asks
                    await self._entrada.stop_patient(patients, now)
                visits = await self._entrada.future_visits(now, pacientes=patients)
        await self._silence([visita for visita, _ in visits], conduta, now)

    async def _silence(self, ids: Sequence[int], conduta: Conduta, now: datetime) -> None:
        """Withdraw what is planned about visits, let the planner forget them, and call a person."""
        await self._efeito_rows.set_attention(ids, conduta.atencao, now=now)
        await self._efeito_rows.withdraw(ids, now=now)
        await self._efeito_rows.stop(ids)
        told = {visita.atendimento_id for visita in conduta.visitas}
        await self._historico.add(
            [
                FatoHistorico(atendimento_id=ident, em=now, fato="mensagens_paradas", quem=QUEM, porque=conduta.atencao)
                for ident in ids
                if ident not in told
            ]
        )

    async def _reply(
        self,
        recebida_id: int,
        conduta: Conduta,
        alvo: Alvo,
        contatos: Sequence[ContatoAchado],
        *,
        now: datetime,
    ) -> None:
        """Plan what is said back: an answer, so it leaves at any hour and no limit but that of repetition holds it."""
        contato_id = alvo.perguntas[0].contato_id if alvo.perguntas else contatos[0].id
        modelo = conduta.modelo or "encaminhado"
        if not may_reply(modelo, await self._entrada.replies(contato_id, now)):
            return
        visitas = conduta.visitas or tuple(visita for p in alvo.perguntas for visita in p.visitas)
        letters = _letters(visitas)
        versions = {visita.atendimento_id: visita.horario_versao for visita in visitas}
        mensagem = MensagemNova(
            contato_id=contato_id,
            dia=now.date(),
            tipo=TipoMensagem.RESPOSTA,
            passo=f"resposta_{recebida_id}",
            modelo=modelo,
            versao=1,
            prioridade=0,
            quando=now,
            ate=now + _RESPOSTA_VALE,
            itens=[(ident, letters[ident], modelo, version) for ident, version in versions.items()],
            recebida_id=recebida_id,
        )
        await self._planejamento.add([mensagem], now)


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


def _changed(conduta: Conduta) -> list[dict[str, Any]]:
    after = {m.visita.atendimento_id: m.decisao.status for m in conduta.mudancas}
    return [
        {
            "atendimento_id": visita.atendimento_id,
            "nr_seq_agenda": visita.nr_seq_agenda,
            "status_confirmacao": after.get(visita.atendimento_id, visita.status),
        }
        for visita in conduta.visitas
    ]


def _without_phone(resultado: dict[str, Any]) -> dict[str, Any]:
    """Return what may be stored in clear: ids and a status."""
    return {**resultado, "data": {**resultado["data"], "telefone": None}}


def _answer(
    desfecho: Desfecho, atendimentos: Sequence[dict[str, Any]], leitura: Leitura | None, recebida: Recebida
) -> dict[str, Any]:
    """Return the flat answer, whose top level a Botconversa block can read, with the whole under `data`."""
    first = atendimentos[0] if atendimentos else {}
    return {
        "success": desfecho.success,
        "message": _MENSAGENS[desfecho],
        "status": desfecho.value,
        "atendimento_id": first.get("atendimento_id"),
        "nr_seq_agenda": first.get("nr_seq_agenda"),
        "data": {
            "atendimentos": list(atendimentos),
            "interpretacao": leitura.intencao.value if leitura else None,
            "telefone": recebida.telefone,
        },
    }


def _indexable(ident: str) -> str:
    """Return an id short enough for an index: whoever calls may send one of any length."""
    return ident if len(ident) <= _ID_MAXIMO else hashlib.blake2b(ident.encode(), digest_size=24).hexdigest()
