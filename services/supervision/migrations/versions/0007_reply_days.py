"""An order keeps the working days its reply was given: a provisional last day is counted again from them."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE supervision_order ADD COLUMN IF NOT EXISTS reply_within_workdays integer NOT NULL DEFAULT 0"
    )
