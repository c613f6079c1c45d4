"""Organisations, parties, accounts, clients, sessions, codes, refresh families, security log."""

from alembic import op

from services.chassis.migrations import create_chassis_tables, create_tables
from services.identity.tables import Base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_chassis_tables(op)
    create_tables(op, Base.metadata)
    # The security log is written and read, never changed: not even by the service's own role.
    op.execute("CREATE RULE audit_keeps AS ON UPDATE TO audit DO INSTEAD NOTHING")
    op.execute("CREATE RULE audit_stays AS ON DELETE TO audit DO INSTEAD NOTHING")
