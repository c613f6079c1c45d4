"""Cases recalled because a commitment they were granted on is false.

Guarded by IF NOT EXISTS: the first migration creates the tables as they are declared now, so a new database has them.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE recall ADD COLUMN IF NOT EXISTS ground varchar NOT NULL DEFAULT 'CERTIFICATE'")
    for name in ("material", "finding"):
        op.execute(f"ALTER TABLE recall ADD COLUMN IF NOT EXISTS {name} varchar NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE recall ALTER COLUMN status DROP NOT NULL")
