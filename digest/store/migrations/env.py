"""Alembic's entry: it runs on the connection that `digest.store.schema.upgrade` hands it, inside its transaction."""

from alembic import context

from digest.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most of a table: it is rebuilt
    compare_server_default=True,
)
context.run_migrations()
