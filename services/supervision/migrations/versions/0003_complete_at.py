"""When the materials were complete: limits that run from receipt start there.

Guarded by IF NOT EXISTS: the first migration creates the tables as they are declared now, so a new database has it.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE supervised_case ADD COLUMN IF NOT EXISTS complete_at timestamptz")
