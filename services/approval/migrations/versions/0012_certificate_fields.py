"""What the decision filled in for the certificate's type: on record with the decision, not in its event alone."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE decision ADD COLUMN IF NOT EXISTS certificate_fields jsonb NOT NULL DEFAULT '{}'")
