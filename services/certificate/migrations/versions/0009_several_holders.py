"""Certificates of several holders."""

from alembic import op

from services.certificate.tables import co_holder

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # 0001 makes the tables as they are now, so on a new database there is nothing to add.
    op.execute("ALTER TABLE certificate ADD COLUMN IF NOT EXISTS holders jsonb")
    co_holder.create(op.get_bind(), checkfirst=True)
