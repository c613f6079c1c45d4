"""Authorisations of agents; the access log names agent and principal."""

from alembic import op

from services.certificate.authorisation.tables import authorisation

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # 0001 makes the tables as they are now, so on a new database there is nothing to add.
    authorisation.create(op.get_bind(), checkfirst=True)
    for column in ("agent_name", "principal_name"):
        op.execute(f"ALTER TABLE access ADD COLUMN IF NOT EXISTS {column} varchar NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE presentation ADD COLUMN IF NOT EXISTS authorisation_id uuid")
    op.execute("ALTER TABLE presentation ADD COLUMN IF NOT EXISTS agent_name varchar NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE presentation ADD COLUMN IF NOT EXISTS principal_name varchar NOT NULL DEFAULT ''")
