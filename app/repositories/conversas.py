"""Conversations' rows: whose each is, what happened in it, what was said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from app import crypto
from app.database import Record
from app.domain.posse import EstadoConversa, Posse
from app.repositories.base import TenantRepository

_OF: Final = text("""
SELECT contato_id, estado, motivo, aguardando_desde, responsavel_id, responsavel, calado_ate, versao FROM conversas
WHERE tenant_id = :tenant AND contato_id = ANY(CAST(:contatos AS bigint[]))""")
# The contact first, as everybody does who writes about one (docs/arquitetura.md).
_LOCK_CONTACT: Final = text("""
SELECT id, optout_em, ultima_entrada_em FROM contatos WHERE tenant_id = :tenant AND id = :contato FOR NO KEY UPDATE""")
_HEARD: Final = text("""
INSERT INTO conversas AS c (tenant_id, contato_id, estado, motivo, aguardando_desde, recebida_em, atualizado_em)
SELECT :tenant, u.*, :now, :now FROM unnest(
    CAST(:contatos AS bigint[]), CAST(:estados AS text[]), CAST(:motivos AS text[]),
    CAST(:desdes AS timestamptz[])) AS u
ON CONFLICT (tenant_id, contato_id) DO UPDATE SET
    recebida_em = excluded.recebida_em, atualizado_em = excluded.atualizado_em,
    estado = excluded.estado, motivo = excluded.motivo, aguardando_desde = excluded.aguardando_desde,
    responsavel_id = CASE WHEN excluded.estado = 'com_pessoa' THEN c.responsavel_id END,
    responsavel = CASE WHEN excluded.estado = 'com_pessoa' THEN c.responsavel END,
    calado_ate = CASE WHEN excluded.estado = 'com_pessoa' THEN c.calado_ate END""")
_SET: Final = text("""
WITH calado AS (UPDATE contatos SET calado_ate = :calado_ate WHERE tenant_id = :tenant AND id = :contato)
INSERT INTO conversas (tenant_id, contato_id, estado, motivo, aguardando_desde, responsavel_id, responsavel, calado_ate,
                       versao, atualizado_em)
VALUES (:tenant, :contato, :estado, :motivo, :aguardando_desde, :responsavel_id, :responsavel, :calado_ate, :versao,
        :now)
ON CONFLICT (tenant_id, contato_id) DO UPDATE SET
    estado = excluded.estado, motivo = excluded.motivo, aguardando_desde = excluded.aguardando_desde,
    responsavel_id = excluded.responsavel_id, responsavel = excluded.responsavel, calado_ate = excluded.calado_ate,
    versao = excluded.versao, atualizado_em = excluded.atualizado_em""")
_FATOS: Final = text("""
INSERT INTO conversas_fatos (tenant_id, contato_id, em, fato, quem, motivo, espera_s, nota)
SELECT :tenant, u.* FROM unnest(
    CAST(:contato AS bigint[]), CAST(:em AS timestamptz[]), CAST(:fato AS text[]), CAST(:quem AS text[]),
    CAST(:motivo AS text[]), CAST(:espera_s AS bigint[]), CAST(:nota AS bytea[])) AS u RETURNING id""")
# Urgent first, then whoever waits longest; what is asked for comes after the last one of the page before.
_LIST: Final = text("""
SELECT c.contato_id, c.recebida_em, c.estado, c.motivo, c.aguardando_desde, c.responsavel_id, c.responsavel,
       c.calado_ate, c.versao, t.telefone, o.ordem, o.desde
FROM conversas c
JOIN contatos t ON t.tenant_id = c.tenant_id AND t.id = c.contato_id
CROSS JOIN LATERAL (SELECT CASE WHEN c.motivo = 'urgente' THEN 0 ELSE 1 END AS ordem,
                           coalesce(c.aguardando_desde, c.recebida_em, c.atualizado_em) AS desde) o
WHERE c.tenant_id = :tenant AND c.estado = ANY(CAST(:estados AS text[]))
  AND (CAST(:motivos AS text[]) IS NULL OR coalesce(c.motivo = ANY(CAST(:motivos AS text[])), false) = :dentro)
  AND (CAST(:responsavel AS text) IS NULL OR c.responsavel = :responsavel)
  AND (CAST(:contato AS bigint) = 0
       OR (o.ordem, o.desde, c.contato_id) > (CAST(:ordem AS int), CAST(:desde AS timestamptz), :contato))
