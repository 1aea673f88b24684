"""A delivery keeps the Date of its message from the first hand-over on, and a claim those of what is in flight."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.add_column("deliveries", sa.Column("sent_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
    op.add_column("claims", sa.Column("dates", sa.Text(), nullable=False, server_default="{}"))


def downgrade() -> None:
    """Refuse: what a newer digest wrote has no place in older tables."""
    raise NotImplementedError("there is no way back: restore the backup made before the upgrade")
