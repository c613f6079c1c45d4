"""Ledger, records, consultations; what a case keeps of them.

Guarded by IF NOT EXISTS: the first migration creates the tables as they are declared now, so a new database has them.
"""

from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from services.approval.tables import Base, CaseRow

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NEW = ("ledger_entry", "case_record", "consultation")
_COLUMNS = (
    "projected_on date",
    "pause_due_on date",
    "first_level_division varchar",
    "proceedings jsonb",
)
_APPEND_ONLY = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$
"""


def upgrade() -> None:
    for column in _COLUMNS:
        op.execute(f"ALTER TABLE approval_case ADD COLUMN IF NOT EXISTS {column}")
    op.execute(
        "UPDATE approval_case SET projected_on = (accepted_at AT TIME ZONE 'Asia/Shanghai')::date "
        "WHERE projected_on IS NULL"
    )
    op.execute("ALTER TABLE approval_case ALTER COLUMN projected_on SET NOT NULL")
    op.execute("DROP INDEX IF EXISTS approval_case_due")
    for index in CaseRow.__table__.indexes:  # type: ignore[attr-defined]
        op.execute(str(CreateIndex(index, if_not_exists=True).compile(dialect=postgresql.dialect())))
    for name in _NEW:
        table = Base.metadata.tables[name]
        op.execute(str(CreateTable(table, if_not_exists=True).compile(dialect=postgresql.dialect())))
        for index in table.indexes:
            op.execute(str(CreateIndex(index, if_not_exists=True).compile(dialect=postgresql.dialect())))
    op.execute(_APPEND_ONLY)
    for name in ("ledger_entry", "case_record"):
        op.execute(
            f"CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON {name} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
