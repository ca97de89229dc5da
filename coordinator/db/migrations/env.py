"""How Alembic runs here: on the connection that ``coordinator.db.schema`` hands over, in its transaction."""

from alembic import context

from coordinator.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=context.config.attributes["connection"].dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
