"""Several roads to a patient: health and pace of channels, approved texts, receipts.

Revision ID: 0002
Revises: 0001
"""

from pathlib import Path

from alembic import context, op
from sqlalchemy.util import await_only

revision = "0002"
down_revision = "0001"

_NEW = ("conversas_iniciadas", "modelos_canais", "recibos")


def _run(script: str) -> None:
    """Run a script of several statements as it stands: prepared ones are single."""
    await_only(op.get_bind().connection.driver_connection.execute(script))


def upgrade() -> None:
    role = context.config.attributes["app_role"]
    op.execute("SELECT 1")  # the transaction begins before the raw driver is used
    _run((Path(__file__).parent / "0002_caminhos.sql").read_text(encoding="utf-8"))
    for table in _NEW:
        op.execute(f'SELECT "SantaCasa".isolar(\'"SantaCasa".{table}\')')
        op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "SantaCasa".{table} TO "{role}"')
    op.execute(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA "SantaCasa" TO "{role}"')


def downgrade() -> None:
    for table in reversed(_NEW):
        op.execute(f'DROP TABLE "SantaCasa".{table}')
    op.execute("SELECT 1")
    _run("""
        DROP INDEX "SantaCasa".mensagens_provider;
        DROP INDEX "SantaCasa".mensagens_liberar;
        CREATE INDEX mensagens_liberar ON "SantaCasa".mensagens (tenant_id, prioridade, quando)
            WHERE estado = 'agendada';
        ALTER TABLE "SantaCasa".mensagens DROP exige_modelo;
        ALTER TABLE "SantaCasa".contatos DROP canal_id, DROP sem_whatsapp_em;
        ALTER TABLE "SantaCasa".canais DROP acertos, DROP erros, DROP quedas, DROP doente_ate, DROP vaga_em,
            DROP contatos_por_dia;""")
