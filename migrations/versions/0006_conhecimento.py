"""What a hospital lets the program answer, and what patients would rather have.

Revision ID: 0006
Revises: 0005
"""

from pathlib import Path

from alembic import context, op
from sqlalchemy.util import await_only

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    role = context.config.attributes["app_role"]
    op.execute("SELECT 1")  # the transaction begins before the raw driver is used
    script = (Path(__file__).parent / "0006_conhecimento.sql").read_text(encoding="utf-8")
    await_only(op.get_bind().connection.driver_connection.execute(script))
    op.execute("""SELECT "SantaCasa".isolar('"SantaCasa".conhecimento')""")
    op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "SantaCasa".conhecimento TO "{role}"')


def downgrade() -> None:
    op.execute('ALTER TABLE "SantaCasa".atendimentos DROP preferencia')
    op.execute('DROP TABLE "SantaCasa".conhecimento')
