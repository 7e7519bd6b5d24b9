"""Conversations and who has them.

Revision ID: 0005
Revises: 0004
"""

from pathlib import Path

from alembic import context, op
from sqlalchemy.util import await_only

revision = "0005"
down_revision = "0004"

_NEW = ("conversas", "conversas_fatos", "frases")


def upgrade() -> None:
    role = context.config.attributes["app_role"]
    op.execute("SELECT 1")  # the transaction begins before the raw driver is used
    script = (Path(__file__).parent / "0005_conversas.sql").read_text(encoding="utf-8")
    await_only(op.get_bind().connection.driver_connection.execute(script))
    for table in _NEW:
        op.execute(f'SELECT "SantaCasa".isolar(\'"SantaCasa".{table}\')')
        op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "SantaCasa".{table} TO "{role}"')
    op.execute(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA "SantaCasa" TO "{role}"')


def downgrade() -> None:
    for table in reversed(_NEW):
        op.execute(f'DROP TABLE "SantaCasa".{table}')
    op.execute('ALTER TABLE "SantaCasa".mensagens DROP escrito')
    op.execute('ALTER TABLE "SantaCasa".contatos DROP calado_ate')
