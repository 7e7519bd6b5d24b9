"""Visits for a bench: contacts the gateway knows, patients, appointments that the planner shall look at."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import asyncpg
from sqlalchemy import text

from app import crypto
from app.database import SCHEMA
from app.domain.telefone import chave_telefone
from app.wiring import Programa
from bench.ambiente import Bancada

_TABLES: Final = (
    "historico",
    "mensagens_atendimentos",
    "mensagens",
    "recebidas",
    "atendimentos",
    "pacientes",
    "contatos",
)
_CONTACTS: Final = text("""
INSERT INTO contatos (tenant_id, telefone, telefone_hash, chave_hash, final4_hash, tipo)
SELECT :t, u.telefone, u.hash, u.chave, u.final4, 'celular'
FROM unnest(CAST(:telefones AS bytea[]), CAST(:hashes AS bytea[]), CAST(:chaves AS bytea[]), CAST(:finais AS bytea[]))
     WITH ORDINALITY AS u(telefone, hash, chave, final4, n) ORDER BY n
RETURNING id""")
_KNOWN: Final = text("""
INSERT INTO contatos_canais (tenant_id, canal_id, contato_id, externo_id)
SELECT :t, :canal, u.* FROM unnest(CAST(:contatos AS bigint[]), CAST(:externos AS text[])) AS u""")
_PATIENTS: Final = text("""
INSERT INTO pacientes (tenant_id, chave, nome, palavras)
SELECT :t, u.chave, u.nome, '{}' FROM unnest(CAST(:chaves AS bytea[]), CAST(:nomes AS bytea[]))
     WITH ORDINALITY AS u(chave, nome, n) ORDER BY n
RETURNING id""")
_VISITS: Final = text("""
INSERT INTO atendimentos (tenant_id, nr_seq_agenda, origem, paciente_id, contato_id, unidade_id, nome_medico,
                          especialidade, data_consulta, dia, planejar_em, horario_em, criado_em)
SELECT :t, u.paciente::text, 'bancada', u.paciente, u.contato, (SELECT min(id) FROM unidades), 'Dra. Bancada',
       'Cardiologia', CAST(:quando AS timestamptz) + (u.n % 32) * interval '15 minutes',
       CAST(CAST(:quando AS timestamptz) AS date), CAST(:now AS timestamptz),
       CAST(:now AS timestamptz) - interval '20 days', CAST(:now AS timestamptz) - interval '20 days'
FROM unnest(CAST(:pacientes AS bigint[]), CAST(:contatos AS bigint[])) WITH ORDINALITY AS u(paciente, contato, n)""")


def phone(number: int) -> str:
    """Return the E.164 phone number `number`; synthetic, all of one area."""
    return f"+552799{number:07d}"


async def seed(programa: Programa, phones: Sequence[str], externos: Sequence[str] | None, *, now: datetime) -> None:
    """Give each phone a patient with one visit in three days, due to be planned now.

    `externos` are the gateway's ids of the contacts; None leaves them unknown.
    """
    keyring, finder = crypto.keyring(), crypto.keyring().finder(programa.tenant_id)
    names = [f"Paciente {n} da Bancada" for n in range(len(phones))]
    async with programa.database.session_scope(programa.tenant_id) as session:
        await session.execute(
            text("SELECT garantir_particoes(CAST(:de AS date), CAST(:ate AS date))"),
            {"de": now.date(), "ate": (now + timedelta(days=60)).date()},
        )
        base = {"t": programa.tenant_id, "now": now}
        contacts = await session.scalars(
            _CONTACTS,
            base
            | {
                "telefones": [keyring.encrypt(number, "contatos.telefone", programa.tenant_id) for number in phones],
                "hashes": [finder.of("telefone", number) for number in phones],
                "chaves": [finder.of("chave", chave_telefone(number)) for number in phones],
                "finais": [finder.of("final4", number[-4:]) for number in phones],
            },
        )
        contatos = list(contacts.all())
        patients = await session.scalars(
            _PATIENTS,
            base
            | {
                "chaves": [finder.of("paciente", number) for number in phones],
                "nomes": [keyring.encrypt(name, "pacientes.nome", programa.tenant_id) for name in names],
            },
        )
        visits = {"pacientes": list(patients.all()), "contatos": contatos, "quando": now + timedelta(hours=64)}
        await session.execute(_VISITS, base | visits)
        if externos is not None:
            canal = await session.scalar(text("SELECT min(id) FROM canais"))
            known = {"canal": canal, "contatos": contatos, "externos": list(externos)}
            await session.execute(_KNOWN, base | known)


async def analyze(bancada: Bancada) -> None:
    """Give PostgreSQL the statistics it would have on an installation that has run for a day."""
    await _as_superuser(bancada, "VACUUM ANALYZE")


async def erase(bancada: Bancada) -> None:
    """Remove what `seed` and the run left, so that the next run starts from nothing."""
    tables = ", ".join(f'"{SCHEMA}".{table}' for table in _TABLES)
    await _as_superuser(bancada, f"TRUNCATE {tables} CASCADE")


async def _as_superuser(bancada: Bancada, statement: str) -> None:
    connection = await asyncpg.connect(bancada.superuser_url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
