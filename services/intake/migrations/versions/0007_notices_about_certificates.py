"""What is proposed and decided about a certificate after its grant is shown where its holder follows the case."""

from alembic import op

from services.intake.tables import Base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = Base.metadata.tables["certificate_notice"]
    table.create(op.get_bind(), checkfirst=True)
