"""The ledger of a case's clocks, and ends without a decision.

Guarded by IF NOT EXISTS: the first migration creates the tables as they are declared now, so a new database has them.
"""

from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex

from services.supervision.tables import CaseRow

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE supervised_case ADD COLUMN IF NOT EXISTS ended_at timestamptz")
    op.execute("ALTER TABLE supervised_case ADD COLUMN IF NOT EXISTS ledger jsonb")
    op.execute("DROP INDEX IF EXISTS supervised_case_pending")
    for index in CaseRow.__table__.indexes:  # type: ignore[attr-defined]
        op.execute(str(CreateIndex(index, if_not_exists=True).compile(dialect=postgresql.dialect())))
