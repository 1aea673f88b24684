"""A claim counts its steps, so that its sender sees whether what it knows of it is still so."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.add_column("claims", sa.Column("step", sa.Integer(), nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    """Refuse: what a newer digest wrote has no place in older tables."""
    raise NotImplementedError("there is no way back: restore the backup made before the upgrade")
