"""Certificate types with versions; certificates pin the version they were issued under."""

from alembic import op

from services.certificate.tables import type_version

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # 0001 makes the tables as they are now, so on a new database there is nothing to add.
    op.execute(
        "ALTER TABLE certificate_type ADD COLUMN IF NOT EXISTS version integer NOT NULL DEFAULT 1, "
        "ADD COLUMN IF NOT EXISTS document jsonb, ADD COLUMN IF NOT EXISTS sha256 varchar NOT NULL DEFAULT ''"
    )
    op.execute(
        "ALTER TABLE certificate ADD COLUMN IF NOT EXISTS type_version integer NOT NULL DEFAULT 1, "
        "ADD COLUMN IF NOT EXISTS template_sha256 varchar"
    )
    type_version.create(op.get_bind(), checkfirst=True)
