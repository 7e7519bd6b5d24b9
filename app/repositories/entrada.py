"""The inbox's rows: who wrote, what they were asked, what became of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import text

from app import crypto
from app.database import Record
from app.domain.alvo import Pergunta, VisitaPerguntada
from app.domain.confirmacao import PODEM_TER_CHEGADO, PROVAS, EstadoMensagem, SituacaoAgenda, StatusConfirmacao
from app.domain.entendimento import Dita
from app.domain.saida import RESPONDIVEIS, SEM_PROVA
from app.repositories.base import TenantRepository, sql_list

_REPEAT_WITHIN: Final = timedelta(minutes=10)
_ASKED_SINCE: Final = timedelta(days=45)

# Found by the gateway's id or by the phone without regard to its ninth digit. The row lock serialises one contact's
# answers; it is taken in the order of ids, so that two batches never wait for each other.
_CONTACTS: Final = text("""
WITH quem AS (
    SELECT u.n, cc.contato_id AS id
    FROM unnest(CAST(:ns AS int[]), CAST(:canais AS bigint[]), CAST(:externos AS text[])) AS u(n, canal, externo)
    JOIN contatos_canais cc ON cc.tenant_id = :tenant AND cc.canal_id = u.canal AND cc.externo_id = u.externo
    UNION
    SELECT u.n, c.id FROM unnest(CAST(:ns AS int[]), CAST(:chaves AS bytea[])) AS u(n, chave)
    JOIN contatos c ON c.tenant_id = :tenant AND c.chave_hash = u.chave),
trancados AS (
    SELECT id FROM contatos WHERE tenant_id = :tenant AND id IN (SELECT id FROM quem) ORDER BY id
    FOR NO KEY UPDATE)  -- whoever writes a message about a phone does not wait for it
SELECT q.n, q.id FROM quem q JOIN trancados t ON t.id = q.id ORDER BY q.n, q.id""")

# What a person wrote opens the conversation on the channel they wrote to, from when they wrote it, and makes it theirs.
# A call that comes again, or late, opens nothing anew.
_OPEN: Final = text("""
UPDATE contatos c SET
       canal_id = CASE WHEN u.em >= coalesce(c.ultima_entrada_em, u.em) THEN u.canal ELSE c.canal_id END,
       ultima_entrada_em = greatest(c.ultima_entrada_em, u.em),
       sem_whatsapp_em = CASE WHEN u.whatsapp THEN NULL ELSE c.sem_whatsapp_em END
FROM unnest(CAST(:contatos AS bigint[]), CAST(:canais AS bigint[]), CAST(:ems AS timestamptz[]),
            CAST(:whatsapp AS bool[])) AS u(contato, canal, em, whatsapp)
WHERE c.tenant_id = :tenant AND c.id = u.contato""")

_LAST: Final = text("""
SELECT DISTINCT ON (contato_id) contato_id, event_key, resultado FROM recebidas
WHERE tenant_id = :tenant AND contato_id = ANY(CAST(:contatos AS bigint[])) AND tipo = 'resposta'
  AND recebida_em >= :desde ORDER BY contato_id, id DESC""")

_STORE: Final = text("""
INSERT INTO recebidas (tenant_id, recebida_em, event_key, tipo, canal_id, posicao, contato_id, enviada_em, corpo, texto)
SELECT :tenant, :now, u.* FROM unnest(
    CAST(:event_key AS text[]), CAST(:tipo AS text[]), CAST(:canal AS bigint[]), CAST(:posicao AS smallint[]),
    CAST(:contato AS bigint[]), CAST(:enviada_em AS timestamptz[]), CAST(:corpo AS bytea[]), CAST(:texto AS bytea[]))
    AS u
ON CONFLICT (tenant_id, event_key) DO NOTHING RETURNING event_key, id""")

_KNOWN: Final = text("""
SELECT event_key, resultado FROM recebidas WHERE tenant_id = :tenant AND event_key = ANY(CAST(:keys AS text[]))""")

_QUESTIONS: Final = text(f"""
SELECT m.id AS mensagem_id, m.contato_id, m.modelo, m.iniciada_em, m.provider_id, m.estado, ma.letra,
       ma.horario_versao = a.horario_versao AND (a.horario_versao = 1 OR e.escrita IS NULL
                                                 OR a.horario_em <= e.escrita) AS atual,
       a.id, a.nr_seq_agenda, a.status_confirmacao, a.situacao_agenda, a.data_consulta, a.paciente_id, a.unidade_id,
       a.horario_versao, a.respondido_em
