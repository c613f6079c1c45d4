"""By whom a certificate is found is compared with its signed record: read by the certificate."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX IF NOT EXISTS co_holder_certificate ON co_holder (certificate_id)")
