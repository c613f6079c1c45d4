"""Who applies together with the applicant."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE application ADD COLUMN IF NOT EXISTS co_applicants jsonb NOT NULL DEFAULT '[]'")
