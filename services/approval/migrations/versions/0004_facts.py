"""The facts a refusal found.

Guarded by IF NOT EXISTS: the first migration creates the tables as they are declared now, so a new database has it.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE decision ADD COLUMN IF NOT EXISTS facts varchar NOT NULL DEFAULT ''")
