"""Messages on their way out: released, started, recorded. Each step is one statement over a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import text

from app import crypto
from app.database import Record
from app.domain.cadencia import ULTIMO_CORTE
from app.domain.confirmacao import MESSAGE_TRANSITIONS, EstadoMensagem
from app.repositories.base import TenantRepository

# Before their messages, by ascending id: the order of locks of docs/arquitetura.md.
_LOCK_VISITS: Final = text("""
SELECT id FROM atendimentos
WHERE tenant_id = :tenant AND id IN (SELECT atendimento_id FROM mensagens_atendimentos
                                     WHERE tenant_id = :tenant AND mensagem_id = ANY(CAST(:ids AS bigint[]))
                                     UNION SELECT unnest(CAST(:visitas AS bigint[])))
ORDER BY id FOR UPDATE""")

_LOAD: Final = text("""
SELECT m.id, m.dia, m.tipo, m.passo, m.estado, m.modelo, m.quando, m.ate, m.contato_id, m.recebida_id, m.tentativas,
       m.custo, m.texto, m.escrito, c.telefone, c.optout_em, cc.externo_id,
       coalesce(c.ultima_entrada_em > CAST(:now AS timestamptz) - interval '24 hours'
                AND coalesce(c.canal_id, :canal) = :canal, false) AND NOT m.exige_modelo AS sessao
FROM mensagens m
JOIN contatos c ON c.tenant_id = m.tenant_id AND c.id = m.contato_id
LEFT JOIN contatos_canais cc ON cc.tenant_id = m.tenant_id AND cc.canal_id = :canal AND cc.contato_id = m.contato_id
WHERE m.tenant_id = :tenant AND m.id = ANY(CAST(:ids AS bigint[]))
  AND m.dia BETWEEN CAST(:de AS date) AND CAST(:ate AS date) AND m.estado IN ('na_fila', 'em_envio')
ORDER BY m.id FOR UPDATE OF m""")

_VISITS: Final = text("""
SELECT ma.mensagem_id, ma.letra, ma.passo, ma.horario_versao AS perguntada, a.id, a.nr_seq_agenda, a.unidade_id, a.tipo,
       a.data_consulta, a.especialidade, a.nome_medico, a.chegar_antes_min, a.preparo, a.status_confirmacao,
       a.situacao_agenda, a.horario_versao, a.duracao_min, a.email, p.nome,
       (p.falecido_em IS NOT NULL OR pc.numero_errado_em IS NOT NULL) AS calado
FROM mensagens_atendimentos ma
JOIN atendimentos a ON a.tenant_id = ma.tenant_id AND a.id = ma.atendimento_id
JOIN pacientes p ON p.tenant_id = a.tenant_id AND p.id = a.paciente_id
LEFT JOIN pacientes_contatos pc
       ON pc.tenant_id = a.tenant_id AND pc.paciente_id = a.paciente_id AND pc.contato_id = a.contato_id
WHERE ma.tenant_id = :tenant AND ma.mensagem_id = ANY(CAST(:ids AS bigint[]))
ORDER BY a.id""")

_START: Final = text("""
UPDATE mensagens m SET estado = 'em_envio', iniciada_em = :now, texto = u.texto, modelo_versao = u.modelo_versao,
       tentativas = m.tentativas + 1, atualizado_em = :now
FROM unnest(CAST(:ids AS bigint[]), CAST(:textos AS bytea[]), CAST(:versoes AS bigint[])) AS u(id, texto, modelo_versao)
WHERE m.tenant_id = :tenant AND m.id = u.id AND m.dia BETWEEN CAST(:de AS date) AND CAST(:ate AS date)
  AND m.estado = 'na_fila'""")

_ASKED: Final = text("""
UPDATE atendimentos a SET status_confirmacao = u.status, enviado_em = coalesce(a.enviado_em, :now),
       corte_em = CASE WHEN a.corte_em IS NOT NULL AND u.status = 'aguardando'
                       THEN greatest(a.corte_em, least(CAST(:responder_ate AS timestamptz),
                                                       a.data_consulta - CAST(:ultimo AS interval)))
                       ELSE a.corte_em END,
       atualizado_em = :now, versao = a.versao + 1
