"""Lights of more clocks than the case time, each occasion once; what supervision finds by itself.

Guarded by IF NOT EXISTS: the first migration creates the tables as they are declared now, so a new database has them.
"""

from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from services.supervision.marks import MARKED
from services.supervision.tables import FindingRow

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE supervised_case ADD COLUMN IF NOT EXISTS marks jsonb")
    for column in ("occasion", "clock", "about", "department_name"):
        op.execute(f"ALTER TABLE light ADD COLUMN IF NOT EXISTS {column} varchar NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE light DROP CONSTRAINT IF EXISTS light_once")
    op.execute("ALTER TABLE light ADD CONSTRAINT light_once UNIQUE (case_id, rule, occasion)")
    dialect = postgresql.dialect()
    op.execute(str(CreateTable(FindingRow.__table__, if_not_exists=True).compile(dialect=dialect)))  # type: ignore[attr-defined]
    for index in FindingRow.__table__.indexes:  # type: ignore[attr-defined]
        op.execute(str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect)))
    _mark_what_was_heard_before()


def _mark_what_was_heard_before() -> None:
    """Cases that are not over get the lines their clocks need, and are looked at by the next sweep."""
    subjects = ", ".join(f"'{subject}'" for subject in sorted(MARKED))
    op.execute(
        "UPDATE supervised_case AS c SET next_light_at = coalesce(c.next_light_at, c.received_at), marks = "
        "(SELECT jsonb_agg(jsonb_build_object('subject', t.subject, 'at', to_char(t.at AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"'), 'detail', t.detail) ORDER BY t.at, t.seq) FROM timeline AS t "
        f"WHERE t.case_id = c.case_id AND t.subject IN ({subjects})) "
        "WHERE c.marks IS NULL AND c.received_at IS NOT NULL AND c.concluded_at IS NULL "
        "AND c.withdrawn_at IS NULL AND c.refused_at IS NULL AND c.ended_at IS NULL"
    )
