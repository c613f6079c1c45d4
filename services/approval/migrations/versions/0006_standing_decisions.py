"""Decisions about certificates after their grant, the certificates they are about, and what a case renews.

Guarded by IF NOT EXISTS: the first migration creates the tables as they are declared now, so a new database has them.
"""

from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from services.approval.tables import Base

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NEW = ("held_certificate", "standing_decision")


def upgrade() -> None:
    op.execute("ALTER TABLE approval_case ADD COLUMN IF NOT EXISTS renews jsonb")
    for name in _NEW:
        table = Base.metadata.tables[name]
        op.execute(str(CreateTable(table, if_not_exists=True).compile(dialect=postgresql.dialect())))
        for index in table.indexes:
            op.execute(str(CreateIndex(index, if_not_exists=True).compile(dialect=postgresql.dialect())))
