"""Who applied together with the applicant: named on every paper of the case, and may read them all."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE case_copy ADD COLUMN IF NOT EXISTS co_applicants jsonb")
