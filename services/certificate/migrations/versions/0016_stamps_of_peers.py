"""Roots of the time stamps on files of other regions. Guarded: a new database has the column from the table."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE peer ADD COLUMN IF NOT EXISTS stamp_roots jsonb NOT NULL DEFAULT '[]'")
