"""Several papers of one kind for a case, the signed record of a receipt, the materials a case came with."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # 0001 makes the tables as they are now, so on a new database there is nothing left to do.
    for statement in (
        "ALTER TABLE case_copy ADD COLUMN IF NOT EXISTS materials jsonb",
        "ALTER TABLE paper ADD COLUMN IF NOT EXISTS occasion varchar NOT NULL DEFAULT ''",
        "ALTER TABLE paper ADD COLUMN IF NOT EXISTS jws_sealed bytea",
        "CREATE UNIQUE INDEX IF NOT EXISTS paper_case_kind_occasion ON paper (case_id, kind, occasion)",
        "ALTER TABLE paper DROP CONSTRAINT IF EXISTS paper_case_kind",
    ):
        op.execute(statement)
