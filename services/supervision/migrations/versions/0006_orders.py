"""Supervision orders and their numbers. A new database has the tables from the first migration."""

from alembic import op

from services.supervision.tables import OrderCounterRow, OrderRow

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    OrderRow.__table__.create(op.get_bind(), checkfirst=True)  # type: ignore[attr-defined]
    OrderCounterRow.__table__.create(op.get_bind(), checkfirst=True)  # type: ignore[attr-defined]
