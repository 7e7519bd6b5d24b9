"""Bookings as an import reads and writes them: many rows in one statement, personal texts encrypted on the way."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import RowMapping, text

from app import crypto
from app.repositories.base import TenantRepository


@dataclass(slots=True, kw_only=True)
class LinhaAtendimento:
    """What an import says of one booking, in clear."""

    nr_seq_agenda: str
    paciente_id: int
    contato_id: int | None
    unidade_id: int | None
    telefone: str | None
    telefone_2: str | None
    telefone_motivo: str | None
    email: str | None
    nome_medico: str
    especialidade: str
    tipo: str
    convenio: str | None
    sala: str | None
    data_consulta: datetime
    dia: date
    duracao_min: int | None
    chegar_antes_min: int | None
    preparo: str | None
    observacoes: str | None
    situacao_agenda: str
    agendado_em: datetime | None
    planejar_em: datetime | None
    conteudo_hash: bytes
    versao_origem: datetime | None


@dataclass(slots=True, kw_only=True)
class Alteracao:
    """A booking that changed. `horario_novo` voids what was asked, `replaneja` sets when the planner looks."""

    id: int
    linha: LinhaAtendimento
    horario_novo: bool
    replaneja: bool


@dataclass(frozen=True, slots=True)
class Guardado:
    """A stored booking with its patient's attributes."""

    id: int
    status: str
    linha: LinhaAtendimento
    nome: str
    data_nascimento: str | None
    responsavel: str | None


_COLUMNS: Final[tuple[str, ...]] = tuple(field.name for field in fields(LinhaAtendimento))
_ENCRYPTED: Final[Mapping[str, str]] = {
    name: f"atendimentos.{name}" for name in ("telefone", "telefone_2", "email", "observacoes")
}
_TYPES: Final[Mapping[str, str]] = {
    "paciente_id": "bigint",
    "contato_id": "bigint",
    "unidade_id": "bigint",
    "data_consulta": "timestamptz",
    "dia": "date",
    "duracao_min": "bigint",
    "chegar_antes_min": "bigint",
    "agendado_em": "timestamptz",
    "planejar_em": "timestamptz",
    "conteudo_hash": "bytea",
    "versao_origem": "timestamptz",
    **dict.fromkeys(_ENCRYPTED, "bytea"),
}
_NAMES: Final = ", ".join(_COLUMNS)
_ARRAYS: Final = ", ".join(f"CAST(:{name} AS {_TYPES.get(name, 'text')}[])" for name in _COLUMNS)

# The first line of each history is written where the ids are born: they need not travel twice.
_INSERT: Final = text(f"""
WITH novos AS (
    INSERT INTO atendimentos (tenant_id, origem, criado_em, horario_em, atualizado_em, {_NAMES})
    SELECT :tenant, :origem, :now, :now, :now, u.* FROM unnest({_ARRAYS}) AS u
    RETURNING id, nr_seq_agenda, status_confirmacao
), historia AS (
    INSERT INTO historico (tenant_id, atendimento_id, em, fato, quem, para)
    SELECT :tenant, id, :now, 'importado', :quem, status_confirmacao FROM novos
)
SELECT nr_seq_agenda, id FROM novos""")  # noqa: S608  the names are this file's own

_KEPT: Final = ("nr_seq_agenda", "planejar_em", "versao_origem")
_ASSIGNMENTS: Final = ", ".join(f"{name} = u.{name}" for name in _COLUMNS if name not in _KEPT)
_UPDATE: Final = text(f"""
UPDATE atendimentos a
SET {_ASSIGNMENTS},
    versao_origem = coalesce(u.versao_origem, a.versao_origem),
    planejar_em = CASE WHEN u.replaneja THEN u.planejar_em ELSE a.planejar_em END,
    corte_em = CASE WHEN u.replaneja THEN NULL ELSE a.corte_em END,
    horario_versao = a.horario_versao + u.horario_novo::int,
    horario_em = CASE WHEN u.horario_novo THEN :now ELSE a.horario_em END,
    versao = a.versao + 1, atualizado_em = :now
FROM unnest(CAST(:id AS bigint[]), CAST(:horario_novo AS boolean[]), CAST(:replaneja AS boolean[]), {_ARRAYS})
     AS u (id, horario_novo, replaneja, {_NAMES})
WHERE a.tenant_id = :tenant AND a.id = u.id""")  # noqa: S608  the names are this file's own

