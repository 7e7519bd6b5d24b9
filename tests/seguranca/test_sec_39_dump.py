"""SEC-39: whoever carries the database away carries no name, phone or word of a patient."""

import re

from sqlalchemy import text

from app import crypto
from app.database import Database
from tests.cenario import Cenario
from tests.fabricas import make_agenda

NOME, FONE, EMAIL = "Quitéria Xambioá Zuanazzi", "27998476231", "quiteria@exemplo.org"
DITO = "não sei ainda, estou no quilombo do jaburuna"
MARCAS = ("Quit", "Xambio", "Zuanazzi", "quiteria", "98476231", "8476231", "98476-231", "jaburuna", "quilombo")


async def dump(database: Database, tenant_id: int) -> str:
    """Return every row a hospital's scope opens, and of the tables that belong to none, as a dump holds them."""
    async with database.session_scope(tenant_id) as session:
        tables = await session.scalars(
            text("""SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
                    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
                      AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')""")
        )
        parts: list[str] = []
        for table in tables.all():
            parts += await session.scalars(text(f"SELECT to_jsonb(t)::text FROM {table} t"))  # noqa: S608  a catalogue's name
    return "\n".join(parts)


def readable(dumped: str) -> str:
    """Return the dump, and what its hexadecimal columns spell."""
    spelled = [
        bytes.fromhex(found)[:4000].decode("latin-1") for found in re.findall(r"\\\\x((?:[0-9a-f]{2})+)", dumped)
    ]
    return dumped + "\n".join(spelled)


async def test_sec_39_a_dump_holds_nobody_in_clear(cenario: Cenario) -> None:
    await cenario.importar(make_agenda(nome_paciente=NOME, telefone=FONE, email=EMAIL, observacoes=f"{NOME} usa rampa"))
    await cenario.tick()
    assert any("Quitéria" in told for told in cenario.texts(FONE)), "the patient was written to by name"
    await cenario.reply(DITO, fone=FONE)
    await cenario.reply("1", fone=FONE, mensagem_id=f"wamid.{FONE}")
    whole = readable(await dump(cenario.database, cenario.tenant_id))
    assert "1001" in whole, "the visit is in it"
    assert [mark for mark in MARCAS if mark.lower() in whole.lower()] == []


async def test_sec_39_what_is_kept_opens_with_the_keys(cenario: Cenario) -> None:
    await cenario.importar(make_agenda(nome_paciente=NOME, telefone=FONE))
    rows = await cenario.rows("SELECT nome FROM pacientes")
    names = [crypto.keyring().decrypt(row["nome"], "pacientes.nome", cenario.tenant_id) for row in rows]
    assert names == [NOME]
