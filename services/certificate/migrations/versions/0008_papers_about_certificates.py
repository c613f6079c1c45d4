"""Papers that are about a certificate say which: its holder finds them there, also where there was no case."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE paper ADD COLUMN IF NOT EXISTS certificate_id uuid")
    op.execute(
        "CREATE INDEX IF NOT EXISTS paper_certificate ON paper (certificate_id) WHERE certificate_id IS NOT NULL"
    )
