"""Refused looks are found without reading all of them."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX IF NOT EXISTS access_refused ON access (id) WHERE refused <> ''")
