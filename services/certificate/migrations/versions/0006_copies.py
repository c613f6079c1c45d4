"""Prints and purpose-stamped copies of certificates."""

from alembic import op

from services.certificate.tables import certificate_copy

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # 0001 makes the tables as they are now, so on a new database there is nothing to add.
    certificate_copy.create(op.get_bind(), checkfirst=True)
