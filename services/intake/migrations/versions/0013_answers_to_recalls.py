"""What a department answered to a recall: what it let stand is handed over again when a later certificate falls."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE recall ADD COLUMN IF NOT EXISTS outcome varchar")
