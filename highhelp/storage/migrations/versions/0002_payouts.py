"""Intents of payouts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the table of the payout guard."""
    op.create_table(
        "highhelp_payouts",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("intent_key", sa.String(64), nullable=False, unique=True),
        sa.Column("project_id", sa.Text, nullable=False),
        sa.Column("payment_id", sa.Text, nullable=False),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("doubtful", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("lease_token", sa.String(32)),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("status", sa.Text),
        sa.Column("sub_status", sa.Text),
        sa.Column("request_id", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("highhelp_payouts_state", "highhelp_payouts", ["state", "id"])
    op.create_index("highhelp_payouts_created", "highhelp_payouts", ["created_at"])
