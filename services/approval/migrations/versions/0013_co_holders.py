"""Certificates that several hold: who else is heard before they are taken away; and until when certificates last."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE held_certificate ADD COLUMN IF NOT EXISTS co_holder_keys varchar[] NOT NULL DEFAULT '{}'")
    op.execute("ALTER TABLE held_certificate ADD COLUMN IF NOT EXISTS valid_until date")
    op.execute("CREATE INDEX IF NOT EXISTS held_certificate_co_holders ON held_certificate USING gin (co_holder_keys)")
