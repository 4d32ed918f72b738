"""Alembic's entry: the connection comes from `highhelp.storage.migrate.upgrade`."""

from alembic import context

from highhelp.storage.tables import METADATA, VERSION

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, version_table=VERSION.name
)
context.run_migrations()
