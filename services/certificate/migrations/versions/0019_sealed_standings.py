"""The standing of certificates of other regions under our seal. Those adopted before are asked for again."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE foreign_certificate ADD COLUMN IF NOT EXISTS standing_sealed bytea NOT NULL DEFAULT ''")
    op.execute("UPDATE foreign_certificate SET again_at = now() WHERE standing_sealed = ''")
