"""What a case asks to change on a certificate that was issued."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE approval_case ADD COLUMN IF NOT EXISTS amends jsonb")
