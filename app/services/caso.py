"""One inbound event on its way: what it says, what it is about, and the rows that follow from it. No I/O here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from app import crypto
from app.domain.agrupamento import letter
from app.domain.alvo import Alvo, Pergunta, TipoAlvo, VisitaPerguntada
from app.domain.botao import Toque
from app.domain.confirmacao import StatusConfirmacao, TipoMensagem
from app.domain.conversa import Conduta, wants_another_date
from app.domain.modelo import COM_ESCRITO
from app.domain.resposta import Intencao, Leitura
from app.domain.resposta.preferencia import read_preferencia
from app.domain.resposta.todos import read_todos
from app.domain.telefone import chave_telefone
from app.interpreters.leitor import read
from app.repositories.base import FatoHistorico
from app.repositories.entrada import Aplicada, Conversa, Guardada, Quem, Respondida
from app.repositories.planejamento import MensagemNova
from app.schemas import Recebida
from app.services.efeitos import Mudanca
from app.services.webhook_resposta import without_phone

QUEM: Final = "paciente"
_RESPOSTA_VALE: Final = timedelta(hours=6)
_TEXTO_MAXIMO: Final = 4096
_DECIDIDAS: Final = frozenset({StatusConfirmacao.CONFIRMADO, StatusConfirmacao.CANCELADO, StatusConfirmacao.REAGENDAR})


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
class Caso:
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
    calada: bool = False
    """A person is talking there: the program says nothing."""
    escrito: str | None = None
    """What the template of the reply carries besides: an answer of the hospital, a preference noted."""
    ainda: str | None = None
    """The template of what is said besides the reply."""
    preferencia: str | None = None
    resultado: dict[str, Any] | None = None

    @property
    def recebida(self) -> Recebida:
        return self.chegada.recebida

    @property
    def visitas(self) -> set[int]:
        return {visita.atendimento_id for pergunta in self.perguntas for visita in pergunta.visitas}


def build_caso(chegada: Chegada) -> Caso:
    """Return the event with what its words say: a stop must be known before its visits are locked."""
    recebida = chegada.recebida
    reply = recebida.kind == "resposta"
    return Caso(chegada, leitura=read_todos(recebida.texto) or read(recebida.texto) if reply else None)


def first_of_each(casos: Iterable[Caso], about: Any) -> list[Caso]:
    """Return those that share nothing (`about`) with one before them."""
    taken: set[Any] = set()
    first = []
    for caso in casos:
        things = set(about(caso))
        if taken.isdisjoint(things):
            first.append(caso)
        taken |= things
    return first


def intencao_of(caso: Caso) -> Intencao:
    return caso.leitura.intencao if caso.leitura else Intencao.UNCLEAR


def says_nothing(caso: Caso) -> bool:
    """Tell whether it is a button that this phone was not given (forwarded, edited), or a mere reaction."""
    return caso.recebida.midia == "reaction" or is_borrowed(caso)


def is_borrowed(caso: Caso) -> bool:
    """Tell whether it is a button that this phone was not given."""
    return caso.toque is not None and not caso.toque.autentico


def quem_of(chegada: Chegada) -> Quem:
    recebida = chegada.recebida
    chave = chave_telefone(recebida.telefone) if recebida.telefone else None
    return Quem(chegada.canal_id, recebida.subscriber_id, chave or None)


def conversa_of(caso: Caso, now: datetime) -> list[Conversa]:
    """Return whose conversation a stored event opens: a person's own words, not a thumb, nor somebody else's button."""
    if caso.recebida.kind != "resposta" or says_nothing(caso) or caso.chegada.canal_id is None:
        return []
    em = min(caso.recebida.sent_at or now, now)
    return [Conversa(contato, caso.chegada.canal_id, em, caso.chegada.whatsapp) for contato in caso.contatos]


def key_of_event(caso: Caso) -> str:
    """Return what names the event; one that begins with "t:" lacks its instant."""
    recebida, canal = caso.recebida, caso.chegada.canal_id or 0
    if recebida.message_id:
        return f"m:{canal}:{_sealed(recebida.message_id)}"
    if caso.chegada.request_id:
        return f"r:{canal}:{_sealed(caso.chegada.request_id)}"
    who = str(caso.contatos[0]) if caso.contatos else f"{recebida.subscriber_id}:{recebida.telefone}"
    said = _sealed(f"{recebida.kind}\x1f{who}\x1f{recebida.texto}")
    return f"t:{canal}:{said}:"


def guardada_of(caso: Caso) -> Guardada:
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


def respondidas_of(caso: Caso, now: datetime) -> list[Respondida]:
    if caso.conduta is None:
        return []
    return [
        Respondida(
            atendimento_id=ident,
            texto=caso.recebida.texto[:_TEXTO_MAXIMO],
            leitura=intencao_of(caso),
            quando=min(caso.recebida.sent_at or now, now),
            atencao=caso.conduta.atencao,
            resolve=bool(caso.conduta.mudancas),
            preferencia=caso.preferencia,
        )
        for ident in dict.fromkeys(visita.atendimento_id for visita in caso.conduta.visitas)
    ]


def mudancas_of(caso: Caso) -> list[Mudanca]:
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


def lines_without_change(caso: Caso, now: datetime) -> list[FatoHistorico]:
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


def _porque(caso: Caso) -> str | None:
    return f"{caso.leitura.etapa}:{caso.leitura.regra}" if caso.leitura else None


def listener_of(caso: Caso) -> int:
    """Return whom the reply goes to: who was asked, else who wrote."""
    return caso.alvo.perguntas[0].contato_id if caso.alvo.perguntas else caso.contatos[0]


def decided(caso: Caso) -> bool:
    """Tell whether it changed what is known of a visit."""
    return caso.conduta is not None and bool(caso.conduta.mudancas)


def is_touch(caso: Caso) -> bool:
    """Tell whether it is one of our own buttons, touched."""
    return caso.toque is not None and caso.toque.autentico


def reply_of(caso: Caso, modelo: str, now: datetime) -> MensagemNova:
    told = caso.conduta.visitas if caso.conduta else ()
    visitas = told or tuple(visita for pergunta in caso.alvo.perguntas for visita in pergunta.visitas)
    letters = _letters(visitas)
    versions = {visita.atendimento_id: visita.horario_versao for visita in visitas}
    return MensagemNova(
        contato_id=listener_of(caso),
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
        escrito=caso.escrito if modelo in COM_ESCRITO else None,
    )


def besides(caso: Caso, now: datetime) -> MensagemNova:
    """Return what is said besides the reply: an answer to the question that stood beside the decision."""
    reply = reply_of(caso, caso.ainda or "", now)
    return replace(reply, passo=f"ainda_{caso.recebida_id}")


def is_media(caso: Caso) -> bool:
    """Tell whether it is a voice message, a picture, a sticker: nothing to read, or only a mark that stands for it."""
    leitura = caso.leitura
    if leitura is None or leitura.regra != "sem_texto":
        return False
    return caso.recebida.midia is not None or bool(caso.recebida.texto.strip())


def preferencia_of(caso: Caso) -> str | None:
    """Return the days and hours that somebody who wants another date would like."""
    if caso.conduta is None or caso.leitura is None or is_touch(caso):
        return None
    wants = Intencao.RESCHEDULE in {caso.leitura.intencao, caso.leitura.secundaria}
    if not wants and not wants_another_date(caso.conduta):
        return None
    return read_preferencia(caso.recebida.texto).tell() or None


def aplicada_of(caso: Caso) -> Aplicada:
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


def is_stale(alvo: Alvo, recebida: Recebida) -> bool:
    """Tell whether a decision written later is applied already: arrival does not decide, writing does."""
    if recebida.sent_at is None or alvo.tipo not in {TipoAlvo.ABERTA, TipoAlvo.RESPONDIDA}:
        return False
    answered = [v.respondido_em for v in alvo.perguntas[0].visitas if v.respondido_em and v.status in _DECIDIDAS]
    return bool(answered) and recebida.sent_at < max(answered)


def _sealed(ident: str) -> str:
    """Return what stands for what names an event: of any length, and it may hold a number or what was said."""
    return crypto.keyring().finder(crypto.hospital()).of("evento", ident).hex()
