"""The callback inbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables of the first release. Never change this: a later change gets a new file."""
    op.create_table(
        "highhelp_payments",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("payment_key", sa.String(64), nullable=False, unique=True),
        sa.Column("project_id", sa.Text, nullable=False),
        sa.Column("payment_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text),
        sa.Column("handled", sa.Text),
        sa.Column("final_print", sa.String(64)),
        sa.Column("expected_amount", sa.BigInteger),
        sa.Column("expected_currency", sa.String(3)),
        sa.Column("busy_token", sa.String(32)),
        sa.Column("busy_until", sa.BigInteger),
    )
    op.create_table(
        "highhelp_events",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("event_key", sa.String(64), nullable=False, unique=True),
        sa.Column("payment_ref", sa.BigInteger),
        sa.Column("project_id", sa.Text, nullable=False),
        sa.Column("payment_id", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("sub_status", sa.Text),
        sa.Column("final", sa.Boolean, nullable=False),
        sa.Column("amount", sa.BigInteger),
        sa.Column("currency", sa.Text),
        sa.Column("payment_type", sa.Text),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("signed_at", sa.BigInteger, nullable=False),
        sa.Column("normalized_sha256", sa.String(64), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("approved", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("lease_token", sa.String(32)),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    live = sa.text("due_at IS NOT NULL")
    op.create_index(
        "highhelp_events_due", "highhelp_events", ["due_at", "id"], postgresql_where=live, sqlite_where=live
    )
    op.create_index("highhelp_events_purge", "highhelp_events", ["changed_at"])
    op.create_table(
        "highhelp_outbox",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("event_id", sa.BigInteger, nullable=False, unique=True),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
    )
    op.create_index("highhelp_outbox_due", "highhelp_outbox", ["due_at", "id"])
    op.create_table(
        "highhelp_refused",
        sa.Column("slot", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("body_sha256", sa.String(64), nullable=False),
        sa.Column("body", sa.Text),
    )
    op.create_table(
        "highhelp_refused_counts",
        sa.Column("reason", sa.String(32), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
