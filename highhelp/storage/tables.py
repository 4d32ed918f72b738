"""The tables. Every name begins with `highhelp_`, since the database may also hold the merchant's tables."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

METADATA = MetaData()
REVISION = "0003"
"""The newest migration; raised together with a new file in `migrations/versions`."""

# SQLite numbers rows automatically only in a column of type INTEGER
_ID = BigInteger().with_variant(Integer, "sqlite")

VERSION = Table("highhelp_schema_version", METADATA, Column("version_num", String(32), primary_key=True))

PAYMENTS = Table(
    "highhelp_payments",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("payment_key", String(64), nullable=False, unique=True),
    Column("project_id", Text, nullable=False),
    Column("payment_id", Text, nullable=False),
    # the newest accepted state, and the newest one whose handler has run
    Column("state", Text),
    Column("handled", Text),
    # kept when the event is purged: a final callback that comes again months later is still a duplicate
    Column("final_print", String(64)),
    Column("expected_amount", BigInteger),
    Column("expected_currency", String(3)),
    # only one event of a payment is handled at a time
    Column("busy_token", String(32)),
    Column("busy_until", BigInteger),
)

EVENTS = Table(
    "highhelp_events",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("event_key", String(64), nullable=False, unique=True),
    Column("payment_ref", BigInteger),
    Column("project_id", Text, nullable=False),
    Column("payment_id", Text, nullable=False),
    Column("request_id", Text),
    Column("status", Text, nullable=False),
    Column("sub_status", Text),
    Column("final", Boolean, nullable=False),
    Column("amount", BigInteger),
    Column("currency", Text),
    Column("payment_type", Text),
    Column("key_id", Text, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
    Column("normalized_sha256", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("approved", Boolean, nullable=False, server_default=text("false")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("lease_token", String(32)),
    # when it may be claimed, Unix milliseconds; null if there is nothing left to do
    Column("due_at", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)
# a partial index on pending events only: a claim costs the same after a million events
Index(
    "highhelp_events_due",
    EVENTS.c.due_at,
    EVENTS.c.id,
    postgresql_where=EVENTS.c.due_at.is_not(None),
    sqlite_where=EVENTS.c.due_at.is_not(None),
)
Index("highhelp_events_purge", EVENTS.c.changed_at)

OUTBOX = Table(
    "highhelp_outbox",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("event_id", BigInteger, nullable=False, unique=True),
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
)
Index("highhelp_outbox_due", OUTBOX.c.due_at, OUTBOX.c.id)

REFUSED = Table(
    "highhelp_refused",
    METADATA,
    # the place in the sample: newer rows replace older ones, so the table cannot grow
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("received_at", BigInteger, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("body_sha256", String(64), nullable=False),
    Column("body", Text),
)

REFUSED_COUNTS = Table(
    "highhelp_refused_counts",
    METADATA,
    Column("reason", String(32), primary_key=True),
    Column("number", BigInteger, nullable=False),
)

PAYOUTS = Table(
    "highhelp_payouts",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("intent_key", String(64), nullable=False, unique=True),
    Column("project_id", Text, nullable=False),
    Column("payment_id", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    # its method: keyed with the named database key, or the slow hash without a key
    Column("fingerprint_key", String(16), nullable=False),
    # scheme, host and port of the gateway, or its name in the settings
    Column("gateway", Text),
    Column("body", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    # an attempt whose outcome is unknown may have been executed, although the gateway said that it holds nothing
    Column("doubtful", Boolean, nullable=False, server_default=text("false")),
    # bytes of an earlier attempt may have left the machine
    Column("sent_before", Boolean, nullable=False, server_default=text("false")),
    # the gateway said "not found" long enough after a refused attempt
    Column("confirmed", Boolean, nullable=False, server_default=text("false")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    # the last moment at which a byte of the last attempt could leave, Unix milliseconds
    Column("attempt_over_at", BigInteger),
    Column("lease_token", String(32)),
    Column("lease_until", BigInteger),
    # reported by the gateway
    Column("status", Text),
    Column("sub_status", Text),
    Column("request_id", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)
Index("highhelp_payouts_state", PAYOUTS.c.state, PAYOUTS.c.id)
Index("highhelp_payouts_created", PAYOUTS.c.created_at)
