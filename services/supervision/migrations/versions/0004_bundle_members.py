"""The members of a bundle are found by the bundle their line names."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX IF NOT EXISTS timeline_bundle ON timeline ((detail ->> 'bundle')) "
        "WHERE subject = 'intake.bundle_member.started.v1'"
    )
