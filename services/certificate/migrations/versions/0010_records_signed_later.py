"""How far along the log the records are signed: everything logged so far is."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE log_state ADD COLUMN IF NOT EXISTS records_signed bigint NOT NULL DEFAULT 0")
    op.execute("UPDATE log_state SET records_signed = size")
