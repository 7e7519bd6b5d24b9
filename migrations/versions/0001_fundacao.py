"""The foundation: tables, row level security, partitions, the queue's own tables, grants.

Revision ID: 0001
Revises:
"""

from pathlib import Path

from alembic import context, op
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from sqlalchemy import text
from sqlalchemy.util import await_only

revision = "0001"
down_revision = None

_PARTITIONED = ("mensagens", "historico")
_OF_A_HOSPITAL = (
    "unidades", "canais", "modelos", "contatos", "contatos_canais", "pacientes", "pacientes_contatos",
    "atendimentos", "mensagens", "mensagens_atendimentos", "recebidas", "historico", "importacoes",
)  # fmt: skip
_ALL = (*_OF_A_HOSPITAL, "execucoes", "relogio", "rotas", "tenants")


def _run(script: str) -> None:
    """Run a script of several statements as it stands: prepared ones are single."""
    await_only(op.get_bind().connection.driver_connection.execute(script))


def upgrade() -> None:
    app_role = context.config.attributes["app_role"]
    op.execute("SELECT 1")  # the transaction begins before the raw driver is used
    _run((Path(__file__).parent / "0001_fundacao.sql").read_text(encoding="utf-8"))
    op.execute('SELECT "SantaCasa".garantir_particoes(CURRENT_DATE - 40, CURRENT_DATE + 120)')
    for table in _PARTITIONED:
        op.execute(f'CREATE TABLE "SantaCasa".{table}_outros PARTITION OF "SantaCasa".{table} DEFAULT')
        op.execute(f'SELECT "SantaCasa".isolar(\'"SantaCasa".{table}_outros\')')
    for table in _OF_A_HOSPITAL:
        op.execute(f'SELECT "SantaCasa".isolar(\'"SantaCasa".{table}\')')
    _run(QueryBuilderEnvironment().build_install_query(create_schema=False))
    _grant(f'"{app_role}"')


def _grant(role: str) -> None:
    op.execute(f'GRANT USAGE ON SCHEMA "SantaCasa" TO {role}')
    op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "SantaCasa" TO {role}')
    op.execute(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA "SantaCasa" TO {role}')
    op.execute(f'REVOKE UPDATE, DELETE ON "SantaCasa".historico FROM {role}')  # facts are only added
    for partition in _partitions():  # reached through their parent alone, under its grants
        op.execute(f"REVOKE ALL ON {partition} FROM {role}")
    op.execute(f'REVOKE INSERT, UPDATE, DELETE ON "SantaCasa".alembic_version FROM {role}')
    op.execute('REVOKE ALL ON FUNCTION "SantaCasa".garantir_particoes(date, date) FROM PUBLIC')
    op.execute(f'GRANT EXECUTE ON FUNCTION "SantaCasa".garantir_particoes(date, date) TO {role}')


def _partitions() -> list[str]:
    query = (
        "SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhparent WHERE relkind = 'p'"
    )
    return list(op.get_bind().execute(text(query)).scalars())


def downgrade() -> None:
    _run(QueryBuilderEnvironment().build_uninstall_query())
    for table in reversed(_ALL):
        op.execute(f'DROP TABLE "SantaCasa".{table} CASCADE')
    op.execute('DROP FUNCTION "SantaCasa".garantir_particoes(date, date)')
    op.execute('DROP FUNCTION "SantaCasa".criar_particao(text, text, date)')
    op.execute('DROP FUNCTION "SantaCasa".isolar(regclass)')
    op.execute('DROP SEQUENCE "SantaCasa".historico_id_seq')
    op.execute('DROP SEQUENCE "SantaCasa".mensagens_id_seq')