ORDER BY o.ordem, o.desde, c.contato_id LIMIT :limite""")
_ONE: Final = text("""
SELECT t.id AS contato_id, c.recebida_em, coalesce(c.estado, 'robo') AS estado, c.motivo, c.aguardando_desde,
       c.responsavel_id, c.responsavel, c.calado_ate, coalesce(c.versao, 0) AS versao, t.telefone, t.optout_em
FROM contatos t
LEFT JOIN conversas c ON c.tenant_id = t.tenant_id AND c.contato_id = t.id
WHERE t.tenant_id = :tenant AND t.id = :contato""")
_SAID: Final = text("""
SELECT * FROM (
    SELECT 'recebida' AS tipo, r.id, coalesce(r.enviada_em, r.recebida_em) AS em, r.texto, r.leitura AS modelo,
           r.desfecho AS estado, false AS por_enviar FROM recebidas r
    WHERE r.tenant_id = :tenant AND r.contato_id = :contato AND r.tipo = 'resposta' ORDER BY r.id DESC LIMIT :limite) a
UNION ALL SELECT * FROM (
    SELECT 'enviada', m.id, coalesce(m.enviada_em, m.iniciada_em, m.quando), coalesce(m.texto, m.escrito), m.modelo,
           m.estado, m.texto IS NULL FROM mensagens m
    WHERE m.tenant_id = :tenant AND m.contato_id = :contato AND m.quando > :desde ORDER BY m.id DESC LIMIT :limite) b
