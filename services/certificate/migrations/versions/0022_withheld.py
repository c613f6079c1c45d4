"""Certificates that wait for the fields of their type."""

from alembic import op

from services.certificate.life.withheld_tables import withheld

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # 0001 makes the tables as they are now, so on a new database there is nothing to add.
    withheld.create(op.get_bind(), checkfirst=True)
