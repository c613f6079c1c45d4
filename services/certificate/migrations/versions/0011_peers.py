"""Libraries of other regions, their requests, and what they issued that is reused here."""

from alembic import op

from services.certificate.peers.tables import PeerBase

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    PeerBase.metadata.create_all(op.get_bind(), checkfirst=True)
