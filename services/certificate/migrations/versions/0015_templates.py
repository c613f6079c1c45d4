"""Templates of certificates, kept by their hash."""

from alembic import op

from services.certificate.tables import certificate_template

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # 0001 makes the tables as they are now, so on a new database there is nothing to add.
    certificate_template.create(op.get_bind(), checkfirst=True)
