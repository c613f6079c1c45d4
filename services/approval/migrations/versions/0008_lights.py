"""The instants after which the lights of a case are on.

Guarded by IF NOT EXISTS: the first migration creates the tables as they are declared now, so a new database has them.
Open cases are made due for projection: the worker derives their instants within seconds. `pause_due_on` is not used any
more and stays where it is, for processes of the version before that still write it.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("warning_after", "yellow_after", "red_after"):
        op.execute(f"ALTER TABLE approval_case ADD COLUMN IF NOT EXISTS {name} timestamptz")
    op.execute(
        "UPDATE approval_case SET projected_on = '-infinity' "
        "WHERE state IN ('FIRST_EXAMINING', 'EXAMINING', 'REVIEWED', 'SUSPENDED')"
    )
