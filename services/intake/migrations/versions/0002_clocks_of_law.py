"""What the law brings about by itself, promises, renewals, quotas, calendars."""

from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from services.intake.tables import Base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_JSON = ("deemed", "renews", "returned", "delivery_due")
_TABLES = ("barred_applicant", "item_quota", "calendar_load")
_LISTS = ("earlier_supplements", "corrections")


def upgrade() -> None:
    """The first migration makes tables as they are declared today, so on a new database nothing is left to do."""
    for name in _JSON:
        op.execute(f"ALTER TABLE application ADD COLUMN IF NOT EXISTS {name} jsonb")
    for name in _LISTS:
        op.execute(f"ALTER TABLE application ADD COLUMN IF NOT EXISTS {name} jsonb NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE application ADD COLUMN IF NOT EXISTS acceptance_order integer")
    op.execute("ALTER TABLE application ADD COLUMN IF NOT EXISTS wakes_at timestamptz")
    tables = [Base.metadata.tables[name] for name in _TABLES]
    for table in tables:
        op.execute(str(CreateTable(table, if_not_exists=True).compile(dialect=postgresql.dialect())))
    for table in (Base.metadata.tables["application"], *tables):
        for index in sorted(table.indexes, key=lambda i: str(i.name)):
            op.execute(str(CreateIndex(index, if_not_exists=True).compile(dialect=postgresql.dialect())))