FROM unnest(CAST(:contatos AS bigint[]), CAST(:escritas AS timestamptz[])) AS e(contato_id, escrita)
JOIN mensagens m ON m.tenant_id = :tenant AND m.contato_id = e.contato_id
JOIN mensagens_atendimentos ma ON ma.tenant_id = m.tenant_id AND ma.mensagem_id = m.id
JOIN atendimentos a ON a.tenant_id = ma.tenant_id AND a.id = ma.atendimento_id
WHERE m.quando > :desde AND m.dia > CAST(:dia AS date) AND m.modelo IN {sql_list(RESPONDIVEIS)}
  AND (m.estado IN {sql_list(PODEM_TER_CHEGADO)}
       OR m.estado IN ('agendada', 'na_fila') AND m.motivo = '{SEM_PROVA}')
ORDER BY a.id FOR UPDATE OF a""")  # noqa: S608  constants

# What a stop silences reaches beyond what was asked: all of it in one statement, by ascending id, with the questions of
# the whole batch (docs/arquitetura.md, "Who waits for whom").
_LOCK: Final = text("""
WITH futuras AS (
    SELECT id, paciente_id FROM atendimentos
    WHERE tenant_id = :tenant AND contato_id = ANY(CAST(:parando AS bigint[])) AND data_consulta > :now),
perguntadas AS (
    SELECT a.id, a.paciente_id, m.contato_id FROM mensagens m
    JOIN mensagens_atendimentos ma ON ma.tenant_id = m.tenant_id AND ma.mensagem_id = m.id
    JOIN atendimentos a ON a.tenant_id = ma.tenant_id AND a.id = ma.atendimento_id
    WHERE m.tenant_id = :tenant AND m.contato_id = ANY(CAST(:contatos AS bigint[])) AND m.quando > :desde
      AND m.dia > CAST(:dia AS date))
SELECT id FROM atendimentos WHERE tenant_id = :tenant AND (
    id IN (SELECT id FROM perguntadas)
    OR data_consulta > :now AND paciente_id IN (
        SELECT paciente_id FROM futuras
        UNION SELECT paciente_id FROM perguntadas WHERE contato_id = ANY(CAST(:parando AS bigint[]))))
ORDER BY id FOR UPDATE""")

_DOUBTS: Final = text("""
SELECT mensagem_id, count(*) AS vezes FROM recebidas
WHERE tenant_id = :tenant AND contato_id = ANY(CAST(:contatos AS bigint[]))
  AND mensagem_id = ANY(CAST(:mensagens AS bigint[]))
  AND desfecho IN ('NAO_ENTENDIDO', 'PERGUNTA_REPETIDA', 'ENCAMINHADO') GROUP BY mensagem_id""")

# Thanks after a "1" do not take its place; they only may call a person.
_ANSWERED: Final = text("""
UPDATE atendimentos a SET
       resposta_paciente = CASE WHEN v.decide THEN v.texto ELSE a.resposta_paciente END,
       interpretacao_resposta = CASE WHEN v.decide THEN v.leitura ELSE a.interpretacao_resposta END,
       respondido_em = CASE WHEN v.decide THEN v.quando ELSE a.respondido_em END,
       atencao = coalesce(v.atencao, CASE WHEN v.resolve THEN NULL ELSE a.atencao END),
       atencao_em = CASE WHEN v.atencao IS NOT NULL THEN CAST(:now AS timestamptz)
                         WHEN v.resolve THEN NULL ELSE a.atencao_em END,
       preferencia = coalesce(v.preferencia, a.preferencia), atualizado_em = :now
FROM (SELECT u.*, u.resolve OR b.status_confirmacao NOT IN ('confirmado', 'cancelado', 'reagendar') AS decide
      FROM unnest(CAST(:ids AS bigint[]), CAST(:textos AS bytea[]), CAST(:leituras AS text[]),
                  CAST(:quandos AS timestamptz[]), CAST(:atencoes AS text[]), CAST(:resolvem AS bool[]),
                  CAST(:preferencias AS text[]))
           AS u(id, texto, leitura, quando, atencao, resolve, preferencia)
      JOIN atendimentos b ON b.tenant_id = :tenant AND b.id = u.id) v
