"""Who applied together with the applicant: holds with him what is granted."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE approval_case ADD COLUMN IF NOT EXISTS co_applicants jsonb")
