"""Bundle applications and their members; whose name a certificate bears."""

from alembic import op

from services.chassis.migrations import create_tables
from services.intake.bundles.tables import BundleBase

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_tables(op, BundleBase.metadata)
    op.execute("ALTER TABLE held_certificate ADD COLUMN IF NOT EXISTS holder_name varchar")
