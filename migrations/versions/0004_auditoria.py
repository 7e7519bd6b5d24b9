"""The audit trail: who read, changed, exported or removed what.

Revision ID: 0004
Revises: 0003
"""

from pathlib import Path

from alembic import context, op
from sqlalchemy.util import await_only

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    role = context.config.attributes["app_role"]
    op.execute("SELECT 1")  # the transaction begins before the raw driver is used
    script = (Path(__file__).parent / "0004_auditoria.sql").read_text(encoding="utf-8")
    await_only(op.get_bind().connection.driver_connection.execute(script))
    for table in ("auditoria", "auditoria_pontas"):
        op.execute(f'SELECT "SantaCasa".isolar(\'"SantaCasa".{table}\')')
    op.execute(f'GRANT SELECT, INSERT ON "SantaCasa".auditoria TO "{role}"')  # lines are only added
    op.execute(f'GRANT SELECT, INSERT, UPDATE ON "SantaCasa".auditoria_pontas TO "{role}"')


def downgrade() -> None:
    op.execute('DROP TABLE "SantaCasa".auditoria_pontas')
    op.execute('DROP TABLE "SantaCasa".auditoria')
