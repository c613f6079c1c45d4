"""A certificate that another region issued counts until its last answer is too old; nothing before was one."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE held_certificate ADD COLUMN IF NOT EXISTS region_name varchar")
    op.execute("ALTER TABLE held_certificate ADD COLUMN IF NOT EXISTS trusted_until date")