WHERE a.tenant_id = :tenant AND a.id = v.id""")

_REPLIES: Final = text("""
SELECT contato_id, modelo, count(*) AS vezes FROM mensagens
WHERE tenant_id = :tenant AND contato_id = ANY(CAST(:contatos AS bigint[])) AND quando > :desde
  AND dia >= CAST(:dia AS date) AND tipo = 'resposta' GROUP BY contato_id, modelo""")

# What is on its way counts as said: no answer to it can be told from one to what came before.
_LAST_SAID: Final = text("""
SELECT DISTINCT ON (contato_id) contato_id, modelo, coalesce(enviada_em, iniciada_em, quando) AS em FROM mensagens
WHERE tenant_id = :tenant AND contato_id = ANY(CAST(:contatos AS bigint[])) AND quando > :desde
  AND dia >= CAST(:dia AS date) AND estado NOT IN ('agendada', 'na_fila', 'cancelada', 'falhou')
ORDER BY contato_id, enviada_em DESC NULLS FIRST, id DESC""")

_APPLIED: Final = text("""
UPDATE recebidas r SET aplicada_em = :now, desfecho = u.desfecho, leitura = u.leitura, mensagem_id = u.mensagem,
       resultado = u.resultado
FROM unnest(CAST(:ids AS bigint[]), CAST(:desfechos AS text[]), CAST(:leituras AS text[]),
            CAST(:mensagens AS bigint[]), CAST(:resultados AS jsonb[])) AS u(id, desfecho, leitura, mensagem, resultado)
WHERE r.tenant_id = :tenant AND r.id = u.id""")

_SETTLE: Final = text("""
WITH na_ordem AS (
    SELECT m.id, m.dia FROM mensagens m
    JOIN unnest(CAST(:ids AS bigint[]), CAST(:voando AS bool[])) AS u(id, voando) ON u.id = m.id
    WHERE m.tenant_id = :tenant AND m.dia > CAST(:dia AS date)
      AND (m.estado = 'incerta' OR u.voando AND m.estado = 'em_envio')
    ORDER BY m.id FOR UPDATE OF m)
UPDATE mensagens m SET estado = 'entregue', entregue_em = :now, enviada_em = coalesce(m.enviada_em, m.iniciada_em),
       motivo = 'respondida', atualizado_em = :now
FROM na_ordem o WHERE m.tenant_id = :tenant AND m.id = o.id AND m.dia = o.dia
RETURNING m.id""")
_PENDING: Final = text("""
SELECT id, canal_id, corpo, posicao, recebida_em FROM recebidas
WHERE tenant_id = :tenant AND aplicada_em IS NULL AND recebida_em < :antes AND id > :depois
  AND canal_id = ANY(CAST(:canais AS bigint[])) ORDER BY id LIMIT 100""")
_CLAIM: Final = text("""
SELECT id FROM recebidas WHERE tenant_id = :tenant AND id = :id AND aplicada_em IS NULL FOR UPDATE SKIP LOCKED""")


@dataclass(frozen=True, slots=True)
class Quem:
    """Who may have sent one event, as the gateway says it."""

    canal_id: int | None
    subscriber_id: str | None
    chave: str | None
    """The phone's key (`chave_telefone`)."""


