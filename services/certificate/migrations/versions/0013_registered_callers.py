"""Registrations name everything they allow; every change of one and every refused look is kept.

The general registrations of before allowed everything to everybody: they go. Who queries is registered by
`import-callers` or by the administrator.
"""

from alembic import op

from services.certificate.tables import Base

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM caller WHERE caller LIKE 'default:%'")
    for column in ("division", "refused", "refused_why"):
        op.execute(f"ALTER TABLE access ADD COLUMN IF NOT EXISTS {column} varchar NOT NULL DEFAULT ''")
    Base.metadata.tables["caller_change"].create(op.get_bind(), checkfirst=True)
