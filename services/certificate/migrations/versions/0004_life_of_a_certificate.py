"""What took a certificate away: ground and decision; an index of what can expire.

Guarded by IF NOT EXISTS: the first migration creates the tables as they are declared now, so a new database has them.
"""

from alembic import op

from services.certificate.tables import IN_FORCE

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE certificate ADD COLUMN IF NOT EXISTS ground varchar")
    op.execute("ALTER TABLE certificate ADD COLUMN IF NOT EXISTS decision_id uuid")
    op.execute(f"CREATE INDEX IF NOT EXISTS certificate_running_out ON certificate (valid_until) WHERE {IN_FORCE}")
