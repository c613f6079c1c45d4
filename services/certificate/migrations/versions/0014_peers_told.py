"""Who was told of a certificate, and for what an adopted one was asked.

Guarded: the migration of the peers creates the tables as they are declared now, so a new database has them.
"""

from alembic import op

from services.certificate.peers.tables import PeerBase

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    PeerBase.metadata.tables["peer_told"].create(op.get_bind(), checkfirst=True)
    for column in ("purpose", "case_no"):
        op.execute(f"ALTER TABLE foreign_certificate ADD COLUMN IF NOT EXISTS {column} varchar NOT NULL DEFAULT ''")
