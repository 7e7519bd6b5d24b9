"""The hospital's templates: their versions, the approved texts that stand for them, a visit to try them on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from app.database import Record
from app.models import Canal, Modelo, ModeloCanal
from app.repositories.base import TenantRepository

_MOST_VERSIONS: Final = 200
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('modelos', :tenant))")

_VISIT: Final = """
SELECT a.id, a.contato_id, a.dia, a.nr_seq_agenda, a.unidade_id, a.tipo, a.data_consulta, a.especialidade,
       a.nome_medico, a.chegar_antes_min, a.preparo, a.status_confirmacao, a.situacao_agenda, a.horario_versao,
       {columns}, p.nome, c.optout_em,
       (p.falecido_em IS NOT NULL OR pc.numero_errado_em IS NOT NULL) AS calado
FROM {source}
JOIN pacientes p ON p.tenant_id = a.tenant_id AND p.id = a.paciente_id
LEFT JOIN contatos c ON c.tenant_id = a.tenant_id AND c.id = a.contato_id
LEFT JOIN pacientes_contatos pc
       ON pc.tenant_id = a.tenant_id AND pc.paciente_id = a.paciente_id AND pc.contato_id = a.contato_id
WHERE {condition}
ORDER BY a.data_consulta, a.id"""

# What was planned already says which visits it is about, and by which letters.
_PLANNED: Final = text(
    _VISIT.format(
        columns="ma.letra, ma.horario_versao AS perguntada",
        source="""mensagens_atendimentos ma
JOIN atendimentos a ON a.tenant_id = ma.tenant_id AND a.id = ma.atendimento_id""",
        condition="""ma.tenant_id = :tenant AND ma.mensagem_id = (
    SELECT m.id FROM mensagens_atendimentos esta
    JOIN mensagens m ON m.tenant_id = esta.tenant_id AND m.id = esta.mensagem_id AND m.dia = esta.dia
    WHERE esta.tenant_id = :tenant AND esta.atendimento_id = :atendimento AND m.modelo = :modelo
      AND m.estado IN ('agendada', 'na_fila')
    ORDER BY m.quando, m.id LIMIT 1)""",
    )
)
_OF_THE_DAY: Final = text(
    _VISIT.format(
        columns="NULL::text AS letra, a.horario_versao AS perguntada",
        source="atendimentos a",
        condition="""a.tenant_id = :tenant AND a.id IN (
    SELECT CAST(:atendimento AS bigint) UNION
    SELECT outro.id FROM atendimentos este
    JOIN atendimentos outro
      ON outro.tenant_id = este.tenant_id AND outro.contato_id = este.contato_id AND outro.dia = este.dia
    WHERE este.tenant_id = :tenant AND este.id = :atendimento)""",
    )
)


class ModeloRepository(TenantRepository):
    """Reads and writes templates; a version is added, never changed."""

    async def lock(self) -> None:
        """Keep others from numbering a version until the transaction ends."""
        await self._fetch(_LOCK)

    async def newest(self) -> dict[str, Modelo]:
        """Return the hospital's own version in force of each template it changed."""
        latest = (
            select(Modelo.nome, func.max(Modelo.versao).label("versao"))
            .where(Modelo.tenant_id == self._tenant_id)
            .group_by(Modelo.nome)
            .subquery()
        )
        query = (
            select(Modelo)
            .join(latest, (latest.c.nome == Modelo.nome) & (latest.c.versao == Modelo.versao))
            .where(Modelo.tenant_id == self._tenant_id)
        )
        return {row.nome: row for row in (await self._session.scalars(query)).all()}

    async def versions(self, nome: str) -> Sequence[Modelo]:
        """Return the hospital's own versions of one template, newest first."""
        query = (
            select(Modelo)
            .where(Modelo.tenant_id == self._tenant_id, Modelo.nome == nome)
            .order_by(Modelo.versao.desc())
            .limit(_MOST_VERSIONS)
        )
        return (await self._session.scalars(query)).all()

    async def version(self, nome: str, versao: int) -> Modelo | None:
        query = select(Modelo).where(Modelo.tenant_id == self._tenant_id, Modelo.nome == nome, Modelo.versao == versao)
        return (await self._session.scalars(query)).one_or_none()

    async def add(self, nome: str, versao: int, corpo: str, *, now: datetime) -> None:
        self._session.add(Modelo(tenant_id=self._tenant_id, nome=nome, versao=versao, corpo=corpo, criado_em=now))
        await self._session.flush()

    async def canais(self) -> Sequence[Canal]:
        """Return the channels, used first before used last."""
        query = select(Canal).where(Canal.tenant_id == self._tenant_id).order_by(Canal.prioridade, Canal.id)
        return (await self._session.scalars(query)).all()

    async def links(self, nome: str | None = None) -> Sequence[ModeloCanal]:
        """Return the approved texts, of one template or of all."""
        query = select(ModeloCanal).where(ModeloCanal.tenant_id == self._tenant_id)
        if nome is not None:
            query = query.where(ModeloCanal.modelo == nome)
        return (await self._session.scalars(query.order_by(ModeloCanal.modelo, ModeloCanal.canal_id))).all()

    async def links_of_canal(self, canal_id: int) -> Sequence[ModeloCanal]:
        """Return a channel's approved texts, locked: what is written on them now is the last word."""
        query = (
            select(ModeloCanal)
            .where(ModeloCanal.tenant_id == self._tenant_id, ModeloCanal.canal_id == canal_id)
            .order_by(ModeloCanal.modelo)
            .with_for_update()
        )
        return (await self._session.scalars(query)).all()

    async def link(self, canal_id: int, modelo: str, valores: dict[str, Any]) -> None:
        """Let an approved text stand for a template on a channel, in the place of another if there is one."""
        key = {"tenant_id": self._tenant_id, "canal_id": canal_id, "modelo": modelo}
        statement = insert(ModeloCanal).values(**key, **valores)
        await self._session.execute(statement.on_conflict_do_update(index_elements=[*key], set_=valores))

    async def unlink(self, canal_id: int, modelo: str) -> bool:
        """Tell whether there was an approved text to let go."""
        statement = delete(ModeloCanal).where(
            ModeloCanal.tenant_id == self._tenant_id, ModeloCanal.canal_id == canal_id, ModeloCanal.modelo == modelo
        )
        gone = await self._session.execute(statement.returning(ModeloCanal.modelo))
        return gone.first() is not None

    async def visits(self, atendimento_id: int, modelo: str) -> Sequence[Record]:
        """Return the visits of the message that would tell of this one: the planned one's, else those of its day."""
        planned = await self._fetch(_PLANNED, atendimento=atendimento_id, modelo=modelo)
        return planned or await self._fetch(_OF_THE_DAY, atendimento=atendimento_id)
