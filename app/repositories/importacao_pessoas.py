"""Phones and patients of a batch of bookings: found by their hashes, created once, corrected in place."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from app import crypto
from app.repositories.base import TenantRepository

_NOME: Final = "pacientes.nome"
_NASCIMENTO: Final = "pacientes.data_nascimento"
_RESPONSAVEL: Final = "pacientes.responsavel"


@dataclass(frozen=True, slots=True)
class ContatoNovo:
    """A phone in clear, with the hashes by which it is found."""

    telefone: str
    tipo: str
    hash: bytes
    chave: bytes
    final4: bytes


@dataclass(frozen=True, slots=True)
class PacienteNovo:
    """A patient as one booking describes them; what is None there is not known, not erased."""

    chave: bytes
    id_paciente: str | None
    nome: str
    data_nascimento: str | None
    responsavel: str | None


# A turn of its own, besides that of the bookings: the people of a batch are met while the one before it is stored.
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('importacao.pessoas', :tenant))")
_FIND_CONTACTS: Final = text("""
SELECT telefone_hash, id FROM contatos
WHERE tenant_id = :tenant AND telefone_hash = ANY(CAST(:hashes AS bytea[]))""")
# Only imports create people, and they take turns: a conflict is not expected, and updated for the sake of RETURNING.
_NEW_CONTACTS: Final = text("""
INSERT INTO contatos (tenant_id, telefone_hash, telefone, chave_hash, final4_hash, tipo)
SELECT :tenant, u.* FROM unnest(
    CAST(:hash AS bytea[]), CAST(:telefone AS bytea[]), CAST(:chave AS bytea[]), CAST(:final4 AS bytea[]),
    CAST(:tipo AS text[])) AS u
ON CONFLICT (tenant_id, telefone_hash) DO UPDATE SET tipo = excluded.tipo
RETURNING telefone_hash, id""")
_FIND_PATIENTS: Final = text("""
SELECT chave, id, nome, data_nascimento, responsavel FROM pacientes
WHERE tenant_id = :tenant AND chave = ANY(CAST(:chaves AS bytea[]))""")
# The words of each name arrive as one value of 16 bytes each: an array of arrays has no ragged edge.
_WORDS: Final = """ARRAY(SELECT substr(u.palavras, i, 16) FROM generate_series(1, length(u.palavras), 16) AS i)"""
_NEW_PATIENTS: Final = text(f"""
INSERT INTO pacientes (tenant_id, chave, id_paciente, nome, palavras, data_nascimento, responsavel)
SELECT :tenant, u.chave, u.id_paciente, u.nome, {_WORDS}, u.nascimento, u.responsavel
FROM unnest(CAST(:chave AS bytea[]), CAST(:id_paciente AS text[]), CAST(:nome AS bytea[]), CAST(:palavras AS bytea[]),
            CAST(:nascimento AS bytea[]), CAST(:responsavel AS bytea[]))
     AS u (chave, id_paciente, nome, palavras, nascimento, responsavel)
ON CONFLICT (tenant_id, chave) DO UPDATE SET id_paciente = excluded.id_paciente
RETURNING chave, id""")  # noqa: S608  a constant
_CORRECT_PATIENTS: Final = text(f"""
UPDATE pacientes p SET nome = u.nome, palavras = {_WORDS}, data_nascimento = u.nascimento, responsavel = u.responsavel
FROM unnest(CAST(:id AS bigint[]), CAST(:nome AS bytea[]), CAST(:palavras AS bytea[]),
            CAST(:nascimento AS bytea[]), CAST(:responsavel AS bytea[]))
     AS u (id, nome, palavras, nascimento, responsavel)