FROM unnest(CAST(:ids AS bigint[]), CAST(:status AS text[])) AS u(id, status)
WHERE a.tenant_id = :tenant AND a.id = u.id""")

# From where to where, as the domain's table has it.
_PAIRS: Final = ", ".join(
    f"('{de}', '{para}')" for de, following in MESSAGE_TRANSITIONS.items() for para in sorted(following)
)
_STATE: Final = text(f"""
WITH na_ordem AS (
    SELECT id, dia FROM mensagens
    WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[])) AND estado = ANY(CAST(:atuais AS text[]))
      AND dia BETWEEN CAST(:de AS date) AND CAST(:ate AS date)
    ORDER BY id FOR UPDATE)
UPDATE mensagens m SET estado = u.estado, motivo = u.motivo, quando = coalesce(u.quando, m.quando),
       provider_id = coalesce(u.provider_id, m.provider_id), exige_modelo = m.exige_modelo OR u.exige_modelo,
       enviada_em = coalesce(m.enviada_em, CASE WHEN u.estado = 'enviada' THEN CAST(:now AS timestamptz) END),
       tentativas = m.tentativas - CAST(NOT u.contada AS int),
       chunk = CASE WHEN u.estado = 'agendada' THEN NULL ELSE m.chunk END, atualizado_em = :now
FROM na_ordem
JOIN unnest(CAST(:ids AS bigint[]), CAST(:estados AS text[]), CAST(:motivos AS text[]), CAST(:quandos AS timestamptz[]),
            CAST(:provider_ids AS text[]), CAST(:exigem AS bool[]), CAST(:contadas AS bool[]))
     AS u(id, estado, motivo, quando, provider_id, exige_modelo, contada) USING (id)
WHERE m.tenant_id = :tenant AND m.id = na_ordem.id AND m.dia = na_ordem.dia
  AND m.dia BETWEEN CAST(:de AS date) AND CAST(:ate AS date)
  AND m.estado = ANY(CAST(:atuais AS text[])) AND (m.estado, u.estado) IN ({_PAIRS})
RETURNING m.id""")  # noqa: S608  constants

# What the gateway took and lost is said once more as a message of its own: the row that failed stays what it is.
_REPEAT: Final = text("""
WITH velhas AS (
    SELECT m.*, u.novo_quando, u.novo_exige FROM mensagens m
    JOIN unnest(CAST(:ids AS bigint[]), CAST(:quandos AS timestamptz[]), CAST(:exigem AS bool[]))
         AS u(id, novo_quando, novo_exige) ON u.id = m.id
    WHERE m.tenant_id = :tenant AND m.dia BETWEEN CAST(:de AS date) AND CAST(:ate AS date) AND m.ate > u.novo_quando),
novas AS (
    INSERT INTO mensagens (tenant_id, contato_id, dia, tipo, passo, versao, prioridade, quando, ate, modelo,
                           recebida_id, escrito, exige_modelo, tentativas, motivo, criado_em, atualizado_em)
    SELECT v.tenant_id, v.contato_id, v.dia, v.tipo, v.passo,
           (SELECT max(o.versao) + 1 FROM mensagens o WHERE o.tenant_id = v.tenant_id AND o.contato_id = v.contato_id
                                                        AND o.dia = v.dia AND o.passo = v.passo),
           v.prioridade, v.novo_quando, v.ate, v.modelo, v.recebida_id, v.escrito, v.exige_modelo OR v.novo_exige,
           v.tentativas, v.motivo, :now, :now
    FROM velhas v
    ON CONFLICT (tenant_id, contato_id, dia, passo, versao) DO NOTHING
    RETURNING id, contato_id, dia, passo),
pares AS (SELECT v.id AS velha, n.id, n.dia FROM novas n
          JOIN velhas v ON v.contato_id = n.contato_id AND v.dia = n.dia AND v.passo = n.passo),
ligadas AS (
    INSERT INTO mensagens_atendimentos (tenant_id, mensagem_id, dia, atendimento_id, letra, passo, horario_versao)
    SELECT ma.tenant_id, p.id, p.dia, ma.atendimento_id, ma.letra, ma.passo, ma.horario_versao
    FROM pares p JOIN mensagens_atendimentos ma ON ma.tenant_id = :tenant AND ma.mensagem_id = p.velha
    ON CONFLICT DO NOTHING)
