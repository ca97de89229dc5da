"""What headquarters keeps from the first day.

Revision: 0001
Follows: nothing
"""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(sa.Sequence("sale_no")))
    op.create_table(
        "api_token",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.String(length=32), nullable=True),
        sa.Column("revoked_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_api_token")),
        sa.UniqueConstraint("name", name=op.f("uq_api_token_name")),
    )
    op.create_table(
        "audit",
        sa.Column("id", BIG, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_table(
        "day_close",
        sa.Column("edge", sa.String(length=17), nullable=False),
        sa.Column("epoch", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("lane", sa.String(length=64), nullable=False),
        sa.Column("business_date", sa.String(length=10), nullable=False),
        sa.Column("epoch_of_receipts", BIG, nullable=False),
        sa.Column("first_receipt_no", BIG, nullable=False),
        sa.Column("last_receipt_no", BIG, nullable=False),
        sa.Column("sales", BIG, nullable=False),
        sa.Column("total_minor", BIG, nullable=False),
        sa.PrimaryKeyConstraint("edge", "epoch", "seq", name=op.f("pk_day_close")),
    )
    op.create_table(
        "device",
        sa.Column("edge", sa.String(length=17), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("edge", "device", name=op.f("pk_device")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "downlog",
        sa.Column("edge", sa.String(length=17), nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("edge", "seq", name=op.f("pk_downlog")),
    )
    op.create_table(
        "event",
        sa.Column("edge", sa.String(length=17), nullable=False),
        sa.Column("epoch", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("received_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("edge", "epoch", "seq", name=op.f("pk_event")),
        sa.UniqueConstraint("event_id", name="uq_event_event_id"),
    )
    op.create_table(
        "event_repeat",
        sa.Column("edge", sa.String(length=17), nullable=False),
        sa.Column("epoch", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("received_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("edge", "epoch", "seq", name=op.f("pk_event_repeat")),
    )
    op.create_table(
        "incident",
        sa.Column("id", BIG, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("edge", sa.String(length=17), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incident_edge"), ["edge"], unique=False)

    op.create_table(
        "item",
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sku", name=op.f("pk_item")),
    )
    op.create_table(
        "member",
        sa.Column("member_no", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("member_no", name=op.f("pk_member")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )
    op.create_table(
        "posting",
        sa.Column("id", BIG, nullable=False),
        sa.Column("edge", sa.String(length=17), nullable=False),
        sa.Column("epoch", BIG, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("account", sa.String(length=24), nullable=False),
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("business_date", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
    )
    op.create_table(
        "pulse",
        sa.Column("minute", sa.String(length=16), nullable=False),
        sa.Column("worker", sa.String(length=32), nullable=False),
        sa.Column("sales", BIG, nullable=False),
        sa.Column("events", BIG, nullable=False),
        sa.PrimaryKeyConstraint("minute", "worker", name=op.f("pk_pulse")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "quarantine",
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("edge", sa.String(length=17), nullable=False),
        sa.Column("epoch", BIG, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("receipt_epoch", BIG, nullable=True),
        sa.Column("receipt_no", BIG, nullable=True),
        sa.Column("value_minor", BIG, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("received_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_quarantine")),
    )
    op.create_table(
        "request",
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name=op.f("pk_request")),
    )
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_request_at"), ["at"], unique=False)

    op.create_table(
        "sale",
        sa.Column("sale_no", BIG, autoincrement=False, nullable=False),
        sa.Column("sale_id", sa.String(length=64), nullable=False),
        sa.Column("edge", sa.String(length=17), nullable=False),
        sa.Column("epoch", BIG, nullable=False),
        sa.Column("receipt_no", BIG, nullable=False),
        sa.Column("stream_epoch", BIG, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("lane", sa.String(length=64), nullable=False),
        sa.Column("business_date", sa.String(length=10), nullable=False),
        sa.Column("completed_at", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("member", sa.String(length=64), nullable=True),
        sa.Column("total_minor", BIG, nullable=False),
        sa.Column("due_minor", BIG, nullable=False),
        sa.Column("change_minor", BIG, nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("price_version", BIG, nullable=False),
        sa.Column("original_sale_id", sa.String(length=64), nullable=True),
        sa.Column("source_ref", sa.String(length=128), nullable=False),
        sa.Column("voided_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("sale_no", name=op.f("pk_sale")),
        sa.UniqueConstraint("sale_id", name=op.f("uq_sale_sale_id")),
    )
    with op.batch_alter_table("sale", schema=None) as batch_op:
        batch_op.create_index(
            "ix_sale_original",
            ["original_sale_id"],
            unique=False,
            sqlite_where=sa.text("original_sale_id IS NOT NULL"),
            postgresql_where=sa.text("original_sale_id IS NOT NULL"),
        )
        batch_op.create_index("ix_sale_store_day", ["store", "business_date"], unique=False)
        batch_op.create_index("uq_sale_receipt", ["edge", "epoch", "receipt_no"], unique=True)

    op.create_table(
        "sale_discount",
        sa.Column("sale_no", BIG, autoincrement=False, nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("funding", sa.String(length=12), nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sale_no", "line_no", "no", name=op.f("pk_sale_discount")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sale_line",
        sa.Column("sale_no", BIG, autoincrement=False, nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("quantity_milli", BIG, nullable=False),
        sa.Column("unit_price_minor", BIG, nullable=False),
        sa.Column("gross_minor", BIG, nullable=False),
        sa.Column("net_minor", BIG, nullable=False),
        sa.Column("stock_milli", BIG, nullable=False),
        sa.Column("price_source", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("sale_no", "no", name=op.f("pk_sale_line")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sale_tender",
        sa.Column("sale_no", BIG, autoincrement=False, nullable=False),
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sale_no", "no", name=op.f("pk_sale_tender")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "snapshot",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("edge", sa.String(length=17), nullable=False),
        sa.Column("gen", BIG, nullable=False),
        sa.Column("cursor", BIG, nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
    )
    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_snapshot_edge"), ["edge"], unique=False)

    op.create_table(
        "snapshot_chunk",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_snapshot_chunk")),
    )
    op.create_table(
        "stock",
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("on_hand_milli", BIG, nullable=False),
        sa.PrimaryKeyConstraint("store", "sku", name=op.f("pk_stock")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stock_movement",
        sa.Column("id", BIG, nullable=False),
        sa.Column("edge", sa.String(length=17), nullable=False),
        sa.Column("epoch", BIG, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("delta_milli", BIG, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movement")),
    )
    op.create_table(
        "store",
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("assortment", sa.String(length=10), nullable=False),
        sa.Column("day_starts_hour", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("store", name=op.f("pk_store")),
    )
    op.create_table(
        "stream",
        sa.Column("edge", sa.String(length=17), nullable=False),
        sa.Column("epoch", BIG, nullable=False),
        sa.Column("next", BIG, nullable=False),
        sa.Column("head", sa.LargeBinary(length=16), nullable=False),
        sa.Column("safe", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("held", sa.Text(), server_default="", nullable=False),
        sa.Column("damaged", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("moved_at", sa.String(length=32), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("edge", name=op.f("pk_stream")),
    )
    op.create_table(
        "assortment",
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["sku"], ["item.sku"], name=op.f("fk_assortment_sku")),
        sa.ForeignKeyConstraint(["store"], ["store.store"], name=op.f("fk_assortment_store")),
        sa.PrimaryKeyConstraint("store", "sku", name=op.f("pk_assortment")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "edge",
        sa.Column("edge", sa.String(length=17), nullable=False),
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("revoked_at", sa.String(length=32), nullable=True),
        sa.Column("certificate_serial", sa.String(length=64), nullable=True),
        sa.Column("certificate_expires_at", sa.String(length=32), nullable=True),
        sa.Column("certificate_pem", sa.Text(), nullable=True),
        sa.Column("down_top", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("down_floor", BIG, server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["store.store"], name=op.f("fk_edge_store")),
        sa.PrimaryKeyConstraint("edge", name=op.f("pk_edge")),
    )
    with op.batch_alter_table("edge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_edge_store"), ["store"], unique=False)

    op.create_table(
        "item_barcode",
        sa.Column("code", sa.String(length=48), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("factor_milli", BIG, nullable=False),
        sa.ForeignKeyConstraint(["sku"], ["item.sku"], name=op.f("fk_item_barcode_sku")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_item_barcode")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("item_barcode", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_item_barcode_sku"), ["sku"], unique=False)

    op.create_table(
        "price",
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("unit_price_minor", BIG, nullable=False),
        sa.ForeignKeyConstraint(["sku"], ["item.sku"], name=op.f("fk_price_sku")),
        sa.PrimaryKeyConstraint("store", "sku", name=op.f("pk_price")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "snapshot_part",
        sa.Column("snapshot", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot"], ["snapshot.id"], name=op.f("fk_snapshot_part_snapshot"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("snapshot", "sha256", name=op.f("pk_snapshot_part")),
    )
    with op.batch_alter_table("snapshot_part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_snapshot_part_sha256"), ["sha256"], unique=False)

    op.create_table(
        "certificate",
        sa.Column("serial", sa.String(length=64), nullable=False),
        sa.Column("edge", sa.String(length=17), nullable=False),
        sa.Column("issued_at", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.Column("revoked_at", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["edge"], ["edge.edge"], name=op.f("fk_certificate_edge")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_certificate")),
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificate_edge"), ["edge"], unique=False)

    op.create_table(
        "edge_seen",
        sa.Column("edge", sa.String(length=17), nullable=False),
        sa.Column("seen_at", sa.String(length=32), nullable=False),
        sa.Column("top", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("down_gen", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("down_cursor", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("boot", sa.String(length=64), nullable=True),
        sa.Column("software", sa.String(length=64), nullable=True),
        sa.Column("skew_ms", BIG, nullable=True),
        sa.ForeignKeyConstraint(["edge"], ["edge.edge"], name=op.f("fk_edge_seen_edge")),
        sa.PrimaryKeyConstraint("edge", name=op.f("pk_edge_seen")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "enrolment",
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("edge", sa.String(length=17), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.Column("used_at", sa.String(length=32), nullable=True),
        sa.Column("key_sha256", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["edge"], ["edge.edge"], name=op.f("fk_enrolment_edge")),
        sa.PrimaryKeyConstraint("secret_sha256", name=op.f("pk_enrolment")),
    )
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrolment_edge"), ["edge"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enrolment_edge"))

    op.drop_table("enrolment")
    op.drop_table("edge_seen")
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certificate_edge"))

    op.drop_table("certificate")
    with op.batch_alter_table("snapshot_part", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_snapshot_part_sha256"))

    op.drop_table("snapshot_part")
    op.drop_table("price")
    with op.batch_alter_table("item_barcode", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_barcode_sku"))

    op.drop_table("item_barcode")
    with op.batch_alter_table("edge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_edge_store"))

    op.drop_table("edge")
    op.drop_table("assortment")
    op.drop_table("stream")
    op.drop_table("store")
    op.drop_table("stock_movement")
    op.drop_table("stock")
    op.drop_table("snapshot_chunk")
    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_snapshot_edge"))

    op.drop_table("snapshot")
    op.drop_table("sale_tender")
    op.drop_table("sale_line")
    op.drop_table("sale_discount")
    with op.batch_alter_table("sale", schema=None) as batch_op:
        batch_op.drop_index("uq_sale_receipt")
        batch_op.drop_index("ix_sale_store_day")
        batch_op.drop_index(
            "ix_sale_original",
            sqlite_where=sa.text("original_sale_id IS NOT NULL"),
            postgresql_where=sa.text("original_sale_id IS NOT NULL"),
        )

    op.drop_table("sale")
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_request_at"))

    op.drop_table("request")
    op.drop_table("quarantine")
    op.drop_table("pulse")
    op.drop_table("posting")
    op.drop_table("meta")
    op.drop_table("member")
    op.drop_table("item")
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incident_edge"))

    op.drop_table("incident")
    op.drop_table("event_repeat")
    op.drop_table("event")
    op.drop_table("downlog")
    op.drop_table("device")
    op.drop_table("day_close")
    op.drop_table("audit")
    op.drop_table("api_token")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.DropSequence(sa.Sequence("sale_no")))
