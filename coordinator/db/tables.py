"""All tables of headquarters, once for SQLite and PostgreSQL.

Child rows of a sale hang on ``sale_no``, a number drawn here and growing, not on the 36 characters of ``sale_id``: rows stay small and are
appended at the end of their table, so that one commit of many sales touches few pages (a year of groceries is 1.5 million lines).
Money is integer minor units, quantity integer thousandths, times are RFC 3339 text in UTC, dates are the store's own.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Sequence,
    String,
    Table,
    Text,
    text,
)

from link import inbox

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Big = BigInteger().with_variant(Integer, "sqlite")
"""64 bits on both; only ``INTEGER PRIMARY KEY`` is SQLite's rowid."""

stream = inbox.stream_table(metadata)
event = inbox.event_table(metadata)
event_repeat = inbox.repeat_table(metadata)

sale_no = Sequence("sale_no", metadata=metadata)  # PostgreSQL draws from it; SQLite has one writer and counts

meta = Table("meta", metadata, Column("key", String(40), primary_key=True), Column("value", Text, nullable=False))

store = Table(
    "store",
    metadata,
    Column("store", String(40), primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("assortment", String(10), nullable=False),
    Column("day_starts_hour", Integer, nullable=False, server_default=text("0")),
    Column("created_at", String(32), nullable=False),
)

edge = Table(
    "edge",
    metadata,
    Column("edge", String(17), primary_key=True),
    Column("store", ForeignKey("store.store"), nullable=False, index=True),
    Column("shard", Integer, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("revoked_at", String(32)),
    Column("certificate_serial", String(64)),
    Column("certificate_expires_at", String(32)),
    Column("certificate_pem", Text),
    # The down log of this edge: entries floor+1..top exist, a cursor below the floor needs a snapshot.
    Column("down_top", Big, nullable=False, server_default=text("0")),
    Column("down_floor", Big, nullable=False, server_default=text("0")),
)

edge_seen = Table(  # apart from ``edge``: written with every batch
    "edge_seen",
    metadata,
    Column("edge", ForeignKey("edge.edge"), primary_key=True),
    Column("seen_at", String(32), nullable=False),
    Column("top", Big, nullable=False, server_default=text("0")),
    Column("down_gen", Big, nullable=False, server_default=text("0")),
    Column("down_cursor", Big, nullable=False, server_default=text("0")),
    Column("boot", String(64)),
    Column("software", String(64)),
    Column("skew_ms", Big),
    sqlite_with_rowid=False,
)

edge_status = Table(  # the newest word on ``status``: a copy for screens, nothing is decided from it
    "edge_status",
    metadata,
    Column("edge", ForeignKey("edge.edge"), primary_key=True),
    Column("online", Integer, nullable=False),
    Column("heard_at", String(32), nullable=False),
    Column("devices", Text),
    Column("total", Integer),
    Column("wrong", Integer),
    sqlite_with_rowid=False,
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("secret_sha256", String(64), primary_key=True),
    Column("edge", ForeignKey("edge.edge"), nullable=False, index=True),
    Column("created_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
    Column("used_at", String(32)),
    Column("key_sha256", String(64)),  # whose answer was lost may ask again with the same key
)

certificate = Table(
    "certificate",
    metadata,
    Column("serial", String(64), primary_key=True),
    Column("edge", ForeignKey("edge.edge"), nullable=False, index=True),
    Column("issued_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
    Column("revoked_at", String(32)),
)

sale = Table(
    "sale",
    metadata,
    Column("sale_no", Big, primary_key=True, autoincrement=False),
    Column("sale_id", String(64), nullable=False, unique=True),
    Column("edge", String(17), nullable=False),
    Column("epoch", Big, nullable=False),
    Column("receipt_no", Big, nullable=False),
    Column("stream_epoch", Big, nullable=False),
    Column("seq", Big, nullable=False),
    Column("store", String(40), nullable=False),
    Column("lane", String(64), nullable=False),
    Column("business_date", String(10), nullable=False),
    Column("completed_at", String(40), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("kind", String(6), nullable=False),
    Column("member", String(64)),
    Column("total_minor", Big, nullable=False),
    Column("due_minor", Big, nullable=False),
    Column("change_minor", Big, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("price_version", Big, nullable=False),
    Column("original_sale_id", String(64)),
    Column("source_ref", String(128), nullable=False),
    Column("voided_at", String(32)),
    Index("uq_sale_receipt", "edge", "epoch", "receipt_no", unique=True),
    Index("ix_sale_store_day", "store", "business_date"),
    Index(
        "ix_sale_original",
        "original_sale_id",
        sqlite_where=text("original_sale_id IS NOT NULL"),
        postgresql_where=text("original_sale_id IS NOT NULL"),
    ),
)

sale_line = Table(
    "sale_line",
    metadata,
    Column("sale_no", Big, primary_key=True, autoincrement=False),
    Column("no", Integer, primary_key=True, autoincrement=False),
    Column("sku", String(64), nullable=False),
    Column("quantity_milli", Big, nullable=False),
    Column("unit_price_minor", Big, nullable=False),
    Column("gross_minor", Big, nullable=False),
    Column("net_minor", Big, nullable=False),
    Column("stock_milli", Big, nullable=False),
    Column("price_source", String(10), nullable=False),
    sqlite_with_rowid=False,
)

sale_discount = Table(
    "sale_discount",
    metadata,
    Column("sale_no", Big, primary_key=True, autoincrement=False),
    Column("line_no", Integer, primary_key=True, autoincrement=False),
    Column("no", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(20), nullable=False),
    Column("funding", String(12), nullable=False),
    Column("amount_minor", Big, nullable=False),
    Column("name", Text, nullable=False),
    sqlite_with_rowid=False,
)

sale_tender = Table(
    "sale_tender",
    metadata,
    Column("sale_no", Big, primary_key=True, autoincrement=False),
    Column("no", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(10), nullable=False),
    Column("amount_minor", Big, nullable=False),
    Column("reference", Text, nullable=False),
    sqlite_with_rowid=False,
)

stock = Table(
    "stock",
    metadata,
    Column("store", String(40), primary_key=True),
    Column("sku", String(64), primary_key=True),
    Column("on_hand_milli", Big, nullable=False),
    sqlite_with_rowid=False,
)

stock_movement = Table(  # what is not a sale's: those movements are the sale's lines themselves
    "stock_movement",
    metadata,
    Column("id", Big, primary_key=True),
    Column("edge", String(17), nullable=False),
    Column("epoch", Big, nullable=False),
    Column("seq", Big, nullable=False),
    Column("store", String(40), nullable=False),
    Column("sku", String(64), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("delta_milli", Big, nullable=False),
    Column("reason", Text, nullable=False),
)

posting = Table(
    "posting",
    metadata,
    Column("id", Big, primary_key=True),
    Column("edge", String(17), nullable=False),
    Column("epoch", Big, nullable=False),
    Column("seq", Big, nullable=False),
    Column("account", String(24), nullable=False),
    Column("store", String(40), nullable=False),
    Column("business_date", String(10), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount_minor", Big, nullable=False),
)

day_close = Table(
    "day_close",
    metadata,
    Column("edge", String(17), primary_key=True),
    Column("epoch", Big, primary_key=True, autoincrement=False),
    Column("seq", Big, primary_key=True, autoincrement=False),
    Column("store", String(40), nullable=False),
    Column("lane", String(64), nullable=False),
    Column("business_date", String(10), nullable=False),
    Column("epoch_of_receipts", Big, nullable=False),
    Column("first_receipt_no", Big, nullable=False),
    Column("last_receipt_no", Big, nullable=False),
    Column("sales", Big, nullable=False),
    Column("total_minor", Big, nullable=False),
)

device = Table(
    "device",
    metadata,
    Column("edge", String(17), primary_key=True),
    Column("device", String(64), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("changed_at", String(40), nullable=False),
    sqlite_with_rowid=False,
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("event_id", String(64), primary_key=True),
    Column("edge", String(17), nullable=False),
    Column("epoch", Big, nullable=False),
    Column("seq", Big, nullable=False),
    Column("type", String(80), nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("receipt_epoch", Big),
    Column("receipt_no", Big),
    Column("value_minor", Big, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("received_at", String(32), nullable=False),
    Column("resolved_at", String(32)),
    Column("resolution", Text),
    Column("resolved_by", String(80)),
)

incident = Table(
    "incident",
    metadata,
    Column("id", Big, primary_key=True),
    Column("at", String(32), nullable=False),
    Column("edge", String(17), index=True),
    Column("kind", String(40), nullable=False),
    Column("text", Text, nullable=False),
    Column("closed_at", String(32)),
)

item = Table(
    "item",
    metadata,
    Column("sku", String(64), primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("row", Text, nullable=False),  # domain.catalogue.Item as it travels: a snapshot only joins these
)

item_barcode = Table(
    "item_barcode",
    metadata,
    Column("code", String(48), primary_key=True),
    Column("sku", ForeignKey("item.sku"), nullable=False, index=True),
    Column("factor_milli", Big, nullable=False),
    sqlite_with_rowid=False,
)

price = Table(
    "price",
    metadata,
    Column("store", String(40), primary_key=True),  # "*" = every store that has no price of its own
    Column("sku", ForeignKey("item.sku"), primary_key=True),
    Column("unit_price_minor", Big, nullable=False),
    sqlite_with_rowid=False,
)

assortment = Table(
    "assortment",
    metadata,
    Column("store", ForeignKey("store.store"), primary_key=True),
    Column("sku", ForeignKey("item.sku"), primary_key=True),
    sqlite_with_rowid=False,
)

member = Table(
    "member",
    metadata,
    Column("member_no", String(64), primary_key=True),
    Column("created_at", String(32), nullable=False),
    sqlite_with_rowid=False,
)

downlog = Table(
    "downlog",
    metadata,
    Column("edge", String(17), primary_key=True),
    Column("seq", Big, primary_key=True, autoincrement=False),
    Column("entry", Text, nullable=False),  # protocol.messages.DownEntry as it travels
    Column("at", String(32), nullable=False),
)

snapshot = Table(
    "snapshot",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("edge", String(17), nullable=False, index=True),
    Column("gen", Big, nullable=False),
    Column("cursor", Big, nullable=False),
    Column("manifest", LargeBinary, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("signature", Text, nullable=False),
    Column("made_at", String(32), nullable=False),
)

snapshot_part = Table(
    "snapshot_part",
    metadata,
    Column("snapshot", ForeignKey("snapshot.id", ondelete="CASCADE"), primary_key=True),
    Column("sha256", String(64), primary_key=True, index=True),
)

snapshot_chunk = Table(  # stores with the same rows share their chunks
    "snapshot_chunk",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

pulse = Table(  # what came in per minute of headquarters' clock, per worker so that workers never wait for each other
    "pulse",
    metadata,
    Column("minute", String(16), primary_key=True),
    Column("worker", String(32), primary_key=True),
    Column("sales", Big, nullable=False),
    Column("events", Big, nullable=False),
    sqlite_with_rowid=False,
)

api_token = Table(
    "api_token",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("role", String(10), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("expires_at", String(32)),
    Column("revoked_at", String(32)),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Big, primary_key=True),
    Column("at", String(32), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("action", String(60), nullable=False),
    Column("object", Text, nullable=False),
)

request = Table(
    "request",
    metadata,
    Column("actor", String(80), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", String(32), nullable=False, index=True),
)
