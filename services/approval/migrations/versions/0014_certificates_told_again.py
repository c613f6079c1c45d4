"""Which events of the library were applied is forgotten: told again, they bring holders beside the first, and terms.

Each of them may be applied twice: a state never goes back (`told`), and an issue says the same again.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM inbox WHERE consumer = 'approval-certificates'")
