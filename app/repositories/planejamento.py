"""What the planner reads and writes: visits to look at, steps already sent, messages to come."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import text

from app import crypto
from app.domain.confirmacao import DESISTENCIAS, INICIATIVAS, PASSOS_DADOS, SituacaoAgenda, StatusConfirmacao
from app.repositories.base import TenantRepository, sql_list

_WITHDRAWN: Final = sql_list(DESISTENCIAS)


@dataclass(frozen=True, slots=True)
class VisitaAberta:
    """A visit the planner looks at; `calado` names why its contact must not be written to."""

    id: int
    contato_id: int
    unidade_id: int | None
    data_consulta: datetime
    dia: date
    status: StatusConfirmacao
    situacao: SituacaoAgenda
    horario_versao: int
    visto_em: datetime
    respondido_em: datetime | None
    planejar_em: datetime
    calado: str | None
    atencao: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MensagemNova:
    """A message to be written; `itens` are (visit, letter, step, version of the visit's time)."""

    contato_id: int
    dia: date
    tipo: str
    passo: str
    modelo: str
    versao: int
    prioridade: int
    quando: datetime
    ate: datetime
    itens: Sequence[tuple[int, str, str, int]]
    recebida_id: int | None = None
    escrito: str | None = None
    """What a person wrote, for the template to say."""


_DUE: Final = text("""
WITH devidos AS (
    SELECT contato_id FROM atendimentos
    WHERE tenant_id = :tenant AND planejar_em <= :now ORDER BY planejar_em LIMIT :limite)
SELECT a.id, a.contato_id, a.unidade_id, a.data_consulta, a.dia, a.status_confirmacao, a.situacao_agenda,
       a.horario_versao, greatest(a.criado_em, a.horario_em) AS visto_em, a.respondido_em, a.planejar_em, a.atencao,
       CASE WHEN c.optout_em IS NOT NULL THEN 'pediu_para_parar'
            WHEN p.falecido_em IS NOT NULL THEN 'obito'
            WHEN pc.numero_errado_em IS NOT NULL THEN 'numero_errado' END AS calado
FROM atendimentos a
JOIN contatos c ON c.tenant_id = a.tenant_id AND c.id = a.contato_id
JOIN pacientes p ON p.tenant_id = a.tenant_id AND p.id = a.paciente_id
LEFT JOIN pacientes_contatos pc
       ON pc.tenant_id = a.tenant_id AND pc.paciente_id = a.paciente_id AND pc.contato_id = a.contato_id
WHERE a.tenant_id = :tenant AND a.contato_id = ANY(SELECT contato_id FROM devidos) AND a.planejar_em IS NOT NULL
ORDER BY a.id
FOR UPDATE OF a""")

_DONE: Final = text(f"""
SELECT ma.atendimento_id, ma.passo, coalesce(m.iniciada_em, m.quando) AS em
FROM mensagens_atendimentos ma
JOIN mensagens m ON m.tenant_id = ma.tenant_id AND m.id = ma.mensagem_id AND m.dia = ma.dia
JOIN unnest(CAST(:ids AS bigint[]), CAST(:versoes AS bigint[])) AS v(id, versao)
     ON v.id = ma.atendimento_id AND v.versao = ma.horario_versao
WHERE ma.tenant_id = :tenant AND m.tipo IN {sql_list(PASSOS_DADOS)} AND m.estado NOT IN {_WITHDRAWN}""")  # noqa: S608  constants

_LAST: Final = text(f"""
SELECT contato_id, max(coalesce(iniciada_em, quando)) AS em FROM mensagens
WHERE tenant_id = :tenant AND contato_id = ANY(CAST(:contatos AS bigint[])) AND quando > :desde
  AND tipo IN {sql_list(INICIATIVAS)} AND estado NOT IN {_WITHDRAWN} GROUP BY contato_id""")  # noqa: S608  constants

_VERSIONS: Final = text("""
SELECT contato_id, dia, passo, max(versao) AS versao FROM mensagens
WHERE tenant_id = :tenant AND contato_id = ANY(CAST(:contatos AS bigint[])) AND dia = ANY(CAST(:dias AS date[]))
GROUP BY contato_id, dia, passo""")

_INSERT: Final = text("""
WITH novas AS (
    INSERT INTO mensagens (tenant_id, contato_id, dia, tipo, passo, modelo, versao, prioridade, quando, ate,
                           recebida_id, escrito, criado_em, atualizado_em)
    SELECT :tenant, u.contato_id, u.dia, u.tipo, u.passo, u.modelo, u.versao, u.prioridade, u.quando, u.ate,
           u.recebida_id, u.escrito, :now, :now
    FROM unnest(CAST(:contato_id AS bigint[]), CAST(:dia AS date[]), CAST(:tipo AS text[]), CAST(:passo AS text[]),
                CAST(:modelo AS text[]), CAST(:versao AS bigint[]), CAST(:prioridade AS smallint[]),
                CAST(:quando AS timestamptz[]), CAST(:ate AS timestamptz[]), CAST(:recebida_id AS bigint[]),
                CAST(:escrito AS bytea[]))
         AS u(contato_id, dia, tipo, passo, modelo, versao, prioridade, quando, ate, recebida_id, escrito)
    ON CONFLICT (tenant_id, contato_id, dia, passo, versao) DO NOTHING
    RETURNING contato_id, dia, passo, versao, id),
ligadas AS (
    INSERT INTO mensagens_atendimentos (tenant_id, mensagem_id, dia, atendimento_id, letra, passo, horario_versao)
    SELECT :tenant, n.id, n.dia, i.atendimento_id, i.letra, i.passo, i.horario_versao
    FROM unnest(CAST(:item_contato AS bigint[]), CAST(:item_dia AS date[]), CAST(:item_da AS text[]),
                CAST(:item_versao AS bigint[]), CAST(:item_atendimento AS bigint[]), CAST(:item_letra AS text[]),
                CAST(:item_passo AS text[]), CAST(:item_horario AS bigint[]))
         AS i(contato_id, dia, da, versao, atendimento_id, letra, passo, horario_versao)
    JOIN novas n ON n.contato_id = i.contato_id AND n.dia = i.dia AND n.passo = i.da AND n.versao = i.versao
    ON CONFLICT DO NOTHING)
SELECT contato_id, dia, passo, versao, id FROM novas""")
_COLUMNS: Final = (
    "contato_id",
    "dia",
    "tipo",
    "passo",
    "modelo",
    "versao",
    "prioridade",
    "quando",
    "ate",
    "recebida_id",
)
_ITEMS: Final = ("contato", "dia", "da", "versao", "atendimento", "letra", "passo", "horario")

_NEXT: Final = text("""
UPDATE atendimentos a SET planejar_em = u.planejar_em, corte_em = u.corte_em
FROM unnest(CAST(:id AS bigint[]), CAST(:planejar_em AS timestamptz[]), CAST(:corte_em AS timestamptz[]))
     AS u(id, planejar_em, corte_em)
WHERE a.tenant_id = :tenant AND a.id = u.id
  AND (a.planejar_em IS DISTINCT FROM u.planejar_em OR a.corte_em IS DISTINCT FROM u.corte_em)""")


class PlanejamentoRepository(TenantRepository):
    """The planner's rows; one planner per hospital at a time holds `lock`."""

    async def lock(self) -> bool:
        """Take the hospital's planning lock until the transaction ends, or return False."""
        query = text("SELECT pg_try_advisory_xact_lock(hashtext('confirma.planejar'), CAST(:tenant AS int))")
        return bool((await self._session.execute(query, {"tenant": self._tenant_id})).scalar_one())

    async def due(self, now: datetime, *, limite: int) -> list[VisitaAberta]:
        """Return the visits due and everything else open of their contacts, locked."""
        rows = await self._fetch(_DUE, now=now, limite=limite)
        return [
            VisitaAberta(
                id=row.id,
                contato_id=row.contato_id,
                unidade_id=row.unidade_id,
                data_consulta=row.data_consulta,
                dia=row.dia,
                status=StatusConfirmacao(row.status_confirmacao),
                situacao=SituacaoAgenda(row.situacao_agenda),
                horario_versao=row.horario_versao,
                visto_em=row.visto_em,
                respondido_em=row.respondido_em,
                planejar_em=row.planejar_em,
                calado=row.calado,
                atencao=row.atencao,
            )
            for row in rows
        ]

    async def done(self, visitas: Sequence[VisitaAberta]) -> Mapping[int, dict[str, datetime]]:
        """Return the steps already used for each visit's present time, with the instant of each."""
        parameters = {
            "ids": [visita.id for visita in visitas],
            "versoes": [visita.horario_versao for visita in visitas],
        }
        steps: defaultdict[int, dict[str, datetime]] = defaultdict(dict)
        for row in await self._fetch(_DONE, **parameters):
            steps[row.atendimento_id][row.passo] = row.em
        return steps

    async def last_messages(self, contatos: Sequence[int], now: datetime) -> dict[int, datetime]:
        """Return when each contact last got, or is about to get, a message of our own accord."""
        parameters = {"contatos": contatos, "desde": now - timedelta(days=2)}
        return {row.contato_id: row.em for row in await self._fetch(_LAST, **parameters)}

    async def versions(self, contatos: Sequence[int], dias: Sequence[date]) -> dict[tuple[int, date, str], int]:
        """Return the highest version used so far of each (contact, day, step)."""
        parameters = {"contatos": contatos, "dias": dias}
        rows = await self._fetch(_VERSIONS, **parameters)
        return {(row.contato_id, row.dia, row.passo): row.versao for row in rows}

    async def add(self, mensagens: Sequence[MensagemNova], now: datetime) -> dict[tuple[int, date, str, int], int]:
        """Write messages and their visits; what stood there already is left alone and not returned."""
        if not mensagens:
            return {}
        columns = {name: [getattr(mensagem, name) for mensagem in mensagens] for name in _COLUMNS}
        columns["escrito"] = [self._sealed(mensagem.escrito) for mensagem in mensagens]
        items = [(*key_of(mensagem), *item) for mensagem in mensagens for item in mensagem.itens]
        linked = {f"item_{name}": [item[n] for item in items] for n, name in enumerate(_ITEMS)}
        rows = await self._fetch(_INSERT, now=now, **columns, **linked)
        return {(row.contato_id, row.dia, row.passo, row.versao): row.id for row in rows}

    def _sealed(self, escrito: str | None) -> bytes | None:
        return crypto.keyring().encrypt(escrito, "mensagens.escrito", self._tenant_id) if escrito else None

    async def set_next(self, rows: Sequence[tuple[int, datetime | None, datetime | None]]) -> None:
        """Write when to look at each visit again and when silence puts it on the call list."""
        if not rows:
            return
        ids, planejar, corte = zip(*rows, strict=True)
        parameters = {"id": list(ids), "planejar_em": list(planejar), "corte_em": list(corte)}
        await self._fetch(_NEXT, **parameters)

    async def already_skipped(self, ids: Sequence[int]) -> set[tuple[int, str, int]]:
        """Return the (visit, step, version) whose skipping the history tells already."""
        query = text("""SELECT atendimento_id, dados ->> 'passo', (dados ->> 'versao')::int FROM historico
            WHERE tenant_id = :tenant AND atendimento_id = ANY(CAST(:ids AS bigint[])) AND fato = 'passo_pulado'""")
        rows = await self._session.execute(query, {"tenant": self._tenant_id, "ids": ids})
        return {(row[0], row[1], row[2]) for row in rows}


def key_of(mensagem: MensagemNova) -> tuple[int, date, str, int]:
    """Return what makes a message one of a kind within its hospital."""
    return mensagem.contato_id, mensagem.dia, mensagem.passo, mensagem.versao
