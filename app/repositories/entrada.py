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
from app.domain.saida import RESPONDIVEIS
from app.repositories.base import TenantRepository, sql_list

_REPEAT_WITHIN: Final = timedelta(minutes=10)
_ASKED_SINCE: Final = timedelta(days=45)

# Found by the gateway's id or by the phone without regard to its ninth digit; the row lock serialises one contact's
# answers, and the write says that the conversation is open.
_CONTACTS: Final = text("""
UPDATE contatos SET ultima_entrada_em = :now WHERE tenant_id = :tenant AND id IN (
    SELECT contato_id FROM contatos_canais
    WHERE tenant_id = :tenant AND canal_id = :canal AND externo_id = CAST(:externo AS text)
    UNION SELECT id FROM contatos WHERE tenant_id = :tenant AND chave_hash = CAST(:chave AS bytea))
RETURNING id, chave_hash""")

_LAST: Final = text("""
SELECT id, event_key, recebida_em, resultado FROM recebidas
WHERE tenant_id = :tenant AND contato_id = :contato AND tipo = 'resposta' ORDER BY id DESC LIMIT 1""")

_STORE: Final = text("""
INSERT INTO recebidas (tenant_id, canal_id, event_key, tipo, corpo, posicao, texto, contato_id, enviada_em, recebida_em)
VALUES (:tenant, :canal, :event_key, :tipo, :corpo, :posicao, :texto, :contato, :enviada_em, :now)
ON CONFLICT (tenant_id, event_key) DO NOTHING RETURNING id""")

_KNOWN: Final = text("SELECT id, resultado FROM recebidas WHERE tenant_id = :tenant AND event_key = :event_key")

_QUESTIONS: Final = text(f"""
SELECT m.id AS mensagem_id, m.contato_id, m.modelo, m.iniciada_em, m.provider_id, m.estado, ma.letra,
       ma.horario_versao = a.horario_versao AND (a.horario_versao = 1 OR CAST(:escrita AS timestamptz) IS NULL
                                                 OR a.horario_em <= CAST(:escrita AS timestamptz)) AS atual,
       a.id, a.nr_seq_agenda, a.status_confirmacao, a.situacao_agenda, a.data_consulta, a.paciente_id, a.unidade_id,
       a.horario_versao, a.respondido_em
FROM mensagens m
JOIN mensagens_atendimentos ma ON ma.tenant_id = m.tenant_id AND ma.mensagem_id = m.id
JOIN atendimentos a ON a.tenant_id = ma.tenant_id AND a.id = ma.atendimento_id
WHERE m.tenant_id = :tenant AND m.contato_id = ANY(CAST(:contatos AS bigint[])) AND m.quando > :desde
  AND m.dia > CAST(:dia AS date) AND m.modelo IN {sql_list(RESPONDIVEIS)}
  AND m.estado IN {sql_list(PODEM_TER_CHEGADO)}
ORDER BY a.id FOR UPDATE OF a""")  # noqa: S608  constants

_DOUBTS: Final = text("""
SELECT count(*) FROM recebidas WHERE tenant_id = :tenant AND mensagem_id = :mensagem
  AND desfecho IN ('NAO_ENTENDIDO', 'PERGUNTA_REPETIDA', 'ENCAMINHADO')""")

# Thanks after a "1" do not take its place; they only may call a person.
_ANSWERED: Final = text("""
UPDATE atendimentos SET
       resposta_paciente = CASE WHEN :resolve OR NOT decidida THEN CAST(:texto AS bytea) ELSE resposta_paciente END,
       interpretacao_resposta = CASE WHEN :resolve OR NOT decidida THEN CAST(:leitura AS text)
                                     ELSE interpretacao_resposta END,
       respondido_em = CASE WHEN :resolve OR NOT decidida THEN CAST(:quando AS timestamptz) ELSE respondido_em END,
       atencao = coalesce(CAST(:atencao AS text), CASE WHEN :resolve THEN NULL ELSE atencao END),
       atencao_em = CASE WHEN CAST(:atencao AS text) IS NOT NULL THEN CAST(:now AS timestamptz)
                         WHEN :resolve THEN NULL ELSE atencao_em END,
       atualizado_em = :now
FROM (SELECT id AS visita, status_confirmacao IN ('confirmado', 'cancelado', 'reagendar') AS decidida
      FROM atendimentos WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[]))) v
WHERE tenant_id = :tenant AND id = v.visita""")

