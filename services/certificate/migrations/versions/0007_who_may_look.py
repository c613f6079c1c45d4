"""Registered callers, presentations, what a person sees of reads; when a case has ended.

Who had no registration before goes on under a general one, which the administrator can narrow or close. Guarded: the
first migration creates the tables as they are declared now, so a new database has them.
"""

from alembic import op

from services.certificate.tables import Base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE case_copy ADD COLUMN IF NOT EXISTS ended_at timestamptz")
    for column in ("organisation_name", "ground"):
        op.execute(f"ALTER TABLE access ADD COLUMN IF NOT EXISTS {column} varchar NOT NULL DEFAULT ''")
    for name in ("caller", "caller_use", "presentation"):
        Base.metadata.tables[name].create(op.get_bind(), checkfirst=True)
    op.execute(
        "INSERT INTO caller (caller, name, types, fields_shown, purposes, daily_limit, valid_from, closed, "
        "registered_by, registered_at) SELECT 'default:' || kind, name, '[]', '[]', '[]', per_day, DATE '2000-01-01', "
        "false, 'system', now() FROM (VALUES ('STAFF', '本区各部门和窗口', 20000), "
        "('PLATFORM', '省级平台', 200000)) AS d (kind, name, per_day) ON CONFLICT DO NOTHING"
    )
