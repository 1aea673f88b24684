"""Claims are rows of their own, one a sender, and who is due at once stands in line."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision. Nobody sends meanwhile, so what is held is what dead senders left."""
    op.create_table(
        "claims",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held", sa.Text(), nullable=False),
        sa.Column("under_way", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name="fk_claims_edition_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_claims"),
        sa.UniqueConstraint("edition_id", "owner", name="uq_claims_edition_id_owner"),
        sqlite_autoincrement=True,
    )
    op.add_column("editions", sa.Column("reached", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.execute("UPDATE deliveries SET state = 'planned' WHERE state = 'claimed'")
    op.execute(
        "UPDATE deliveries SET state = 'unknown', due_at = NULL, attempts = attempts + 1, "
        "reason = 'the sender stopped before the server''s answer was recorded' WHERE state = 'handed_over'"
    )
    # Not as a batch: SQLite drops a column by itself since 3.35, and a table that is copied loses its partial index.
    op.drop_column("deliveries", "epoch")
    op.drop_column("deliveries", "owner")


def downgrade() -> None:
    """Refuse: what a newer digest wrote has no place in older tables."""
    raise NotImplementedError("there is no way back: restore the backup made before the upgrade")
