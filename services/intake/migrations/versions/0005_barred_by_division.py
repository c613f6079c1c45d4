"""Each division keeps its own record of who is barred from informed commitments."""

import os

from alembic import op
from sqlalchemy import text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Records made before belong to the division of the installation. A new database has the column already."""
    op.execute("ALTER TABLE barred_applicant ADD COLUMN IF NOT EXISTS division text NOT NULL DEFAULT ''")
    division = os.environ.get("YICHUANG_DIVISION", "431202000000")
    op.execute(text("UPDATE barred_applicant SET division = :here WHERE division = ''").bindparams(here=division))
    op.execute("ALTER TABLE barred_applicant ALTER COLUMN division DROP DEFAULT")
    op.execute(
        "ALTER TABLE barred_applicant DROP CONSTRAINT barred_applicant_pkey, ADD PRIMARY KEY (subject_key, division)"
    )
