"""A finding may be about no case: a certificate that came from none was read without ground."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE finding ALTER COLUMN case_id DROP NOT NULL, ADD COLUMN IF NOT EXISTS reader_uscc varchar, "
        "ADD COLUMN IF NOT EXISTS reader_name varchar, ADD COLUMN IF NOT EXISTS overseen_in varchar"
    )
    op.execute(
        "ALTER TABLE finding DROP CONSTRAINT finding_once, "
        "ADD CONSTRAINT finding_once UNIQUE NULLS NOT DISTINCT (case_id, kind, occasion)"
    )
