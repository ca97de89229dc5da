"""What edges last said on ``status``, with their devices.

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edge_status",
        sa.Column("edge", sa.String(length=17), nullable=False),
        sa.Column("online", sa.Integer(), nullable=False),
        sa.Column("heard_at", sa.String(length=32), nullable=False),
        sa.Column("devices", sa.Text(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("wrong", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["edge"], ["edge.edge"], name=op.f("fk_edge_status_edge_edge")),
        sa.PrimaryKeyConstraint("edge", name=op.f("pk_edge_status")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("edge_status")
