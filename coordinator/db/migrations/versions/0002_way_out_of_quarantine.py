"""What became of an event that could not be applied.

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quarantine", sa.Column("resolved_at", sa.String(length=32), nullable=True))
    op.add_column("quarantine", sa.Column("resolution", sa.Text(), nullable=True))
    op.add_column("quarantine", sa.Column("resolved_by", sa.String(length=80), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.drop_column("resolved_by")
        batch_op.drop_column("resolution")
        batch_op.drop_column("resolved_at")
