"""Who may come in: users, sessions, tokens, API keys, one-use links, failed logins.

Revision ID: 0003
Revises: 0002
"""

from pathlib import Path

from alembic import context, op
from sqlalchemy.util import await_only

revision = "0003"
down_revision = "0002"

_OF_A_HOSPITAL = ("usuarios", "sessoes", "renovacoes", "convites", "chaves")
_NEW = (*_OF_A_HOSPITAL, "tentativas")


def upgrade() -> None:
    role = context.config.attributes["app_role"]
    op.execute("SELECT 1")  # the transaction begins before the raw driver is used
    script = (Path(__file__).parent / "0003_identidade.sql").read_text(encoding="utf-8")
    await_only(op.get_bind().connection.driver_connection.execute(script))
    for table in _OF_A_HOSPITAL:
        op.execute(f'SELECT "SantaCasa".isolar(\'"SantaCasa".{table}\')')
    for table in _NEW:
        op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "SantaCasa".{table} TO "{role}"')
    op.execute(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA "SantaCasa" TO "{role}"')


def downgrade() -> None:
    for table in ("tentativas", "chaves", "convites", "renovacoes", "sessoes", "usuarios"):
        op.execute(f'DROP TABLE "SantaCasa".{table}')
    op.execute("DELETE FROM \"SantaCasa\".rotas WHERE tipo = 'usuario'")
