"""Payouts: gateway, keyed fingerprint, end of attempts, confirmed refusals."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Older fingerprints are those of whole bodies."""
    table = "highhelp_payouts"
    op.add_column(table, sa.Column("fingerprint_key", sa.String(16), nullable=False, server_default="body"))
    op.add_column(table, sa.Column("gateway", sa.Text))
    op.add_column(table, sa.Column("sent_before", sa.Boolean, nullable=False, server_default=sa.text("false")))
    op.add_column(table, sa.Column("confirmed", sa.Boolean, nullable=False, server_default=sa.text("false")))
    op.add_column(table, sa.Column("attempt_over_at", sa.BigInteger))
    op.execute("UPDATE highhelp_payouts SET sent_before = true WHERE attempts > 0")
    op.execute("UPDATE highhelp_payouts SET attempt_over_at = coalesce(lease_until, changed_at) WHERE attempts > 0")