WHERE p.tenant_id = :tenant AND p.id = u.id""")  # noqa: S608  a constant
_LINK: Final = text("""
INSERT INTO pacientes_contatos (tenant_id, paciente_id, contato_id)
SELECT :tenant, u.* FROM unnest(CAST(:pacientes AS bigint[]), CAST(:contatos AS bigint[])) AS u
ON CONFLICT DO NOTHING""")


class PessoasRepository(TenantRepository):
    """Contacts and patients, met by one import of a hospital at a time."""

    async def lock(self) -> None:
        """Wait for other imports that meet people here; the turn ends with the transaction."""
        await self._session.execute(_LOCK, {"tenant": self._tenant_id})

    async def ensure_contatos(self, contatos: Collection[ContatoNovo]) -> dict[bytes, int]:
        """Return the id of each phone by its hash, creating what is missing."""
        if not contatos:
            return {}
        by_hash = {contato.hash: contato for contato in contatos}
        rows = await self._session.execute(_FIND_CONTACTS, {"tenant": self._tenant_id, "hashes": list(by_hash)})
        ids: dict[bytes, int] = dict(rows.all())
        missing = [by_hash[key] for key in sorted(by_hash.keys() - ids.keys())]
        if missing:
            ids |= await self._create_contatos(missing)
        return ids

    async def _create_contatos(self, contatos: Sequence[ContatoNovo]) -> dict[bytes, int]:
        encrypt = crypto.keyring().encrypt
        rows = await self._session.execute(
            _NEW_CONTACTS,
            {
                "tenant": self._tenant_id,
                "hash": [contato.hash for contato in contatos],
                "telefone": [encrypt(contato.telefone, "contatos.telefone", self._tenant_id) for contato in contatos],
                "chave": [contato.chave for contato in contatos],
                "final4": [contato.final4 for contato in contatos],
                "tipo": [contato.tipo for contato in contatos],
            },
        )
        return dict(rows.all())

    async def ensure_pacientes(self, pacientes: Collection[PacienteNovo]) -> dict[bytes, int]:
        """Return the id of each patient by key, creating what is missing and correcting what reads otherwise."""
        if not pacientes:
            return {}
        by_key = {paciente.chave: paciente for paciente in pacientes}
        rows = await self._session.execute(_FIND_PATIENTS, {"tenant": self._tenant_id, "chaves": list(by_key)})
        ids: dict[bytes, int] = {}
        corrections: dict[int, PacienteNovo] = {}
        for row in rows:
            ids[row.chave] = row.id
            corrected = _corrected(row, by_key[row.chave], self._tenant_id)
            if corrected is not None:
                corrections[row.id] = corrected
        await self._correct(corrections)
        missing = [by_key[key] for key in sorted(by_key.keys() - ids.keys())]
        if missing:
            ids |= await self._create_pacientes(missing)
        return ids

    async def _create_pacientes(self, pacientes: Sequence[PacienteNovo]) -> dict[bytes, int]:
        rows = await self._session.execute(
            _NEW_PATIENTS,
            {
                "chave": [paciente.chave for paciente in pacientes],
                "id_paciente": [paciente.id_paciente for paciente in pacientes],
                **self._columns(pacientes),
            },
        )
        return dict(rows.all())

    async def _correct(self, pacientes: dict[int, PacienteNovo]) -> None:
        if pacientes:
            ordered = dict(sorted(pacientes.items()))
            await self._session.execute(
                _CORRECT_PATIENTS, {"id": list(ordered), **self._columns(list(ordered.values()))}
            )

    def _columns(self, pacientes: Sequence[PacienteNovo]) -> dict[str, Any]:
        words, tenant = self.finder.words, self._tenant_id
        return {
            "tenant": tenant,
            "nome": [_encrypt(paciente.nome, _NOME, tenant) for paciente in pacientes],
            "palavras": [b"".join(words(paciente.nome)) for paciente in pacientes],
            "nascimento": [_encrypt(paciente.data_nascimento, _NASCIMENTO, tenant) for paciente in pacientes],
            "responsavel": [_encrypt(paciente.responsavel, _RESPONSAVEL, tenant) for paciente in pacientes],
        }

    async def link(self, pares: Iterable[tuple[int, int]]) -> None:
        """Note which phones serve which patients; what was learnt about a pair before stays."""
        ordered = sorted(set(pares))
        if ordered:
            pacientes, contatos = zip(*ordered, strict=True)
            await self._session.execute(
                _LINK, {"tenant": self._tenant_id, "pacientes": list(pacientes), "contatos": list(contatos)}
            )


def _corrected(row: Any, novo: PacienteNovo, tenant_id: int) -> PacienteNovo | None:
    """Return the patient as they should stand now, or None when they already do."""
    nascimento = _decrypt(row.data_nascimento, _NASCIMENTO, tenant_id)
    responsavel = _decrypt(row.responsavel, _RESPONSAVEL, tenant_id)
    corrected = PacienteNovo(
        novo.chave,
        novo.id_paciente,
        novo.nome,
        novo.data_nascimento or nascimento,
        novo.responsavel or responsavel,
    )
    nome = _decrypt(row.nome, _NOME, tenant_id) or ""
    stored = PacienteNovo(novo.chave, novo.id_paciente, nome, nascimento, responsavel)
    return None if corrected == stored else corrected


def _encrypt(value: str | None, column: str, tenant_id: int) -> bytes | None:
    return crypto.keyring().encrypt(value, column, tenant_id) if value else None


def _decrypt(value: bytes | None, column: str, tenant_id: int) -> str | None:
    return crypto.keyring().decrypt(value, column, tenant_id) if value is not None else None