SELECT velha FROM pares""")

_SUBSCRIBERS: Final = text("""
INSERT INTO contatos_canais (tenant_id, canal_id, contato_id, externo_id)
SELECT :tenant, :canal, u.* FROM unnest(CAST(:contatos AS bigint[]), CAST(:externos AS text[])) AS u
ON CONFLICT (tenant_id, canal_id, contato_id) DO UPDATE SET externo_id = excluded.externo_id
WHERE contatos_canais.externo_id <> excluded.externo_id""")

_VISITS_OF: Final = text("""
SELECT mensagem_id, atendimento_id FROM mensagens_atendimentos
WHERE tenant_id = :tenant AND mensagem_id = ANY(CAST(:ids AS bigint[]))""")


class _Sweep:
    """Messages to be swept up: found first, and taken once their visits are locked."""

    def __init__(self, where: str) -> None:
        look = f"SELECT m.id, m.dia, m.estado FROM mensagens m WHERE m.tenant_id = :tenant AND {where}"  # noqa: S608
        self.find: Final = text(f"{look} ORDER BY m.id LIMIT 1000")
        self.take: Final = text(f"{look} AND m.id = ANY(CAST(:ids AS bigint[])) ORDER BY m.id FOR UPDATE SKIP LOCKED")


_EXPIRING: Final = _Sweep("m.estado = 'agendada' AND m.ate <= :now")
# The job that carried a chunk is gone although its messages still wait for it: only seen after a crash.
_STRANDED: Final = _Sweep("""m.estado IN ('na_fila', 'em_envio') AND m.atualizado_em < :antes
    AND NOT EXISTS (SELECT FROM pgqueuer q WHERE q.dedupe_key = m.chunk::text AND q.status IN ('queued', 'picked'))""")
_UNCERTAIN: Final = _Sweep("m.estado = 'incerta' AND m.atualizado_em < :antes AND m.tentativas = 1 AND m.ate > :now")

# By chance: those that are never found must not stand before the others for ever.
_IN_DOUBT: Final = text("""
SELECT m.id, m.dia, m.canal_id, m.texto, m.iniciada_em, c.telefone FROM mensagens m
JOIN contatos c ON c.tenant_id = m.tenant_id AND c.id = m.contato_id
WHERE m.tenant_id = :tenant AND m.estado = 'incerta' AND m.canal_id = ANY(CAST(:canais AS bigint[]))
  AND m.texto IS NOT NULL AND m.iniciada_em > :desde AND m.atualizado_em < :antes
