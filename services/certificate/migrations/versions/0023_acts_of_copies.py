"""Copies from before their acts were logged get leaves from the worker; each copy knows where its act is looked for."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE certificate_copy ADD COLUMN IF NOT EXISTS leaf_index bigint")
    op.execute("ALTER TABLE log_state ADD COLUMN IF NOT EXISTS copies_to_fill boolean NOT NULL DEFAULT false")
    op.execute(
        "UPDATE log_state SET copies_to_fill = "
        "EXISTS (SELECT FROM certificate_copy WHERE kind = 'PURPOSE' OR ordinal > 0)"
    )