ORDER BY em, id""")
_HAPPENED: Final = text("""
SELECT id, em, fato, quem, motivo, espera_s, nota FROM conversas_fatos
WHERE tenant_id = :tenant AND contato_id = :contato ORDER BY id DESC LIMIT :limite""")
_VISITS: Final = text("""
SELECT id, nr_seq_agenda, status_confirmacao, data_consulta, atencao, preferencia FROM atendimentos
WHERE tenant_id = :tenant AND contato_id = :contato AND data_consulta > :now ORDER BY data_consulta, id LIMIT 20""")
# How long people waited to be taken and to be answered.
_TIMES: Final = text("""
SELECT fato, count(*) AS vezes, avg(espera_s) AS media_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY espera_s) AS mediana_s,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY espera_s) AS p90_s
FROM conversas_fatos WHERE tenant_id = :tenant AND em >= :de AND em < :ate AND espera_s IS NOT NULL GROUP BY fato""")
_PHRASES: Final = text("SELECT nome, texto FROM frases WHERE tenant_id = :tenant ORDER BY nome LIMIT 500")
_PHRASE: Final = text("SELECT texto FROM frases WHERE tenant_id = :tenant AND nome = :nome")
_SET_PHRASE: Final = text("""
INSERT INTO frases (tenant_id, nome, texto, atualizado_em) VALUES (:tenant, :nome, :texto, :now)
ON CONFLICT (tenant_id, nome) DO UPDATE SET texto = excluded.texto, atualizado_em = excluded.atualizado_em""")
_DROP_PHRASE: Final = text("DELETE FROM frases WHERE tenant_id = :tenant AND nome = :nome RETURNING nome")
_FATO_COLUMNS: Final = ("contato", "em", "fato", "quem", "motivo", "espera_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class FatoDaConversa:
    """Something that happened in a conversation."""

    contato: int
    em: datetime
    fato: str
    quem: str
    motivo: str | None = None
    espera_s: int | None = None
    nota: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pagina:
    """What to list, and after which one."""

    estados: Sequence[EstadoConversa]
    motivos: Sequence[str] | None = None
    dentro: bool = True
    """Whether the reason is one of `motivos`, or none of them."""
    responsavel: str | None = None
    depois: tuple[int, datetime, int] | None = None
    limite: int = 50


class ConversaRepository(TenantRepository):
    """Reads and writes conversations."""

    async def of(self, contatos: Sequence[int]) -> dict[int, Posse]:
        """Return whose the conversations of these contacts are, of those that have begun."""
        if not contatos:
            return {}
        return {row.contato_id: posse_of(row) for row in await self._fetch(_OF, contatos=list(contatos))}

    async def lock_contact(self, contato: int) -> Record | None:
        """Return the contact (`id`, `optout_em`, `ultima_entrada_em`), locked; None when there is none."""
        rows = await self._fetch(_LOCK_CONTACT, contato=contato)
        return rows[0] if rows else None

    async def hear(self, posses: Mapping[int, Posse], now: datetime) -> None:
        """Write whose conversations are after what their patients wrote; the contacts are locked."""
        if posses:
            await self._fetch(
                _HEARD,
                contatos=list(posses),
                estados=[posse.estado.value for posse in posses.values()],
                motivos=[posse.motivo for posse in posses.values()],
                desdes=[posse.aguardando_desde for posse in posses.values()],
                now=now,
            )

    async def set(self, contato: int, posse: Posse, now: datetime) -> None:
        """Write whose a conversation is after a person's act; the contact is locked."""
        await self._fetch(
            _SET,
            contato=contato,
            estado=posse.estado.value,
            motivo=posse.motivo,
            aguardando_desde=posse.aguardando_desde,
            responsavel_id=posse.responsavel_id,
            responsavel=posse.responsavel,
            calado_ate=posse.calado_ate,
            versao=posse.versao,
            now=now,
        )

    async def add_fatos(self, fatos: Sequence[FatoDaConversa]) -> list[int]:
        """Write what happened; return the ids."""
        if not fatos:
            return []
        encrypt = crypto.keyring().encrypt
        columns: dict[str, list[Any]] = {name: [getattr(fato, name) for fato in fatos] for name in _FATO_COLUMNS}
        columns["nota"] = [
            encrypt(fato.nota, "conversas_fatos.nota", self._tenant_id) if fato.nota else None for fato in fatos
        ]
        return [row.id for row in await self._fetch(_FATOS, **columns)]

    async def page(self, pagina: Pagina) -> Sequence[Record]:
        """Return conversations, urgent ones first, then by how long they wait."""
        ordem, desde, contato = pagina.depois or (0, None, 0)
        return await self._fetch(
            _LIST,
            estados=[estado.value for estado in pagina.estados],
            motivos=list(pagina.motivos) if pagina.motivos is not None else None,
            dentro=pagina.dentro,
            responsavel=pagina.responsavel,
            ordem=ordem,
            desde=desde,
            contato=contato,
            limite=pagina.limite,
        )

    async def one(self, contato: int) -> Record | None:
        """Return one contact's conversation, begun or not; None when there is no such contact."""
        rows = await self._fetch(_ONE, contato=contato)
        return rows[0] if rows else None

    async def said(self, contato: int, *, desde: datetime, limite: int) -> Sequence[Record]:
        """Return what was said both ways, oldest first."""
        return await self._fetch(_SAID, contato=contato, desde=desde, limite=limite)

    async def happened(self, contato: int, *, limite: int) -> Sequence[Record]:
        """Return what happened, newest first."""
        return await self._fetch(_HAPPENED, contato=contato, limite=limite)

    async def visits(self, contato: int, now: datetime) -> Sequence[Record]:
        """Return the contact's visits to come."""
        return await self._fetch(_VISITS, contato=contato, now=now)

    async def times(self, de: datetime, ate: datetime) -> Sequence[Record]:
        """Return how long patients waited to be taken and to be answered."""
        return await self._fetch(_TIMES, de=de, ate=ate)

    async def phrases(self) -> dict[str, str]:
        return {row.nome: row.texto for row in await self._fetch(_PHRASES)}

    async def phrase(self, nome: str) -> str | None:
        rows = await self._fetch(_PHRASE, nome=nome)
        return rows[0].texto if rows else None

    async def set_phrase(self, nome: str, texto: str, now: datetime) -> None:
        await self._fetch(_SET_PHRASE, nome=nome, texto=texto, now=now)

    async def drop_phrase(self, nome: str) -> bool:
        return bool(await self._fetch(_DROP_PHRASE, nome=nome))


def posse_of(row: Record) -> Posse:
    return Posse(
        EstadoConversa(row.estado),
        row.motivo,
        row.aguardando_desde,
        row.responsavel_id,
        row.responsavel,
        row.calado_ate,
        row.versao,
    )
