"""A certificate of several holders is held by each of them."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE held_certificate DROP CONSTRAINT held_certificate_pkey, ADD PRIMARY KEY (identifier, holder_key)"
    )