ORDER BY random() LIMIT :limite""")


@dataclass(frozen=True, slots=True)
class EmDuvida:
    """A message of which nobody can say whether its gateway took it."""

    id: int
    dia: date
    canal_id: int
    texto: str = field(repr=False)
    iniciada_em: datetime
    telefone: str = field(repr=False)
    """E.164."""


@dataclass(frozen=True, slots=True)
class Lote:
    """The messages of one chunk and the days of their visits, which lead to the partitions they live in."""

    ids: Sequence[int]
    de: date
    ate: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Resultado:
    """What became of one message; with `quando` it goes back to wait until then."""

    mensagem_id: int
    estado: EstadoMensagem
    motivo: str | None = None
    quando: datetime | None = None
    provider_id: str | None = None
    contada: bool = True
    """False where nothing was tried on it: the gateway asked for a pause, or was given up before its turn."""
    exige_modelo: bool = False
    """The gateway said that a free text does not get through now."""


class SaidaRepository(TenantRepository):
    """The outbox's rows."""

    async def lock_visits(self, ids: Sequence[int], *, visitas: Sequence[int] = ()) -> None:
        """Lock the visits of messages, and `visitas` with them, before the messages themselves."""
        if ids or visitas:
            await self._execute(_LOCK_VISITS, ids=list(ids), visitas=list(visitas))

    async def expiring(self, now: datetime) -> Sequence[Record]:
        """Return messages whose moment passed before they could leave, locked with their visits."""
        return await self._sweep(_EXPIRING, now=now)

    async def load(self, canal_id: int, lote: Lote, *, now: datetime) -> Sequence[Record]:
        """Return the chunk's messages that still wait, and those a dead worker left in the air, locked."""
        return await self._run(_LOAD, canal=canal_id, ids=list(lote.ids), de=lote.de, ate=lote.ate, now=now)

    async def visits(self, ids: Sequence[int]) -> Sequence[Record]:
        """Return the visits of the messages as they stand now: `lock_visits` came first, or they may still change."""
        return await self._run(_VISITS, ids=list(ids))

    async def start(self, lote: Lote, rows: Sequence[tuple[int, str, int]], *, now: datetime) -> None:
        """Record that messages (id, text, template version) are being handed over."""
        encrypt = crypto.keyring().encrypt
        await self._execute(
            _START,
            ids=[row[0] for row in rows],
            textos=[encrypt(row[1], "mensagens.texto", self._tenant_id) for row in rows],
            versoes=[row[2] for row in rows],
            de=lote.de,
            ate=lote.ate,
            now=now,
        )

    async def set_asked(self, status: Mapping[int, str], *, now: datetime, prazo: timedelta) -> None:
        """Write what status the visits have from the moment their question leaves.

        A cut-off nearer than `prazo` moves: the plan counted from a moment that this message may have missed.
        """
        if status:
            await self._execute(
                _ASKED,
                ids=list(status),
                status=list(status.values()),
                responder_ate=now + prazo,
                ultimo=ULTIMO_CORTE,
                now=now,
            )

    async def record(
        self, lote: Lote, results: Sequence[Resultado], *, now: datetime, atuais: Sequence[EstadoMensagem]
    ) -> set[int]:
        """Write results of messages that are still in one of the states `atuais`; return which changed."""
        if not results:
            return set()
        rows = await self._run(
            _STATE,
            ids=[r.mensagem_id for r in results],
            estados=[r.estado.value for r in results],
            motivos=[r.motivo for r in results],
            quandos=[r.quando for r in results],
            provider_ids=[r.provider_id for r in results],
            exigem=[r.exige_modelo for r in results],
            contadas=[r.contada for r in results],
            atuais=[estado.value for estado in atuais],
            de=lote.de,
            ate=lote.ate,
            now=now,
        )
        return {row.id for row in rows}

    async def repeat(self, lote: Lote, results: Sequence[Resultado], *, now: datetime) -> set[int]:
        """Plan messages that were taken and did not arrive once more; return which of them, those still worth it."""
        if not results:
            return set()
        rows = await self._run(
            _REPEAT,
            ids=[r.mensagem_id for r in results],
            quandos=[r.quando or now for r in results],
            exigem=[r.exige_modelo for r in results],
            de=lote.de,
            ate=lote.ate,
            now=now,
        )
        return {row.velha for row in rows}

    async def learn_subscribers(self, canal_id: int, known: Mapping[int, str]) -> None:
        """Remember the gateway's ids of contacts."""
        if known:
            contatos, externos = zip(*sorted(known.items()), strict=True)
            await self._execute(_SUBSCRIBERS, canal=canal_id, contatos=list(contatos), externos=list(externos))

    async def visits_of(self, ids: Sequence[int]) -> list[tuple[int, int]]:
        """Return (message, visit) pairs."""
        return [(row.mensagem_id, row.atendimento_id) for row in await self._run(_VISITS_OF, ids=list(ids))]

    async def uncertain(self, antes: datetime, now: datetime) -> Sequence[Record]:
        """Return messages tried once, uncertain since before `antes`, whose moment has not passed; locked."""
        return await self._sweep(_UNCERTAIN, antes=antes, now=now)

    async def in_doubt(
        self, canais: Sequence[int], *, desde: datetime, antes: datetime, limite: int
    ) -> Sequence[EmDuvida]:
        """Return uncertain messages of these channels begun after `desde`, and uncertain since before `antes`."""
        open_up = crypto.keyring().decrypt
        return [
            EmDuvida(
                id=row.id,
                dia=row.dia,
                canal_id=row.canal_id,
                texto=open_up(row.texto, "mensagens.texto", self._tenant_id),
                iniciada_em=row.iniciada_em,
                telefone=open_up(row.telefone, "contatos.telefone", self._tenant_id),
            )
            for row in await self._run(_IN_DOUBT, canais=list(canais), desde=desde, antes=antes, limite=limite)
        ]

    async def stranded(self, antes: datetime) -> Sequence[Record]:
        """Return messages untouched since `antes` that no job of the queue will ever look at; locked."""
        return await self._sweep(_STRANDED, antes=antes)

    async def _sweep(self, sweep: _Sweep, **parameters: Any) -> Sequence[Record]:
        found = [row.id for row in await self._run(sweep.find, **parameters)]
        if not found:
            return []
        await self.lock_visits(found)
        return await self._run(sweep.take, ids=found, **parameters)

    async def _run(self, statement: Any, **parameters: Any) -> Sequence[Record]:
        return await self._fetch(statement, **parameters)

    async def _execute(self, statement: Any, **parameters: Any) -> None:
        await self._fetch(statement, **parameters)
