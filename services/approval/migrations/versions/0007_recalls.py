"""Recalled cases.

Guarded: the first migration creates the tables as they are declared now, so a new database has it.
"""

from alembic import op

from services.approval.tables import Base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    Base.metadata.tables["recall"].create(op.get_bind(), checkfirst=True)
