"""Letters of supervision: whom they go to, and the order each carries."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE paper ADD COLUMN IF NOT EXISTS addressee_uscc varchar")
    op.execute("ALTER TABLE paper ADD COLUMN IF NOT EXISTS order_no varchar NOT NULL DEFAULT ''")
