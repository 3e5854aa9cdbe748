"""Run by Alembic inside a connection that `store.migrate` opened; there is no offline mode."""

from __future__ import annotations

from alembic import context

from digest.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    user_module_prefix="schema.",
)
context.run_migrations()
