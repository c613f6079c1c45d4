"""Supervised cases, their timeline, lights, ratings."""

from alembic import op

from services.chassis.migrations import create_chassis_tables, create_tables
from services.supervision.tables import Base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_chassis_tables(op)
    create_tables(op, Base.metadata)