_LOAD: Final = text(f"""
SELECT a.id, a.status_confirmacao, p.nome, p.data_nascimento, p.responsavel,
       {", ".join(f"a.{name}" for name in _COLUMNS)}
FROM atendimentos a JOIN pacientes p ON p.tenant_id = a.tenant_id AND p.id = a.paciente_id
WHERE a.tenant_id = :tenant AND a.id = ANY(CAST(:ids AS bigint[])) ORDER BY a.id""")  # noqa: S608
_LOCK: Final = text("""
SELECT id FROM atendimentos
WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR UPDATE""")


class AtendimentosImportadosRepository(TenantRepository):
    """The bookings of one batch."""

    async def insert(
        self, linhas: Sequence[LinhaAtendimento], *, origem: str, quem: str, now: datetime
    ) -> dict[str, int]:
        """Store new bookings with the first line of their history; return their ids by number."""
        rows = await self._session.execute(
            _INSERT,
            {"tenant": self._tenant_id, "origem": origem, "quem": quem, "now": now, **_arrays(linhas, self._tenant_id)},
        )
        return dict(rows.all())

    async def lock(self, ids: Collection[int]) -> None:
        """Lock whatever the batch will write of what is stored, in one go and in the order of the ids."""
        if ids:
            await self._session.execute(_LOCK, {"tenant": self._tenant_id, "ids": list(ids)})

    async def load(self, ids: Collection[int]) -> dict[int, Guardado]:
        """Return stored bookings as they stand now: `lock` came first, or they may still change."""
        rows = await self._session.execute(_LOAD, {"tenant": self._tenant_id, "ids": list(ids)})
        return {row["id"]: _read(row, self._tenant_id) for row in rows.mappings()}

    async def update(self, alteracoes: Sequence[Alteracao], *, now: datetime) -> None:
        await self._session.execute(
            _UPDATE,
            {
                "tenant": self._tenant_id,
                "now": now,
                "id": [alteracao.id for alteracao in alteracoes],
                "horario_novo": [alteracao.horario_novo for alteracao in alteracoes],
                "replaneja": [alteracao.replaneja for alteracao in alteracoes],
                **_arrays([alteracao.linha for alteracao in alteracoes], self._tenant_id),
            },
        )


def _arrays(linhas: Sequence[LinhaAtendimento], tenant_id: int) -> dict[str, list[Any]]:
    arrays = {name: list(map(attrgetter(name), linhas)) for name in _COLUMNS}
    encrypt = crypto.keyring().encrypt
    for name, column in _ENCRYPTED.items():
        arrays[name] = [None if value is None else encrypt(value, column, tenant_id) for value in arrays[name]]
    # unnest fills short arrays with nulls, and the driver looks at every element: columns nobody uses go empty.
    return {name: values if any(value is not None for value in values) else [] for name, values in arrays.items()}


def _read(row: RowMapping, tenant_id: int) -> Guardado:
    values = {name: row[name] for name in _COLUMNS}
    for name, column in _ENCRYPTED.items():
        values[name] = _decrypt(values[name], column, tenant_id)
    return Guardado(
        row["id"],
        row["status_confirmacao"],
        LinhaAtendimento(**values),
        _decrypt(row["nome"], "pacientes.nome", tenant_id) or "",
        _decrypt(row["data_nascimento"], "pacientes.data_nascimento", tenant_id),
        _decrypt(row["responsavel"], "pacientes.responsavel", tenant_id),
    )


def _decrypt(value: bytes | None, column: str, tenant_id: int) -> str | None:
    return None if value is None else crypto.keyring().decrypt(value, column, tenant_id)
