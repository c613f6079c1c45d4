"""A code that shows chosen fields may be for one look."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE presentation ADD COLUMN IF NOT EXISTS once boolean NOT NULL DEFAULT false")
