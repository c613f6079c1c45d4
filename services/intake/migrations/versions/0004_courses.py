"""Scenarios, windows, pauses told by approval, ends without a result; notices; the bundle a member belongs to.

Guarded by IF NOT EXISTS: the first migration creates the tables as they are declared now, so a new database has them.
"""

from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from services.intake.tables import Base

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE application ADD COLUMN IF NOT EXISTS bundle_no varchar")
    op.execute("ALTER TABLE application ADD COLUMN IF NOT EXISTS course jsonb")
    op.execute("ALTER TABLE bundle_application ADD COLUMN IF NOT EXISTS supplement jsonb")
    op.execute(
        "UPDATE application a SET bundle_no = b.bundle_no FROM bundle_member m JOIN bundle_application b "
        "USING (bundle_application_id) WHERE m.application_id = a.application_id AND a.bundle_no IS NULL"
    )
    table = Base.metadata.tables["case_notice"]
    op.execute(str(CreateTable(table, if_not_exists=True).compile(dialect=postgresql.dialect())))
