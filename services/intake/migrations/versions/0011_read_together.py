"""Who applies together with somebody finds the application: an index over those few that have several applicants."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX IF NOT EXISTS application_together ON application USING gin (co_applicants jsonb_path_ops) "
        "WHERE co_applicants <> '[]'::jsonb"
    )
