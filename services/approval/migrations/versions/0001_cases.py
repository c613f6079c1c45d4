"""Cases, opinions, decisions, withdrawals."""

from alembic import op

from services.approval.tables import Base
from services.chassis.migrations import create_chassis_tables, create_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_chassis_tables(op)
    create_tables(op, Base.metadata)
