"""Certificates cases rely on, and cases recalled because one was taken away.

What was accepted before is filled in from the materials. Guarded by IF NOT EXISTS: the first migration creates the
tables as they are declared now, so a new database has them.
"""

from alembic import op

from services.intake.tables import Base

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("relied_upon", "recall"):
        Base.metadata.tables[name].create(op.get_bind(), checkfirst=True)
    op.execute(
        "INSERT INTO relied_upon (application_id, identifier, material_no, base, item_code, relied_at) "
        "SELECT a.application_id, m->>'certificate_identifier', (m->>'material_no')::int, "
        r"regexp_replace(m->>'certificate_identifier', '\.[^.]*\.[^.]*$', ''), a.item_code, a.accepted_at "
        "FROM application a CROSS JOIN jsonb_array_elements(a.materials) m "
        "WHERE a.accepted_at IS NOT NULL AND m->>'certificate_identifier' IS NOT NULL ON CONFLICT DO NOTHING"
    )
