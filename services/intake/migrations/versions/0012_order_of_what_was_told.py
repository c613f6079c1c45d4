"""Which version of its events told last how a certificate stands: an older one that comes late changes nothing."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE held_certificate ADD COLUMN IF NOT EXISTS told integer NOT NULL DEFAULT 0")
