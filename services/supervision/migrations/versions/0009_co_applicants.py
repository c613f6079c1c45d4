"""Who applied together with the applicant reads the clocks of the case, too."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE supervised_case ADD COLUMN IF NOT EXISTS co_applicant_keys text[]")