_REPLIES: Final = text("""
SELECT modelo, count(*) AS vezes FROM mensagens
WHERE tenant_id = :tenant AND contato_id = :contato AND quando > :desde AND dia >= CAST(:dia AS date)
  AND tipo = 'resposta' GROUP BY modelo""")

_APPLIED: Final = text("""
UPDATE recebidas SET aplicada_em = :now, desfecho = :desfecho, leitura = :leitura, mensagem_id = :mensagem,
       resultado = CAST(:resultado AS jsonb)
WHERE tenant_id = :tenant AND id = :id""")

_STOP_CONTACT: Final = text("""
UPDATE contatos SET optout_em = coalesce(optout_em, :now)
WHERE tenant_id = :tenant AND id = ANY(CAST(:contatos AS bigint[]))""")
_STOP_PATIENT_HERE: Final = text("""
UPDATE pacientes_contatos SET numero_errado_em = :now WHERE tenant_id = :tenant
  AND contato_id = ANY(CAST(:contatos AS bigint[])) AND paciente_id = ANY(CAST(:pacientes AS bigint[]))""")
_STOP_PATIENT: Final = text("""
UPDATE pacientes SET falecido_em = coalesce(falecido_em, :now)
WHERE tenant_id = :tenant AND id = ANY(CAST(:pacientes AS bigint[]))""")
_OPEN_OF: Final = text("""
SELECT id, paciente_id FROM atendimentos WHERE tenant_id = :tenant AND data_consulta > :now
  AND (CAST(:contatos AS bigint[]) IS NULL OR contato_id = ANY(CAST(:contatos AS bigint[])))
  AND (CAST(:pacientes AS bigint[]) IS NULL OR paciente_id = ANY(CAST(:pacientes AS bigint[])))
ORDER BY id""")
_SETTLE: Final = text("""
UPDATE mensagens SET estado = 'entregue', entregue_em = :now, motivo = 'respondida', atualizado_em = :now
WHERE tenant_id = :tenant AND id = :mensagem AND dia > CAST(:dia AS date) AND estado = ANY(CAST(:estados AS text[]))
RETURNING id""")
_PENDING: Final = text("""
SELECT id, canal_id, corpo, posicao, recebida_em FROM recebidas
WHERE tenant_id = :tenant AND aplicada_em IS NULL AND recebida_em < :antes ORDER BY id LIMIT 100""")
_CLAIM: Final = text("""
SELECT id FROM recebidas WHERE tenant_id = :tenant AND id = :id AND aplicada_em IS NULL FOR UPDATE SKIP LOCKED""")


@dataclass(frozen=True, slots=True)
class ContatoAchado:
    """A phone that may have written."""

    id: int
    chave_hash: bytes


@dataclass(frozen=True, slots=True)
class Repetida:
    """An event seen before, and what was answered to it."""

    recebida_id: int
    resultado: dict[str, Any] | None