@dataclass(frozen=True, slots=True)
class Conversa:
    """That a contact wrote on a channel at an instant; `whatsapp`: over WhatsApp, which their number has, then."""

    contato_id: int
    canal_id: int
    em: datetime
    whatsapp: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardada:
    """An event to be kept."""

    event_key: str
    tipo: str
    canal: int | None
    posicao: int
    contato: int | None
    enviada_em: datetime | None
    corpo: str
    texto: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Respondida:
    """What to write on a visit; `resolve`: the answer decided, and takes back an earlier call for a person."""

    atendimento_id: int
    texto: str
    leitura: str
    quando: datetime
    atencao: str | None
    resolve: bool
    preferencia: str | None = None
    """The days and hours they would like instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aplicada:
    """What became of a kept event."""

    recebida_id: int
    desfecho: str
    leitura: str | None
    mensagem: int | None
    resultado: Mapping[str, Any]


class EntradaRepository(TenantRepository):
    """Reads and writes around a batch of inbound events: each is one statement, however many they are."""

    async def contacts(self, quem: Sequence[Quem]) -> dict[int, list[int]]:
        """Return, by position, the contacts each event may come from, locked."""
        finder = self.finder
        rows = await self._fetch(
            _CONTACTS,
            ns=list(range(len(quem))),
            canais=[each.canal_id for each in quem],
            externos=[each.subscriber_id for each in quem],
            chaves=[finder.of("chave", each.chave) if each.chave else None for each in quem],
        )
        found: defaultdict[int, list[int]] = defaultdict(list)
        for row in rows:
            found[row.n].append(row.id)
        return found

    async def open_conversations(self, conversas: Sequence[Conversa]) -> None:
        """Say on contacts that are locked when, and on which channel, they last wrote."""
        if conversas:
            await self._fetch(
                _OPEN,
                contatos=[each.contato_id for each in conversas],
                canais=[each.canal_id for each in conversas],
                ems=[each.em for each in conversas],
                whatsapp=[each.whatsapp for each in conversas],
            )

    async def last_replies(self, contatos: Sequence[int], now: datetime) -> dict[int, Record]:
        """Return each contact's last answer, if it is recent enough for the same text to be a repetition."""
        if not contatos:
            return {}
        rows = await self._fetch(_LAST, contatos=list(contatos), desde=now - _REPEAT_WITHIN)
        return {row.contato_id: row for row in rows}

    async def store(self, guardadas: Sequence[Guardada], now: datetime) -> dict[str, int]:
        """Keep the events; return key → id of those that were not kept already."""
        guardadas = sorted(guardadas, key=lambda each: each.event_key)  # two batches wait for each other in no circle
        encrypt = crypto.keyring().encrypt
        columns = {name: [getattr(each, name) for each in guardadas] for name in _GUARDADA_CLARA}
        rows = await self._fetch(
            _STORE,
            now=now,
            **columns,
            corpo=[encrypt(each.corpo, "recebidas.corpo", self._tenant_id) for each in guardadas],
            texto=[encrypt(each.texto, "recebidas.texto", self._tenant_id) for each in guardadas],
        )
        return {row.event_key: row.id for row in rows}

    async def known(self, keys: Sequence[str]) -> dict[str, dict[str, Any] | None]:
        """Return what was answered to the events kept under these keys."""
        if not keys:
            return {}
        return {row.event_key: row.resultado for row in await self._fetch(_KNOWN, keys=list(keys))}

    async def questions(self, escritas: Mapping[int, datetime | None], now: datetime) -> dict[int, list[Pergunta]]:
        """Return, by contact, the questions asked lately, their visits locked.

        `escritas`: contact → when its answer was written. A visit moved after that has another time than the patient
        knew.
        """
        if not escritas:
            return {}
        desde = now - _ASKED_SINCE
        rows = await self._fetch(
            _QUESTIONS, contatos=list(escritas), escritas=list(escritas.values()), desde=desde, dia=desde.date()
        )
        by_message: defaultdict[int, list[Record]] = defaultdict(list)
        for row in rows:
            by_message[row.mensagem_id].append(row)
        found: defaultdict[int, list[Pergunta]] = defaultdict(list)
        for visits in by_message.values():
            found[visits[0].contato_id].append(_pergunta(visits))
        return found

    async def doubts(self, contatos: Sequence[int], mensagens: Sequence[int]) -> dict[int, int]:
        """Return how many answers of these contacts to each question ended without a decision."""
        if not mensagens:
            return {}
        rows = await self._fetch(_DOUBTS, contatos=list(contatos), mensagens=list(mensagens))
        return {row.mensagem_id: row.vezes for row in rows}

    async def replies(self, contatos: Sequence[int], now: datetime) -> dict[int, dict[str, int]]:
        """Return, by contact, how often each template was said back in the last day."""
        if not contatos:
            return {}
        desde = now - timedelta(days=1)
        said: defaultdict[int, dict[str, int]] = defaultdict(dict)
        for row in await self._fetch(_REPLIES, contatos=list(contatos), desde=desde, dia=desde.date()):
            said[row.contato_id][row.modelo] = row.vezes
        return said

    async def last_said(self, contatos: Sequence[int], now: datetime) -> dict[int, Dita]:
        """Return, by contact, the last message that left for it."""
        if not contatos:
            return {}
        desde = now - _ASKED_SINCE
        rows = await self._fetch(_LAST_SAID, contatos=list(contatos), desde=desde, dia=desde.date())
        return {row.contato_id: Dita(row.modelo, row.em) for row in rows}

    async def set_answers(self, respondidas: Sequence[Respondida], now: datetime) -> None:
        """Write on the visits what was answered."""
        if not respondidas:
            return
        encrypt = crypto.keyring().encrypt
        await self._fetch(
            _ANSWERED,
            now=now,
            ids=[each.atendimento_id for each in respondidas],
            textos=[encrypt(each.texto, "atendimentos.resposta_paciente", self._tenant_id) for each in respondidas],
            leituras=[each.leitura for each in respondidas],
            quandos=[each.quando for each in respondidas],
            atencoes=[each.atencao for each in respondidas],
            resolvem=[each.resolve for each in respondidas],
            preferencias=[each.preferencia for each in respondidas],
        )

    async def set_applied(self, aplicadas: Sequence[Aplicada], now: datetime) -> None:
        if not aplicadas:
            return
        await self._fetch(
            _APPLIED,
            now=now,
            ids=[each.recebida_id for each in aplicadas],
            desfechos=[each.desfecho for each in aplicadas],
            leituras=[each.leitura for each in aplicadas],
            mensagens=[each.mensagem for each in aplicadas],
            resultados=[msgspec.json.encode(each.resultado).decode() for each in aplicadas],
        )

    async def lock(self, contatos: Sequence[int], parando: Sequence[int], now: datetime) -> None:
        """Lock the visits `contatos` were asked about, and all that stop with the phones or patients of `parando`."""
        desde = now - _ASKED_SINCE
        await self._fetch(_LOCK, contatos=list(contatos), parando=list(parando), now=now, desde=desde, dia=desde.date())

    async def settle(self, mensagens: Mapping[int, bool], now: datetime) -> set[int]:
        """Count uncertain messages as delivered, those still in the air too where it is True; return which were."""
        if not mensagens:
            return set()
        dia = (now - _ASKED_SINCE).date()
        rows = await self._fetch(_SETTLE, ids=list(mensagens), voando=list(mensagens.values()), dia=dia, now=now)
        return {row.id for row in rows}

    async def pending(self, antes: datetime, *, depois: int, canais: Sequence[int]) -> Sequence[Record]:
        """Return events of these channels kept before `antes` that were never applied, a hundred from `depois` on."""
        return await self._fetch(_PENDING, antes=antes, depois=depois, canais=list(canais))

    async def claim(self, recebida_id: int) -> bool:
        """Lock a kept event for applying it; False when somebody else has it, or had."""
        return bool(await self._fetch(_CLAIM, id=recebida_id))


_GUARDADA_CLARA: Final = ("event_key", "tipo", "canal", "posicao", "contato", "enviada_em")


def _pergunta(visits: Sequence[Record]) -> Pergunta:
    first = visits[0]
    return Pergunta(
        mensagem_id=first.mensagem_id,
        contato_id=first.contato_id,
        modelo=first.modelo,
        enviada_em=first.iniciada_em,
        provider_id=first.provider_id,
        visitas=tuple(map(_visita, visits)),
        chegou=EstadoMensagem(first.estado) in PROVAS,
    )


def _visita(row: Record) -> VisitaPerguntada:
    return VisitaPerguntada(
        atendimento_id=row.id,
        nr_seq_agenda=row.nr_seq_agenda,
        letra=row.letra,
        status=StatusConfirmacao(row.status_confirmacao),
        situacao=SituacaoAgenda(row.situacao_agenda),
        data_consulta=row.data_consulta,
        atual=row.atual,
        paciente_id=row.paciente_id,
        unidade_id=row.unidade_id,
        horario_versao=row.horario_versao,
        respondido_em=row.respondido_em,
    )
