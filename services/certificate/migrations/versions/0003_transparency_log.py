"""The certificate log: leaves, state, signed heads. What is there already gets its leaves from the worker."""

from alembic import op

from services.certificate.tables import log_head, log_leaf, log_state

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # 0001 makes the tables as they are now, so on a new database only the one row is left to add.
    for table in (log_leaf, log_state, log_head):
        table.create(op.get_bind(), checkfirst=True)
    op.execute(
        "INSERT INTO log_state (id, size, frontier, to_fill) SELECT 1, 0, '', EXISTS (SELECT FROM certificate) "
        "ON CONFLICT DO NOTHING"
    )