class EntradaRepository(TenantRepository):
    """Reads and writes around one inbound event."""

    async def contacts(
        self, *, canal_id: int | None, subscriber_id: str | None, chave: str | None, now: datetime
    ) -> list[ContatoAchado]:
        """Return whom the event may come from, locked; the conversation counts as open from `now`."""
        hashed = self.finder.of("chave", chave) if chave else None
        parameters = {"canal": canal_id, "externo": subscriber_id, "chave": hashed, "now": now}
        return [ContatoAchado(row.id, row.chave_hash) for row in await self._run(_CONTACTS, **parameters)]

    async def last_reply(self, contato_id: int, now: datetime) -> Record | None:
        """Return the contact's last answer if it is recent enough for the same text to be a repetition."""
        rows = await self._run(_LAST, contato=contato_id)
        return rows[0] if rows and now - rows[0].recebida_em <= _REPEAT_WITHIN else None

    async def store(self, *, event_key: str, corpo: str, texto: str, **columns: Any) -> int | None:
        """Keep the event; return its id, or None if one with this key is kept already."""
        encrypt = crypto.keyring().encrypt
        rows = await self._run(
            _STORE,
            event_key=event_key,
            corpo=encrypt(corpo, "recebidas.corpo"),
            texto=encrypt(texto, "recebidas.texto"),
            **columns,
        )
        return rows[0].id if rows else None

    async def known(self, event_key: str) -> Repetida | None:
        rows = await self._run(_KNOWN, event_key=event_key)
        return Repetida(rows[0].id, rows[0].resultado) if rows else None

    async def questions(self, contatos: Sequence[int], now: datetime, *, escrita: datetime | None) -> list[Pergunta]:
        """Return the questions these contacts were asked lately, their visits locked.

        A visit moved after the answer was written (`escrita`) has another time than the patient knew.
        """
        desde = now - _ASKED_SINCE
        rows = await self._run(_QUESTIONS, contatos=list(contatos), desde=desde, dia=desde.date(), escrita=escrita)
        by_message: defaultdict[int, list[Record]] = defaultdict(list)
        for row in rows:
            by_message[row.mensagem_id].append(row)
        return [
            Pergunta(
                mensagem_id=mensagem_id,
                contato_id=visits[0].contato_id,
                modelo=visits[0].modelo,
                enviada_em=visits[0].iniciada_em,
                provider_id=visits[0].provider_id,
                visitas=tuple(map(_visita, visits)),
                chegou=EstadoMensagem(visits[0].estado) in PROVAS,
            )
            for mensagem_id, visits in by_message.items()
        ]

    async def doubts(self, mensagem_id: int) -> int:
        """Return how many answers to a question ended without a decision."""
        return int((await self._run(_DOUBTS, mensagem=mensagem_id))[0][0])

    async def replies(self, contato_id: int, now: datetime) -> dict[str, int]:
        """Return how often each template was said back to a contact in the last day."""
        desde = now - timedelta(days=1)
        rows = await self._run(_REPLIES, contato=contato_id, desde=desde, dia=desde.date())
        return {row.modelo: row.vezes for row in rows}

    async def set_answer(
        self,
        ids: Sequence[int],
        *,
        texto: str,
        leitura: str,
        quando: datetime,
        atencao: str | None,
        resolve: bool,
        now: datetime,
    ) -> None:
        """Write on the visits what was answered; `resolve`: it decided, and takes back an earlier call for a person."""
        await self._execute(
            _ANSWERED,
            ids=list(ids),
            texto=crypto.keyring().encrypt(texto, "atendimentos.resposta_paciente"),
            leitura=leitura,
            quando=quando,
            atencao=atencao,
            resolve=resolve,
            now=now,
        )

    async def set_applied(
        self,
        recebida_id: int,
        *,
        desfecho: str,
        leitura: str | None,
        mensagem: int | None,
        resultado: Mapping[str, Any],
        now: datetime,
    ) -> None:
        await self._execute(
            _APPLIED,
            id=recebida_id,
            desfecho=desfecho,
            leitura=leitura,
            mensagem=mensagem,
            resultado=msgspec.json.encode(resultado).decode(),
            now=now,
        )

    async def settle(self, mensagem_id: int, now: datetime, *, estados: Sequence[EstadoMensagem]) -> bool:
        """Count a message in one of `estados` as delivered; return whether it was."""
        dia = (now - _ASKED_SINCE).date()
        rows = await self._run(_SETTLE, mensagem=mensagem_id, dia=dia, estados=[*map(str, estados)], now=now)
        return bool(rows)

    async def stop_contact(self, contatos: Sequence[int], now: datetime) -> None:
        await self._execute(_STOP_CONTACT, contatos=list(contatos), now=now)

    async def stop_patient_here(self, pacientes: Sequence[int], contatos: Sequence[int], now: datetime) -> None:
        await self._execute(_STOP_PATIENT_HERE, pacientes=list(pacientes), contatos=list(contatos), now=now)

    async def stop_patient(self, pacientes: Sequence[int], now: datetime) -> None:
        await self._execute(_STOP_PATIENT, pacientes=list(pacientes), now=now)

    async def future_visits(
        self, now: datetime, *, contatos: Sequence[int] | None = None, pacientes: Sequence[int] | None = None
    ) -> list[tuple[int, int]]:
        """Return (visit, patient) of what is to come for all of these phones and patients; None is any."""
        lists = {
            name: None if ids is None else list(ids) for name, ids in (("contatos", contatos), ("pacientes", pacientes))
        }
        return [(row.id, row.paciente_id) for row in await self._run(_OPEN_OF, **lists, now=now)]

    async def pending(self, antes: datetime) -> Sequence[Record]:
        """Return events kept before `antes` that were never applied."""
        return await self._run(_PENDING, antes=antes)

    async def claim(self, recebida_id: int) -> bool:
        """Lock a kept event for applying it; False when somebody else has it, or had."""
        return bool(await self._run(_CLAIM, id=recebida_id))

    async def _run(self, statement: Any, **parameters: Any) -> Sequence[Record]:
        return await self._fetch(statement, **parameters)

    async def _execute(self, statement: Any, **parameters: Any) -> None:
        await self._fetch(statement, **parameters)


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
